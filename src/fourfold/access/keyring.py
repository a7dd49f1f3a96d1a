"""Who holds a key: one look into the database a second for each key in use."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import SQLAlchemyError

from fourfold.access.records import Caller
from fourfold.access.roles import lower_of
from fourfold.core.errors import StorageError
from fourfold.core.records import Principal
from fourfold.storage.database import Database

_REMEMBERED_SECONDS = 0.8  # a revoked key stops within a second, in every process
_REMEMBERED_KEYS = 10_000

# One statement finds the key and notes its use, the latter at most once a minute.
_FIND = text("""
    WITH found AS (
        SELECT k.id, k.role, k.groups, k.act_for_users, k.last_used_at,
               u.id AS user_id, u.role AS user_role, u.groups AS user_groups
        FROM api_keys k LEFT JOIN users u ON u.id = k.user_id
        WHERE k.secret_hash = :secret_hash AND k.revoked_at IS NULL AND u.revoked_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > :now)
    ), used AS (
        UPDATE api_keys SET last_used_at = :now FROM found
        WHERE api_keys.id = found.id
          AND (found.last_used_at IS NULL OR found.last_used_at < :now - interval '1 minute')
    )
    SELECT * FROM found
""")


def hash_of(secret: str) -> bytes:
    """The only form in which a key's secret is kept."""
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()


class KeyRing:
    """Answers who holds a key, and remembers it for less than a second.

    The short memory is what invalidates: a key that is revoked, by whichever process, stops within
    a second, and no connection has to be kept open to listen. Requests that ask for one key at
    the same time share one query. When the database cannot be asked, nobody is let in.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._now = now
        self._monotonic = monotonic
        self._remembered: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Caller | None]] = {}

    async def caller(self, secret: str) -> Caller | None:
        """Who holds this key; `None` when it is unknown, expired or revoked."""
        secret_hash = hash_of(secret)
        until, caller = self._remembered.get(secret_hash, (0.0, None))
        if self._monotonic() < until:
            return caller
        asking = self._asking.get(secret_hash)
        if asking is None:
            asking = asyncio.create_task(self._ask(secret_hash))
            self._asking[secret_hash] = asking
        # One that gives up waiting must not take the answer away from the others.
        return await asyncio.shield(asking)

    async def _ask(self, secret_hash: bytes) -> Caller | None:
        try:
            until = self._monotonic() + _REMEMBERED_SECONDS
            caller = await self._find(secret_hash)
            self._remember(secret_hash, until, caller)
            return caller
        finally:
            del self._asking[secret_hash]

    async def _find(self, secret_hash: bytes) -> Caller | None:
        asked = {"secret_hash": secret_hash, "now": self._now()}
        try:
            async with self._database.begin() as transaction:
                row = (await transaction.execute(_FIND, asked)).mappings().first()
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(
                "The API key could not be checked: the database does not answer.",
                hint="Try again; the server's log says more.",
            ) from error
        return _caller(row) if row else None

    def _remember(self, secret_hash: bytes, until: float, caller: Caller | None) -> None:
        self._remembered[secret_hash] = (until, caller)
        self._remembered.move_to_end(secret_hash)
        if len(self._remembered) > _REMEMBERED_KEYS:
            self._remembered.popitem(last=False)


def _caller(row: RowMapping) -> Caller:
    role, groups = row["role"], frozenset(row["groups"])
    if row["user_id"]:
        role, groups = lower_of(role, row["user_role"]), groups & frozenset(row["user_groups"])
    principal = Principal(id=row["user_id"] or row["id"], role=role, groups=groups)
    return Caller(principal=principal, key_id=row["id"], act_for_users=row["act_for_users"])
