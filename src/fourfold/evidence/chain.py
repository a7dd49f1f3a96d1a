"""The chain: each entry holds the hash of the one before, so that none can be changed unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text

from fourfold.core.errors import NotFound
from fourfold.storage.database import Database

_FIRST: Final = "0" * 64
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('fourfold evidence'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was found or decided: `kind` says what, `subject` about which thing."""

    number: int
    at: datetime
    kind: str
    subject: str
    body: Mapping[str, Any]
    previous: str  # hash of the entry before
    hash: str


class Chain:
    """The evidence of a project. Entries are added, never changed."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    async def append(self, kind: str, subject: str, body: Mapping[str, Any]) -> Entry:
        """Add an entry; returns when it is on disk."""
        async with self._database.begin() as transaction:
            await transaction.execute(text(_LOCK))
            row = (
                await transaction.execute(
                    text("SELECT number, hash FROM evidence ORDER BY number DESC LIMIT 1")
                )
            ).first()
            number, previous = (row.number + 1, row.hash) if row else (1, _FIRST)
            kept: Any = json.loads(_canonical(body))
            at = self._clock()
            entry = Entry(
                number=number,
                at=at,
                kind=kind,
                subject=subject,
                body=kept,
                previous=previous,
                hash=entry_hash(number, at, kind, subject, kept, previous),
            )
            await transaction.execute(
                text(
                    "INSERT INTO evidence (number, at, kind, subject, body, previous, hash) "
                    "VALUES (:number, :at, :kind, :subject, :body, :previous, :hash)"
                ),
                {
                    "number": number,
                    "at": at,
                    "kind": kind,
                    "subject": subject,
                    "body": _canonical(kept),
                    "previous": previous,
                    "hash": entry.hash,
                },
            )
            return entry

    async def latest(self, kind: str, subject: str | None = None) -> Entry:
        """The last entry of that kind, about that subject if one is named.

        Raises `NotFound` when there is none.
        """
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT * FROM evidence WHERE kind = :kind "
                    "AND (CAST(:subject AS text) IS NULL OR subject = :subject) "
                    "ORDER BY number DESC LIMIT 1"
                ),
                {"kind": kind, "subject": subject},
            )
            if row := rows.mappings().first():
                return _entry(dict(row))
        about = f" about `{subject}`" if subject else ""
        raise NotFound(f"There is no evidence of a {kind}{about} yet.")


def entry_hash(
    number: int, at: datetime, kind: str, subject: str, body: Mapping[str, Any], previous: str
) -> str:
    """SHA-256 over everything that an entry says, and the hash of the one before."""
    said = [number, at.astimezone(UTC).isoformat(), kind, subject, body, previous]
    return sha256(_canonical(said).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _entry(row: Mapping[str, Any]) -> Entry:
    body = row["body"]
    loaded: Any = json.loads(body) if isinstance(body, str) else body
    return Entry(**{**row, "body": loaded})
