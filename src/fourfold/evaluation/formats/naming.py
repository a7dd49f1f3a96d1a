"""Which format a file has, and how files are named where a format keeps one system a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.formats.reading import json_file, json_value

_BY_ENDING: Final = {
    ".parquet": "parquet",
    ".eval": "inspect",
    ".yaml": "promptfoo",
    ".yml": "promptfoo",
}
_FIRST_LINE: Final = 1_000_000  # characters; a longer line tells nothing more


def format_of(file: Path) -> str:
    """The name of the format of a file that exists, by its ending and its first fields.

    Raises `InvalidInput` when it is none that we know.
    """
    ending = file.suffix.lower()
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if ending == ".jsonl":
        first = _first_line(file)
        return "lm-eval" if {"doc_id", "resps"} <= first.keys() else "jsonl"
    if ending == ".json":
        value = json_file(file)
        if isinstance(value, dict) and {"version", "eval", "status"} <= value.keys():
            return "inspect"
        if isinstance(value, dict) and "results" in value:
            return "promptfoo"
    raise InvalidInput(
        f"`{file}` is no format that is known by its ending and its first fields.",
        hint="Name it with `--format`.",
    )


def one_for_each(file: Path, systems: list[str]) -> dict[str, Path]:
    """A file for each system: the file itself for one, files named after both for several."""
    if len(systems) == 1:
        return {systems[0]: file}
    slugs = [re.sub(r"[^\w.-]+", "-", system).strip("-.") for system in systems]
    unique = len(set(slugs)) == len(slugs)
    return {
        system: file.with_name(f"{file.stem}-{slug if unique else f'{number}-{slug}'}{file.suffix}")
        for number, (system, slug) in enumerate(zip(systems, slugs, strict=True), 1)
    }


def _first_line(file: Path) -> dict[str, Any]:
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            first = next((line for line in lines if line.strip()), "")[:_FIRST_LINE]
        value = json_value(first)
    except FileNotFoundError:
        raise InvalidInput(f"There is no file `{file}`.", hint="Check the path.") from None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
