"""Corrections that somebody timed: what turns edits into minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fourfold.core.errors import InvalidInput
from fourfold.datasets.files import read_lines, strict_json
from fourfold.metrics.effort import Timed


def read_timed(file: Path) -> list[Timed]:
    """The timed corrections of a JSON lines file; a bad line is an error with its number."""
    found = []
    for number, line in read_lines(file, "file of timed corrections"):
        try:
            found.append(_timed(strict_json(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"Line {number} of `{file}` is no timed correction.",
                hint='Write {"draft": "…", "released": "…", "seconds": 42} on each line.',
            ) from error
    return found


def _timed(value: Any) -> Timed:
    draft, released, seconds = value["draft"], value["released"], value["seconds"]
    if not isinstance(draft, str) or not isinstance(released, str):
        raise TypeError
    return Timed(draft=draft, released=released, seconds=float(seconds))
