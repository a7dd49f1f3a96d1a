"""A row as a flat object: the form of our own JSON lines and Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from math import isnan
from typing import Any, Final

from fourfold.core.records import Usage
from fourfold.datasets import Record, record_from
from fourfold.evaluation.formats.base import UNKNOWN_SECONDS, Results, Row
from fourfold.evaluation.formats.reading import (
    FAILED,
    count_of,
    exchange_of,
    messages_of,
    moment,
    number_of,
)
from fourfold.evaluation.records import Case, Exchange, Outcome

_SYSTEM: Final = ("system", "model")
_OF_CASES: Final = frozenset(
    {
        *("experiment", *_SYSTEM, "output", "refused", "evidence", "cost_usd", "seconds"),
        *("first_text_seconds", "prompt_tokens", "completion_tokens", "cached_tokens"),
        *("error_code", "error_message", "exchanges", "metadata"),
    }
)


def flat(results: Results, row: Row) -> dict[str, Any]:
    """The row with all that is known of it; what nobody knows is None."""
    record, case, outcome = row.record, row.case, row.case.outcome
    return {
        "experiment": results.experiment,
        "system": case.system,
        "id": record.id,
        "text": record.text,
        "passages": list(record.passages),
        "references": list(record.references),
        "language": record.language,
        "tags": list(record.tags),
        "cluster": record.cluster,
        "metadata": dict(record.metadata),
        "output": outcome.output if outcome else None,
        "refused": outcome.refused if outcome else None,
        "evidence": list(outcome.evidence) if outcome else [],
        **_spent(outcome.usage if outcome else None),
        "seconds": _known(outcome.seconds) if outcome else None,
        "first_text_seconds": outcome.first_text_seconds if outcome else None,
        "error_code": case.error_code,
        "error_message": case.error_message,
        "exchanges": [_exchange(one) for one in case.exchanges],
    }


def row_of(value: Mapping[str, Any], number: int) -> Row:
    """The row of an object; raises `ValueError` that says what is missing.

    Besides `flat`, it reads what others write by hand: a record as in a dataset, with `model` and
    `output` (or `error_message`) beside it.
    """
    system = next((str(value[key]) for key in _SYSTEM if value.get(key)), "")
    if not system:
        raise ValueError("it names no `system` (or `model`)")
    record = _record(value, number)
    output, error = value.get("output"), value.get("error_message") or ""
    if output is None and not error and not value.get("error_code"):
        raise ValueError("it has neither `output` nor `error_message`")
    case = Case(
        system=system,
        record_id=record.id,
        outcome=None if output is None else _outcome(value, record),
        exchanges=tuple(_exchange_of(one) for one in value.get("exchanges") or ()),
        error_code=str(value.get("error_code") or (FAILED if error else "")),
        error_message=str(error),
    )
    return Row(record=record, case=case)


def _record(value: Mapping[str, Any], number: int) -> Record:
    own = {key: one for key, one in value.items() if key not in _OF_CASES}
    record = record_from(own, number)
    if value.get("id") is None:  # the same text in another system's row is the same record
        record = replace(record, id=sha256(record.text.encode()).hexdigest()[:12])
    metadata = value.get("metadata")
    if isinstance(metadata, Mapping):
        record = replace(record, metadata={**record.metadata, **metadata})
    return record


def _outcome(value: Mapping[str, Any], record: Record) -> Outcome:
    evidence = value.get("evidence")
    seconds = number_of(value.get("seconds"))
    return Outcome(
        output=str(value["output"]),
        refused=bool(value.get("refused")),
        evidence=tuple(evidence if evidence else (*record.passages, record.text)),
        usage=_usage(value),
        seconds=UNKNOWN_SECONDS if seconds is None else seconds,
        first_text_seconds=number_of(value.get("first_text_seconds")),
    )


def _exchange(one: Exchange) -> dict[str, Any]:
    return {
        "model": one.model,
        "messages": [{"role": each.role, "content": each.content} for each in one.messages],
        "answer": one.text,
        "finish_reason": one.finish_reason,
        **_spent(one.usage),
        "seconds": _known(one.seconds),
        "first_text_seconds": one.first_text_seconds,
        "at": one.at.isoformat(),
        "error": one.error,
    }


def _exchange_of(value: Mapping[str, Any]) -> Exchange:
    made = exchange_of(
        str(value.get("model") or ""),
        messages_of(value.get("messages")),
        str(value.get("answer") or ""),
        at=moment(value.get("at")),
        usage=_usage(value),
        seconds=number_of(value.get("seconds")),
        finish_reason=str(value.get("finish_reason") or ""),
    )
    first = number_of(value.get("first_text_seconds"))
    return replace(made, first_text_seconds=first, error=str(value.get("error") or ""))


def _spent(usage: Usage | None) -> dict[str, Any]:
    return (usage or Usage(cost_usd=None)).as_json()


def _usage(value: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=count_of(value.get("prompt_tokens")),
        completion_tokens=count_of(value.get("completion_tokens")),
        cached_tokens=count_of(value.get("cached_tokens")),
        cost_usd=number_of(value.get("cost_usd")),
    )


def _known(value: float) -> float | None:
    return None if isnan(value) else value
