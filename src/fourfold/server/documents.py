"""Reads the documents of the index for people: the list, what failed, a passage in its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import text

from fourfold.core.errors import NotFound
from fourfold.core.records import Principal
from fourfold.storage.database import Database

_VISIBLE: Final = "(:sees_all OR groups = '{}' OR groups && :groups)"

_LISTED: Final = text(
    "SELECT id, source, path, title, media_type, language, groups, indexed_at "
    "FROM fourfold.documents WHERE id > :after AND " + _VISIBLE + " ORDER BY id LIMIT :limit"
)
_FAILURES: Final = text(
    f"""
    SELECT source, path, cause, message, failed_at FROM fourfold.failures
    WHERE {_VISIBLE} ORDER BY source, path LIMIT :limit
    """  # noqa: S608 a constant
)
_AROUND: Final = text(
    "SELECT source, path, title, length(text) AS length, "
    "substr(text, :first + 1, :count) AS piece "
    "FROM fourfold.documents WHERE id = :id AND " + _VISIBLE
)
_GROUPS: Final = text("SELECT id, groups FROM fourfold.documents WHERE id = ANY(:ids)")


class IndexedDocuments:
    """What was ingested, as far as somebody may see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(
        self, *, visible_to: Principal, limit: int, after: str
    ) -> Sequence[Mapping[str, Any]]:
        """Documents in the order of their ids, those after the id `after`."""
        asked = {**_reader(visible_to), "after": after, "limit": limit}
        async with self._database.begin() as transaction:
            rows = await transaction.execute(_LISTED, asked)
            return [dict(row) for row in rows.mappings()]

    async def failures(self, *, visible_to: Principal, limit: int) -> Sequence[Mapping[str, Any]]:
        """Files and members that could not be ingested, with their causes."""
        asked = {**_reader(visible_to), "limit": limit}
        async with self._database.begin() as transaction:
            rows = await transaction.execute(_FAILURES, asked)
            return [dict(row) for row in rows.mappings()]

    async def around(
        self, document_id: str, *, start: int, end: int, margin: int, visible_to: Principal
    ) -> Mapping[str, Any]:
        """The text around a place; `NotFound` for those who may not see the document, too."""
        end = max(start, min(end, start + 20_000))
        first = max(0, start - margin)
        asked = {
            **_reader(visible_to),
            "id": document_id,
            "first": first,
            "count": end + margin - first,
        }
        async with self._database.begin() as transaction:
            row = (await transaction.execute(_AROUND, asked)).mappings().first()
        if row is None:
            raise NotFound(f"There is no document `{document_id}`.", hint="See /api/documents.")
        piece: str = row["piece"]
        return {
            "document": row["path"],
            "source": row["source"],
            "title": row["title"],
            "text": piece,
            "start": min(start - first, len(piece)),
            "end": min(end - first, len(piece)),
            "before": min(first, row["length"]),
            "after": max(0, row["length"] - first - len(piece)),
        }

    async def groups_of(self, document_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Who may see these documents today; those that are gone are left out."""
        async with self._database.begin() as transaction:
            rows = await transaction.execute(_GROUPS, {"ids": list(document_ids)})
            return {row["id"]: frozenset(row["groups"]) for row in rows.mappings()}


def _reader(reader: Principal) -> dict[str, Any]:
    return {"sees_all": reader.sees_all_groups, "groups": sorted(reader.groups)}
