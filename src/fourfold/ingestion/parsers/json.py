"""JSON and JSON Lines: records as readable lines; chat exports as messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fourfold.core.records import Place
from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder, clean
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.parsers.chat import Message, add_messages, slack_messages, teams_messages

_MAX_DEPTH = 12  # below, a value is written as JSON
_RECORD_CHARACTERS = 2_000  # a larger record is split at its own entries


class JsonParser:
    """A chat export gives messages, a list gives records, anything else is written as lines."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Numbers of records and messages count from 1 and stand as the line."""
        try:
            value = json.loads(decode(content.data))
        except RecursionError:
            raise unparsable("nested_too_deep") from None
        except ValueError as error:
            raise unparsable("unreadable", f"Its JSON is broken: {error}.") from None
        if messages := _messages(value):
            add_messages(messages, into)
        else:
            _add_value(value, into)
        return ()


class JsonLinesParser:
    """One record on each line."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """A line that is no JSON is kept as it stands."""
        for number, line in enumerate(clean(decode(content.data)).split("\n"), 1):
            if line.strip():
                into.add("table", _line_text(line), Place(line=number))
        return ()


def _line_text(line: str) -> str:
    try:
        return "; ".join(_pairs(json.loads(line)))
    except (ValueError, RecursionError):
        return line


def _messages(value: Any) -> list[Message]:
    return slack_messages(value) or teams_messages(value)


def _add_value(value: Any, into: DocumentBuilder) -> None:
    if isinstance(value, list):
        for number, record in enumerate(value, 1):
            into.add("table", "; ".join(_pairs(record)), Place(line=number))
        return
    if not isinstance(value, dict):
        into.add("paragraph", str(value))
        return
    simple = {key: item for key, item in value.items() if not isinstance(item, dict | list)}
    into.add("table", "; ".join(_pairs(simple)))
    for key, item in value.items():
        if isinstance(item, dict | list) and item:
            into.heading(str(key))
            _add_value(item, into) if _is_large(item) else into.add(
                "table", "; ".join(_pairs(item))
            )
            into.leave_headings()


def _is_large(value: Any) -> bool:
    return len(json.dumps(value, ensure_ascii=False)) > _RECORD_CHARACTERS


def _pairs(value: Any, name: str = "", depth: int = 0) -> Iterator[str]:
    """`name: value` for each leaf, the names of nested ones joined by full stops."""
    if value is None or value in ("", [], {}):
        return
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for key, item in value.items():
            yield from _pairs(item, f"{name}.{key}" if name else str(key), depth + 1)
        return
    if isinstance(value, list) and depth < _MAX_DEPTH:
        if not any(isinstance(item, dict | list) for item in value):
            yield _named(name, ", ".join(map(_text, value)))
            return
        for number, item in enumerate(value, 1):
            yield from _pairs(item, f"{name}.{number}" if name else str(number), depth + 1)
        return
    yield _named(name, _text(value))


def _named(name: str, text: str) -> str:
    return f"{name}: {text}" if name else text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
