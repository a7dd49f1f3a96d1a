"""Reading traces: one's own, or all for engineers; texts only with the right to the documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import RowMapping, text

from fourfold.core.errors import NotFound
from fourfold.core.records import Principal
from fourfold.storage.database import Database
from fourfold.tracing.ids import is_trace_id, time_of

GroupsOf: TypeAlias = Callable[[Collection[str]], Awaitable[Mapping[str, frozenset[str]]]]
"""The groups that may see these documents today; documents that are gone are left out."""

_SELECT = """
    SELECT * FROM traces JOIN trace_payloads USING (started_at, id)
    WHERE (:everybody OR principal = :reader OR starts_with(principal, :reader || '/'))
"""
_ONE = text(_SELECT + "AND started_at = :started_at AND id = :id")
_RECENT = text(
    _SELECT
    + "AND (started_at, id) < (:before_time, :before_id)"
    + "ORDER BY started_at DESC, id DESC LIMIT :limit"
)
_FORGET = text("""
    UPDATE trace_payloads SET
        answer = '',
        citations = (
            SELECT coalesce(jsonb_agg(one), '[]') FROM jsonb_array_elements(citations) AS one
            WHERE one->>'chunk' NOT IN (
                SELECT hit->>'chunk' FROM jsonb_array_elements(hits) AS hit
                WHERE hit->>'document_id' = ANY(:ids)
            )
            AND NOT EXISTS (
                SELECT FROM unnest(CAST(:texts AS text[])) AS known
                WHERE one->>'quote' <> '' AND strpos(known, one->>'quote') > 0
            )
        ),
        hits = (
            SELECT coalesce(jsonb_agg(hit), '[]') FROM jsonb_array_elements(hits) AS hit
            WHERE hit->>'document_id' <> ALL(:ids)
        )
    WHERE EXISTS (
        SELECT FROM jsonb_array_elements(hits) AS hit WHERE hit->>'document_id' = ANY(:ids)
    )
    OR EXISTS (
        SELECT FROM jsonb_array_elements(citations) AS one, unnest(CAST(:texts AS text[])) AS known
        WHERE one->>'quote' <> '' AND strpos(known, one->>'quote') > 0
    )
""")
_AFTER_ALL = "7" + "f" * 11 + "f" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceView:
    """A trace as its reader may see it.

    `withheld` is true when the answer rests on a document that the reader may not see; then it has
    no answer, and only the hits and citations of documents that the reader may see.
    """

    id: str
    started_at: datetime
    kind: str
    principal: str
    application: str
    model: str
    outcome: str
    error_code: str | None
    seconds: float
    first_text_seconds: float | None
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_usd: float | None
    spans: list[dict[str, Any]]
    facts: dict[str, Any]
    question: str
    answer: str
    hits: list[dict[str, Any]]
    citations: list[dict[str, Any]]
    withheld: bool


class Traces:
    """The traces of all processes that share a database.

    With `groups_of`, a document that was closed to a reader later is closed in old traces too;
    without it, the groups that it had when the question was asked decide.
    """

    def __init__(self, database: Database, *, groups_of: GroupsOf | None = None) -> None:
        self._database = database
        self._groups_of = groups_of

    async def get(self, trace_id: str, *, visible_to: Principal) -> TraceView:
        """The trace of that id, or `NotFound`, for those who may not see it too."""
        missing = NotFound(
            f"There is no trace `{trace_id[:40]}`.",
            hint="It can be read two seconds after its request, by whoever asked and by engineers.",
        )
        if not is_trace_id(trace_id):
            raise missing
        asked = {"id": trace_id, "started_at": time_of(trace_id), **_reader(visible_to)}
        async with self._database.begin() as transaction:
            row = (await transaction.execute(_ONE, asked)).mappings().first()
        if row is None:
            raise missing
        return (await self._views([row], visible_to))[0]

    async def recent(
        self, *, visible_to: Principal, limit: int = 50, before: str = _AFTER_ALL
    ) -> list[TraceView]:
        """The newest traces, newest first; `before` is the id of the last one already seen."""
        before = before if is_trace_id(before) else _AFTER_ALL
        asked = {
            "limit": limit,
            "before_id": before,
            "before_time": time_of(before),
            **_reader(visible_to),
        }
        async with self._database.begin() as transaction:
            rows = (await transaction.execute(_RECENT, asked)).mappings().all()
        return await self._views(rows, visible_to)

    async def forget(self, document_ids: Collection[str], *, texts: Collection[str] = ()) -> int:
        """Take hits, quotes and answers of these documents out; gives the traces changed.

        Quotes that stand in one of the texts go too, whichever document they were cited from: a
        copy may have been in the index under another name.
        """
        known = {"ids": list(document_ids), "texts": list(texts)}
        async with self._database.begin() as transaction:
            done = await transaction.execute(_FORGET, known)
            return done.rowcount

    async def _views(self, rows: Collection[RowMapping], reader: Principal) -> list[TraceView]:
        documents = {hit["document_id"] for row in rows for hit in row["hits"]}
        today = await self._groups_of(documents) if self._groups_of and documents else {}
        return [_view(row, reader, today) for row in rows]


def _reader(reader: Principal) -> dict[str, Any]:
    return {"everybody": reader.role in ("engineer", "owner"), "reader": reader.id}


def _view(row: RowMapping, reader: Principal, today: Mapping[str, frozenset[str]]) -> TraceView:
    def visible(hit: dict[str, Any]) -> bool:
        groups = today.get(hit["document_id"], frozenset(hit["groups"]))
        return reader.may_see(groups)

    hits = [hit for hit in row["hits"] if visible(hit)]
    seen = {hit["chunk"] for hit in hits}
    withheld = len(hits) < len(row["hits"])
    shown = {
        "hits": hits,
        "citations": [one for one in row["citations"] if one["chunk"] in seen],
        "answer": "" if withheld else row["answer"],
        "withheld": withheld,
    }
    return TraceView(**{**row, **shown})
