"""Text files that people made with whatever they have: Excel, an editor, another program."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fourfold.core.errors import InvalidInput

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_lines(file: Path, what: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; `what` names the file's kind in errors."""
    text = read_text(file, what).replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), 1):  # U+2028 is no end of a line in JSON
        if line.strip():
            yield number, line


def read_text(file: Path, what: str, *, or_else: str = "") -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark; any other is tried as `or_else`.

    Raises `InvalidInput` that names the line which cannot be read.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise InvalidInput(f"There is no {what} `{file}`.", hint="Check the path.") from None
    except OSError as error:
        raise InvalidInput(
            f"The {what} `{file}` cannot be read: {error.strerror}.", hint="Name a file."
        ) from error
    encoding = "utf-16" if data.startswith(_WIDE) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if or_else and encoding != "utf-16":
            return _decoded(data, or_else, file)
        raise _unreadable(file, data, error, "UTF-8", "Save it as UTF-8.") from error


def strict_json(line: str) -> Any:
    """The JSON value; raises `ValueError` for what would be lost or could not be kept."""
    try:
        value = json.loads(line, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    written = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in written:
        raise ValueError("it holds a NUL character, which no database keeps")
    try:
        written.encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half a character (a lone surrogate)") from None
    return value


def _decoded(data: bytes, encoding: str, file: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8; in Excel that is the type `CSV UTF-8`."
        raise _unreadable(file, data, error, f"UTF-8 nor {encoding}", hint) from error


def _unreadable(
    file: Path, data: bytes, error: UnicodeDecodeError, tried: str, hint: str
) -> InvalidInput:
    line = data[: error.start].count(b"\n") + 1
    return InvalidInput(
        f"`{file}`, line {line}: it is not {tried}: byte {error.start} is no letter.",
        hint=hint,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"`{twice}` stands there twice")
    return found


def _no_number(written: str) -> Any:
    raise ValueError(f"`{written}` is no number of JSON")
