"""Users and keys: made, listed and revoked, each change with its line in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, Table, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.access.keyring import hash_of
from fourfold.access.records import ApiKey, AuditEntry, NewKey, User
from fourfold.access.roles import ROLES
from fourfold.access.tables import API_KEYS, AUDIT_LOG, USERS
from fourfold.core.errors import InvalidInput, NotFound
from fourfold.core.records import Role
from fourfold.storage.database import Database

_PREFIX_LENGTH = 10  # `ff_` and 42 bits: enough to recognise a key, far too little to use it


class Access:
    """The people and keys of an installation.

    `actor` is who makes the change, as the audit log shall name them. A secret is 256 random bits;
    only its SHA-256 is kept, which is safe for random secrets (a slow hash protects the guessable
    ones, passwords) and cheap enough for every request.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_secret: Callable[[], str] = lambda: "ff_" + secrets.token_urlsafe(32),
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._database = database
        self._now = now
        self._new_secret = new_secret
        self._new_id = new_id

    async def create_user(
        self, name: str, *, role: Role, groups: Collection[str] = (), actor: str
    ) -> User:
        """Add a person; a name is used once."""
        user = User(
            id=f"user_{self._new_id()}",
            name=_named(name, "user"),
            role=_known(role),
            groups=_checked(groups),
            created_at=self._now(),
        )
        async with self._database.begin() as transaction:
            try:
                await transaction.execute(insert(USERS).values(**_row(user)))
            except IntegrityError as error:
                raise InvalidInput(
                    f"There is a user called `{name}` already.", hint="Choose another name."
                ) from error
            await self._log(transaction, actor, "create user", name, role=role)
        return user

    async def users(self) -> list[User]:
        """Everybody, revoked ones too, oldest first."""
        async with self._database.begin() as transaction:
            rows = await transaction.execute(select(USERS).order_by(USERS.c.created_at))
            return [_user(row) for row in rows.mappings()]

    async def revoke_user(self, name: str, *, actor: str) -> None:
        """Shut a person out; every key of theirs stops working within a second."""
        async with self._database.begin() as transaction:
            user = await self._user_called(name, transaction)
            await self._revoke(transaction, USERS, user.id)
            await self._log(transaction, actor, "revoke user", name)

    async def create_key(
        self,
        name: str,
        *,
        role: Role = "viewer",
        groups: Collection[str] = (),
        user: str | None = None,
        act_for_users: bool = False,
        expires_at: datetime | None = None,
        actor: str,
    ) -> NewKey:
        """Make a key for a user, or, without one, for an application.

        A user's key has the user's groups when none are given.
        """
        secret = self._new_secret()
        async with self._database.begin() as transaction:
            holder = await self._user_called(user, transaction) if user else None
            key = ApiKey(
                id=f"key_{self._new_id()}",
                name=_named(name, "key"),
                prefix=secret[:_PREFIX_LENGTH],
                role=_known(role),
                groups=_checked(groups) or (holder.groups if holder else frozenset()),
                user_id=holder.id if holder else None,
                act_for_users=act_for_users,
                created_at=self._now(),
                expires_at=_in_future(expires_at, self._now()),
            )
            row = {**_row(key), "secret_hash": hash_of(secret)}
            await transaction.execute(insert(API_KEYS).values(**row))
            facts = {"name": name, "role": role, "user": user, "act_for_users": act_for_users}
            await self._log(transaction, actor, "create key", key.id, **facts)
        return NewKey(key=key, secret=secret)

    async def keys(self) -> list[ApiKey]:
        """All keys, revoked ones too, oldest first."""
        async with self._database.begin() as transaction:
            rows = await transaction.execute(select(API_KEYS).order_by(API_KEYS.c.created_at))
            return [_key(row) for row in rows.mappings()]

    async def revoke_key(self, key_id: str, *, actor: str) -> None:
        """Stop a key, named by its id or its prefix, within a second."""
        async with self._database.begin() as transaction:
            key_id = _named(key_id, "key")
            named = (API_KEYS.c.id == key_id) | (API_KEYS.c.prefix == key_id)
            found = (await transaction.execute(select(API_KEYS.c.id).where(named))).scalars().all()
            if len(found) != 1:
                raise NotFound(f"There is no key `{key_id}`.", hint="See: fourfold key list")
            await self._revoke(transaction, API_KEYS, found[0])
            await self._log(transaction, actor, "revoke key", found[0])

    async def audit_log(self, *, limit: int = 100) -> list[AuditEntry]:
        """What was changed last, newest first."""
        async with self._database.begin() as transaction:
            newest = select(AUDIT_LOG).order_by(AUDIT_LOG.c.at.desc()).limit(limit)
            rows = await transaction.execute(newest)
            return [AuditEntry(**row) for row in rows.mappings()]

    async def _user_called(self, name: str, transaction: AsyncConnection) -> User:
        same_name = USERS.c.name == _named(name, "user")
        rows = await transaction.execute(select(USERS).where(same_name))
        row = rows.mappings().first()
        if row is None or row["revoked_at"] is not None:
            raise NotFound(f"There is no user called `{name}`.", hint="See: fourfold user list")
        return _user(row)

    async def _revoke(self, transaction: AsyncConnection, table: Table, row_id: str) -> None:
        still_valid = (table.c.id == row_id) & table.c.revoked_at.is_(None)
        await transaction.execute(update(table).where(still_valid).values(revoked_at=self._now()))

    async def _log(
        self, transaction: AsyncConnection, actor: str, action: str, subject: str, **details: object
    ) -> None:
        entry = AuditEntry(
            at=self._now(), actor=actor, action=action, subject=subject, details=details
        )
        await transaction.execute(insert(AUDIT_LOG).values(**_row(entry)))


def _named(name: str, kind: str) -> str:
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise InvalidInput(
            f"{name[:200]!r} cannot be the name of a {kind}.",
            hint="Use 1 to 200 printable characters.",
        )
    return name


def _known(role: Role) -> Role:
    if role not in ROLES:
        raise InvalidInput(f"There is no role `{role}`.", hint=f"Choose one of {', '.join(ROLES)}.")
    return role


def _checked(groups: Collection[str]) -> frozenset[str]:
    return frozenset(_named(group, "group") for group in groups)


def _in_future(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
        raise InvalidInput(
            "A key must expire at a time to come.",
            hint="Give a later date, with its time zone.",
        )
    return expires_at


def _row(record: User | ApiKey | AuditEntry) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in record.__slots__}
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in fields.items()
    }


def _user(row: RowMapping) -> User:
    return User(**{**row, "groups": frozenset(row["groups"])})


def _key(row: RowMapping) -> ApiKey:
    known = {name: row[name] for name in ApiKey.__slots__}
    return ApiKey(**{**known, "groups": frozenset(row["groups"])})
