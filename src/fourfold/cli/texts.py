"""Files of texts, one a line, as `score` and `judge` take them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fourfold.core.errors import InvalidInput


def lines(file: Path) -> list[str]:
    """The lines of a file; an empty one is an empty text."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"`{file}` is not UTF-8: byte {error.start} is no letter.",
            hint="Save it as UTF-8, one text a line.",
        ) from error
    found = text.split("\n")  # not splitlines: it would part texts at rarer signs, too
    return [line.removesuffix("\r") for line in (found[:-1] if found[-1] == "" else found)]


def accepted_of(files: Sequence[Sequence[str]]) -> list[list[str]]:
    """The references of each text; an empty line of one file leaves it to the others."""
    counts = sorted({len(one) for one in files})
    if len(counts) > 1:
        raise InvalidInput(
            f"The files of references have different numbers of lines: {counts}.",
            hint="Each needs one line for each text, empty where it has no reference.",
        )
    return [[line for line in row if line] or [""] for row in zip(*files, strict=True)]
