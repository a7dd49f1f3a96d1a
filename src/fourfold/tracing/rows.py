"""Recorders as rows of the trace tables: masked, and free of what PostgreSQL cannot keep."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec

from fourfold.core.records import Citation, Hit
from fourfold.core.trace import Span
from fourfold.tracing.masking import masked
from fourfold.tracing.recorder import TraceRecorder

TRACE_COLUMNS: Final = (
    "started_at", "id", "kind", "principal", "application", "model", "outcome", "error_code",
    "seconds", "first_text_seconds", "prompt_tokens", "completion_tokens", "cached_tokens",
    "cost_usd", "spans", "facts",
)  # fmt: skip
PAYLOAD_COLUMNS: Final = ("started_at", "id", "question", "answer", "hits", "citations")

HISTOGRAM_SECONDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0,
)  # fmt: skip
"""Upper bounds of the latency histogram of an hour; one more bucket holds what took longer."""

Row: TypeAlias = tuple[Any, ...]
HourKey: TypeAlias = tuple[datetime, str, str, str, str]


def trace_row(trace: TraceRecorder) -> Row:
    """The facts of a request: no text that a person wrote."""
    usage = trace.usage
    return (
        trace.started_at, trace.trace_id, trace.kind, trace.principal, trace.application,
        trace.model, trace.outcome, trace.error_code, trace.seconds, trace.first_text_seconds,
        usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, trace.cost_usd,
        _json([_span(span) for span in trace.spans]), _json(_clean(trace.facts)),
    )  # fmt: skip


def payload_row(trace: TraceRecorder) -> Row:
    """What was asked and said, and the passages that it rests on."""
    answer = trace.answer
    return (
        trace.started_at,
        trace.trace_id,
        _clean(trace.question),
        _clean(answer.text) if answer else "",
        _json([_hit(hit) for hit in answer.hits]) if answer else "[]",
        _json([_citation(one) for one in answer.citations]) if answer else "[]",
    )


def hour_rows(traces: Iterable[TraceRecorder]) -> list[dict[str, Any]]:
    """What the traces add to the roll-up of their hours, one row for each kind of request."""
    grouped: defaultdict[HourKey, list[TraceRecorder]] = defaultdict(list)
    for one in traces:
        hour = one.started_at.replace(minute=0, second=0, microsecond=0)
        grouped[(hour, one.kind, one.application, one.model, one.outcome)].append(one)
    # Always in the same order: two processes that add to the same hours must not wait in a ring.
    return [_hour(key, grouped[key]) for key in sorted(grouped)]


def _hour(key: HourKey, traces: list[TraceRecorder]) -> dict[str, Any]:
    names = ("hour", "kind", "application", "model", "outcome")
    return {
        **dict(zip(names, key, strict=True)),
        "requests": len(traces),
        "seconds": sum(one.seconds for one in traces),
        "prompt_tokens": sum(one.usage.prompt_tokens for one in traces),
        "completion_tokens": sum(one.usage.completion_tokens for one in traces),
        "cost_usd": sum(one.cost_usd or 0.0 for one in traces),
        "histogram": _histogram(traces),
    }


def _histogram(traces: list[TraceRecorder]) -> list[int]:
    counts = [0] * (len(HISTOGRAM_SECONDS) + 1)
    for one in traces:
        counts[bisect_left(HISTOGRAM_SECONDS, one.seconds)] += 1
    return counts


def _span(span: Span) -> dict[str, Any]:
    return {
        "name": span.name,
        "start": round(span.start_seconds, 6),
        "end": round(span.end_seconds, 6),
        **({"attributes": _clean(span.attributes)} if span.attributes else {}),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    chunk = hit.chunk
    return {
        "chunk": chunk.id,
        "document_id": chunk.document_id,
        "document": chunk.path,
        "source": chunk.source,
        "place": chunk.place.as_json(),
        "score": hit.score,
        "groups": sorted(chunk.groups),
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        **citation.as_json(),
        "quote": _clean(citation.quote),
        "chunk": citation.chunk_id,
    }


def _clean(value: Any) -> Any:
    """Mask every text in it, and take out what PostgreSQL refuses."""
    if isinstance(value, str):
        return masked(value.replace("\x00", "").encode("utf-8", "replace").decode())
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _clean(str(value))  # a fact of another type is kept as its text


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
