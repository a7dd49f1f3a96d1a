"""JSON lines: one object for each record and system, everything in it."""

from __future__ import annotations

import json
from pathlib import Path

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.formats.base import Found, Results
from fourfold.evaluation.formats.flat import flat, row_of
from fourfold.evaluation.formats.reading import Rows, json_lines


class JsonLines:
    """Our own form, and the simplest for others to write."""

    def write(self, results: Results, file: Path) -> list[Path]:
        """Write one line for each row."""
        with file.open("w", encoding="utf-8") as target:
            for row in results.rows:
                target.write(json.dumps(flat(results, row), ensure_ascii=False) + "\n")
        return [file]

    def read(self, file: Path) -> Found:
        """The row of each line; a line that is none is an error."""
        rows = Rows("JSON lines")
        for number, value in json_lines(file):
            try:
                rows.add(row_of(value, number))
            except ValueError as error:
                raise InvalidInput(
                    f"Line {number} of `{file}` is no row of an experiment: {error}.",
                    hint='Write {"id": "1", "text": "…", "reference": "…", "model": "…", '
                    '"output": "…"} on each line.',
                ) from error
        return rows.found(file)
