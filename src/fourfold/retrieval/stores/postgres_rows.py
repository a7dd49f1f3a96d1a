"""Chunks as rows of our tables, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fourfold.core.records import Chunk, Place
from fourfold.retrieval.tags import tags_of
from fourfold.retrieval.words import TERM_IDS, term_id, terms_of, weights_of

COLUMNS = (
    "number", "id", "embedder", "document_id", "source", "path", "title", "language",
    "media_type", "groups", "metadata", "place", "text", "tags", "term_ids", "terms",
)  # fmt: skip
CHUNK_COLUMNS = (
    "c.document_id, c.source, c.path, c.title, c.language, c.media_type, c.groups, "
    "c.metadata::text AS metadata, c.place::text AS place, c.text"
)
UNSTORABLE = "\x00"  # PostgreSQL's text holds every character but this one
STAND_IN = "\ufffd"


def weighted_terms(chunk: Chunk) -> dict[str, float]:
    """What lexical search knows of a chunk: its own words, and those above it."""
    return weights_of(terms_of(f"{chunk.context}\n{chunk.text}", chunk.language))


def row_of(number: int, chunk: Chunk, embedder: int, terms: Mapping[str, float]) -> tuple[Any, ...]:
    """The row of a chunk, in the order of `COLUMNS`."""
    by_id = {term_id(term): weight for term, weight in terms.items()}
    return (
        number,
        chunk.id,
        embedder,
        chunk.document_id,
        _storable(chunk.source),
        _storable(chunk.path),
        _storable(chunk.title),
        chunk.language,
        chunk.media_type,
        sorted(chunk.groups),
        _json(dict(chunk.metadata)),
        _json(_place_fields(chunk.place)),
        _storable(chunk.text),
        tags_of(chunk),
        sorted(by_id),
        sparse(by_id),
    )


def chunk_from(row: Any) -> Chunk:
    """The chunk of a row that has `CHUNK_COLUMNS`."""
    return Chunk(
        document_id=row["document_id"],
        source=row["source"],
        path=row["path"],
        title=row["title"],
        language=row["language"],
        media_type=row["media_type"],
        groups=frozenset(row["groups"]),
        metadata=json.loads(row["metadata"]),
        place=_place_of(json.loads(row["place"])),
        text=row["text"],
    )


def sparse(weights: Mapping[int, float]) -> Any:
    """Weights by term id as pgvector's `sparsevec`."""
    from pgvector import SparseVector

    return SparseVector(dict(weights), TERM_IDS)


def _place_of(fields: Mapping[str, Any]) -> Place:
    headings = tuple(fields.get("headings", ()))
    lines = tuple((offset, line) for offset, line in fields.get("lines", ()))
    return Place(**{**fields, "headings": headings, "lines": lines})


def _place_fields(place: Place) -> dict[str, Any]:
    fields = {name: getattr(place, name) for name in Place.__slots__}
    return {name: value for name, value in fields.items() if value not in (None, ())}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", STAND_IN)


def _storable(text: str) -> str:
    return text.replace(UNSTORABLE, STAND_IN)
