"""What all readers of formats share: files as JSON, and rows from what a tool says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Message, MessageRole, Usage
from fourfold.evaluation.formats.base import UNKNOWN_SECONDS, Found, Row
from fourfold.evaluation.records import Case, Exchange, Outcome

if TYPE_CHECKING:
    from fourfold.datasets import Record

FAILED: Final = "failed_elsewhere"
"""The code of a case that another tool names as failed."""


@dataclass(slots=True)
class Rows:
    """Collects the rows of a file.

    Where a system answered a record several times, the second answer belongs to a record of its
    own called `ID#2`; both are of one cluster, since together they say less than two records.
    """

    tool: str
    rows: list[Row] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    _times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Take a row."""
        place = (row.case.system, row.record.id)
        self._times[place] += 1
        self.rows.append(_as_repeat(row, self._times[place]) if self._times[place] > 1 else row)

    def skip(self, reason: str) -> None:
        """Count what cannot be scored."""
        self.skipped[reason] += 1

    def found(self, file: Path) -> Found:
        """All rows; a file without any is an error."""
        if not self.rows:
            why = ", ".join(f"{count} × {reason}" for reason, count in self.skipped.items())
            raise InvalidInput(
                f"`{file}` holds nothing that can be scored{': ' if why else ''}{why}.",
                hint="A row needs an input, what is right for it, and what a model gave.",
            )
        repeated = {one for (_, one), count in self._times.items() if count > 1}
        return Found(
            rows=tuple(_clustered(row, repeated) for row in self.rows),
            skipped=dict(self.skipped),
            tool=self.tool,
        )


def json_file(file: Path) -> Any:
    """The value of a JSON file."""
    try:
        return json_value(text_of(file))
    except ValueError as error:
        raise InvalidInput(
            f"`{file}` is not JSON: {_why(error, in_line=True)}.",
            hint="It may be cut off; write it again with the tool that made it.",
        ) from error


def json_lines(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Number and object of each line that is not empty."""
    for number, line in enumerate(text_of(file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json_value(line)
        except ValueError as error:
            raise InvalidInput(
                f"Line {number} of `{file}` is not JSON: {_why(error)}.",
                hint="Each line holds one JSON object; the last one may be cut off.",
            ) from error
        if not isinstance(value, dict):
            raise InvalidInput(
                f"Line {number} of `{file}` is not an object.",
                hint="Each line holds one JSON object.",
            )
        yield number, value


def json_value(text: str | bytes) -> Any:
    """The value; raises `ValueError` for what is no JSON, or nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def text_of(file: Path) -> str:
    """The words of a UTF-8 file."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput(f"There is no file `{file}`.", hint="Check the path.") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"`{file}` is not UTF-8: byte {error.start} is no letter.", hint="Save it as UTF-8."
        ) from error


def answered(
    record: Record,
    system: str,
    output: str,
    *,
    exchanges: Sequence[Exchange] = (),
    usage: Usage | None = None,
    seconds: float | None = None,
    refused: bool = False,
) -> Row:
    """A record that a system answered."""
    outcome = Outcome(
        output=output,
        refused=refused,
        evidence=(*record.passages, record.text),
        usage=usage or Usage(cost_usd=None),
        seconds=UNKNOWN_SECONDS if seconds is None else seconds,
        first_text_seconds=None,
    )
    case = Case(system=system, record_id=record.id, outcome=outcome, exchanges=tuple(exchanges))
    return Row(record=record, case=case)


def failed(record: Record, system: str, message: str, *, exchanges: Sequence[Exchange] = ()) -> Row:
    """A record that a system failed on, with what the other tool says about it."""
    case = Case(
        system=system,
        record_id=record.id,
        outcome=None,
        exchanges=tuple(exchanges),
        error_code=FAILED,
        error_message=message,
    )
    return Row(record=record, case=case)


def exchange_of(
    model: str,
    messages: Sequence[Message],
    answer: str,
    *,
    at: datetime,
    usage: Usage | None = None,
    seconds: float | None = None,
    finish_reason: str = "stop",
) -> Exchange:
    """A request that another tool sent; whoever keeps it gives it an id and a key."""
    return Exchange(
        id="",
        key="",
        model=model,
        messages=tuple(messages),
        options={},
        text=answer,
        finish_reason=finish_reason,
        usage=usage or Usage(cost_usd=None),
        seconds=UNKNOWN_SECONDS if seconds is None else seconds,
        first_text_seconds=None,
        at=at,
    )


def messages_of(value: Any) -> tuple[Message, ...]:
    """Chat messages of any tool; of contents in several parts, the texts."""
    if isinstance(value, str):
        return (Message(role="user", content=value),)
    if not isinstance(value, list):
        return ()
    return tuple(
        Message(role=cast("MessageRole", str(one.get("role", "user"))), content=words_of(one))
        for one in value
        if isinstance(one, Mapping)
    )


def words_of(message: Mapping[str, Any]) -> str:
    """The text of a message."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def moment(value: Any, otherwise: datetime | None = None) -> datetime:
    """An ISO 8601 time; a file that does not say when counts as made at `otherwise`."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return otherwise or datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number_of(value: Any) -> float | None:
    """A number, or None where there is none."""
    ours = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if ours else None


def count_of(value: Any) -> int:
    """A count, 0 where there is none."""
    return int(number_of(value) or 0)


def _why(error: ValueError, *, in_line: bool = False) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{error.msg} in line {error.lineno}" if in_line else error.msg


def _as_repeat(row: Row, time: int) -> Row:
    name = f"{row.record.id}#{time}"
    record = replace(row.record, id=name, cluster=row.record.cluster or row.record.id)
    return Row(record=record, case=replace(row.case, record_id=name))


def _clustered(row: Row, repeated: set[str]) -> Row:
    """The first answer of a record that was repeated belongs to the others."""
    if row.record.id not in repeated or row.record.cluster:
        return row
    return Row(record=replace(row.record, cluster=row.record.id), case=row.case)
