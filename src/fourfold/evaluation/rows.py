"""Exchanges and cases as rows of the database, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import text

from fourfold.core.records import TokenLogprob, Usage
from fourfold.core.tools import ToolCall
from fourfold.evaluation.records import Case, Exchange, Outcome
from fourfold.evaluation.requests import message_json

ADD_EXCHANGE: Final = text("""
    INSERT INTO exchanges (id, key, model, identity, messages, options, answer, logprobs,
        tool_calls, finish_reason, prompt_tokens, completion_tokens, cached_tokens, cost_usd,
        seconds, first_text_seconds, at, error, error_message)
    VALUES (:id, :key, :model, :identity, :messages, :options, :answer, :logprobs,
        :tool_calls, :finish_reason, :prompt_tokens, :completion_tokens, :cached_tokens,
        :cost_usd, :seconds, :first_text_seconds, :at, :error, :error_message)
""")
ADD_CASE: Final = text("""
    INSERT INTO cases (experiment, system, record_id, output, refused, evidence, exchanges,
        prompt_tokens, completion_tokens, cached_tokens, cost_usd, seconds, first_text_seconds,
        error_code, error_message)
    VALUES (:experiment, :system, :record_id, :output, :refused, :evidence, :exchanges,
        :prompt_tokens, :completion_tokens, :cached_tokens, :cost_usd, :seconds,
        :first_text_seconds, :error_code, :error_message)
    ON CONFLICT (experiment, system, record_id) DO UPDATE SET
        output = excluded.output, refused = excluded.refused, evidence = excluded.evidence,
        exchanges = excluded.exchanges, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, cached_tokens = excluded.cached_tokens,
        cost_usd = excluded.cost_usd, seconds = excluded.seconds,
        first_text_seconds = excluded.first_text_seconds, error_code = excluded.error_code,
        error_message = excluded.error_message
""")
EXCHANGES: Final = """
    SELECT id, key, model, identity, answer, logprobs, tool_calls, finish_reason,
        prompt_tokens, completion_tokens, cached_tokens, cost_usd, seconds, first_text_seconds,
        at, error, error_message
    FROM exchanges
"""


def exchange_row(one: Exchange) -> dict[str, Any]:
    """For `ADD_EXCHANGE`."""
    return {
        "id": one.id,
        "key": one.key,
        "model": one.model,
        "identity": one.identity,
        "messages": as_json([message_json(each) for each in one.messages]),
        "options": as_json(one.options),
        "answer": storable(one.text),
        "logprobs": as_json([asdict(each) for each in one.logprobs]),
        "tool_calls": as_json([asdict(each) for each in one.tool_calls]),
        "finish_reason": one.finish_reason,
        **_usage_row(one.usage),
        "seconds": one.seconds,
        "first_text_seconds": one.first_text_seconds,
        "at": one.at,
        "error": one.error,
        "error_message": storable(one.error_message),
    }


def case_row(one: Case, experiment: str) -> dict[str, Any]:
    """For `ADD_CASE`."""
    outcome = one.outcome
    return {
        "experiment": experiment,
        "system": one.system,
        "record_id": one.record_id,
        "output": storable(outcome.output) if outcome else None,
        "refused": outcome.refused if outcome else None,
        "evidence": as_json(outcome.evidence if outcome else ()),
        "exchanges": list(dict.fromkeys(exchange.id for exchange in one.exchanges)),
        **_usage_row(outcome.usage if outcome else Usage(cost_usd=None)),
        "seconds": outcome.seconds if outcome else None,
        "first_text_seconds": outcome.first_text_seconds if outcome else None,
        "error_code": one.error_code,
        "error_message": storable(one.error_message),
    }


def exchange_of(row: Mapping[str, Any]) -> Exchange:
    """The exchange of a row of `EXCHANGES`, without its messages and options."""
    return Exchange(
        id=row["id"],
        key=row["key"],
        model=row["model"],
        identity=row["identity"],
        messages=(),
        options={},
        text=row["answer"],
        finish_reason=row["finish_reason"],
        usage=_usage(row),
        seconds=row["seconds"],
        first_text_seconds=row["first_text_seconds"],
        at=row["at"],
        logprobs=tuple(TokenLogprob(**each) for each in loaded(row["logprobs"])),
        tool_calls=tuple(ToolCall(**each) for each in loaded(row["tool_calls"])),
        error=row["error"],
        error_message=row["error_message"],
    )


def case_of(row: Mapping[str, Any], exchanges: Mapping[str, Exchange]) -> Case:
    """The case of a row, with those of its exchanges that are known."""
    outcome = None
    if row["output"] is not None:
        outcome = Outcome(
            output=row["output"],
            refused=row["refused"],
            evidence=tuple(loaded(row["evidence"])),
            usage=_usage(row),
            seconds=row["seconds"],
            first_text_seconds=row["first_text_seconds"],
        )
    return Case(
        system=row["system"],
        record_id=row["record_id"],
        outcome=outcome,
        exchanges=tuple(exchanges[one] for one in row["exchanges"] if one in exchanges),
        error_code=row["error_code"],
        error_message=row["error_message"],
    )


def as_json(value: Any) -> str:
    """For a column of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "�")


def loaded(value: Any) -> Any:
    """What a column of JSON holds."""
    return json.loads(value) if isinstance(value, str) else value


def storable(text: str) -> str:
    """PostgreSQL keeps every character but this one."""
    return text.replace("\x00", "�")


def _usage_row(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost_usd": usage.cost_usd,
    }


def _usage(row: Mapping[str, Any]) -> Usage:
    names = ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd")
    return Usage(**{name: row[name] for name in names})
