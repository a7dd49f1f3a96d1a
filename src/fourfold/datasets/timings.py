"""Corrections that somebody timed: what turns edits into minutes."""

from __future__ import annotations

import json
from pathlib import Path

from fourfold.core.errors import InvalidInput
from fourfold.metrics.effort import Timed


def read_timed(file: Path) -> list[Timed]:
    """The timed corrections of a JSON lines file; a bad line is an error with its number."""
    found = []
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"`{file}` is not UTF-8: byte {error.start} is no letter.", hint="Save it as UTF-8."
        ) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            seconds = float(value["seconds"])
            found.append(Timed(draft=value["draft"], released=value["released"], seconds=seconds))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"Line {number} of `{file}` is no timed correction.",
                hint='Write {"draft": "…", "released": "…", "seconds": 42} on each line.',
            ) from error
    return found
