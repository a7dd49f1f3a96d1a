"""Users and keys: who gets in, with which rights, and for how long."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.access import Access, KeyRing, includes
from fourfold.core.errors import InvalidInput, NotAllowed, NotFound, StorageError
from fourfold.storage.database import Database

pytestmark = pytest.mark.anyio


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(database: Database, clock: Clock) -> Access:
    return Access(database, now=clock.now)


@pytest.fixture
def ring(database: Database, clock: Clock) -> KeyRing:
    return KeyRing(database, now=clock.now, monotonic=clock.monotonic)


async def test_a_key_leads_to_its_user_with_role_and_groups(access: Access, ring: KeyRing) -> None:
    anna = await access.create_user("Anna Müller", role="engineer", groups=["sales"], actor="cli")
    new = await access.create_key("laptop", role="engineer", user="Anna Müller", actor="cli")
    caller = await ring.caller(new.secret)
    assert caller is not None
    assert caller.principal.id == anna.id
    assert caller.principal.role == "engineer"
    assert caller.principal.groups == {"sales"}
    assert not caller.principal.sees_all_groups


async def test_a_key_never_may_more_than_its_user(access: Access, ring: KeyRing) -> None:
    await access.create_user("Ben", role="viewer", groups=["sales"], actor="cli")
    new = await access.create_key(
        "too much", role="owner", groups=["sales", "board"], user="Ben", actor="cli"
    )
    caller = await ring.caller(new.secret)
    assert caller is not None
    assert caller.principal.role == "viewer"
    assert caller.principal.groups == {"sales"}


async def test_the_secret_is_nowhere_in_the_database(access: Access, database: Database) -> None:
    new = await access.create_key("app", actor="cli")
    async with database.begin() as transaction:
        rows = await transaction.execute(
            text("SELECT k::text, a::text FROM api_keys k, audit_log a")
        )
        kept = str(rows.all())
    assert new.key.prefix in kept
    assert new.secret not in kept
    assert new.secret[len(new.key.prefix) :] not in kept
    assert new.secret not in repr(new)


@pytest.mark.parametrize("wrong", ["", "ff_", "ff_wrong", "äöü", "\udcff", "x" * 100_000])
async def test_a_wrong_key_leads_to_nobody(ring: KeyRing, wrong: str) -> None:
    assert await ring.caller(wrong) is None


async def test_a_revoked_key_stops_within_a_second(
    access: Access, ring: KeyRing, clock: Clock
) -> None:
    new = await access.create_key("app", actor="cli")
    assert await ring.caller(new.secret)
    await access.revoke_key(new.key.prefix, actor="cli")
    clock.pass_seconds(1)
    assert await ring.caller(new.secret) is None


async def test_a_revoked_user_is_shut_out_with_all_keys(
    access: Access, ring: KeyRing, clock: Clock
) -> None:
    await access.create_user("Carla", role="owner", actor="cli")
    new = await access.create_key("laptop", user="Carla", actor="cli")
    assert await ring.caller(new.secret)
    await access.revoke_user("Carla", actor="cli")
    clock.pass_seconds(1)
    assert await ring.caller(new.secret) is None
    with pytest.raises(NotFound):
        await access.create_key("again", user="Carla", actor="cli")


async def test_a_key_expires(access: Access, ring: KeyRing, clock: Clock) -> None:
    until = clock.now() + timedelta(hours=1)
    new = await access.create_key("short", expires_at=until, actor="cli")
    assert await ring.caller(new.secret)
    clock.pass_seconds(3600)
    assert await ring.caller(new.secret) is None


@pytest.mark.parametrize("expires_at", [datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1)])
async def test_a_key_cannot_expire_in_the_past_or_nowhere(
    access: Access, expires_at: datetime
) -> None:
    with pytest.raises(InvalidInput):
        await access.create_key("late", expires_at=expires_at, actor="cli")


async def test_many_requests_with_one_key_ask_the_database_once(
    access: Access, database: Database, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = await access.create_key("busy", actor="cli")
    begun: list[AbstractAsyncContextManager[AsyncConnection]] = []
    begin = database.begin

    def counted() -> AbstractAsyncContextManager[AsyncConnection]:
        begun.append(begin())
        return begun[-1]

    monkeypatch.setattr(database, "begin", counted)
    callers = await asyncio.gather(*(ring.caller(new.secret) for _ in range(50)))
    assert all(callers)
    assert len(begun) == 1


async def test_one_request_that_gives_up_does_not_disturb_the_others(
    access: Access, ring: KeyRing
) -> None:
    new = await access.create_key("busy", actor="cli")
    impatient = asyncio.create_task(ring.caller(new.secret))
    patient = asyncio.create_task(ring.caller(new.secret))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient


async def test_the_last_use_is_noted_at_most_once_a_minute(
    access: Access, ring: KeyRing, clock: Clock
) -> None:
    new = await access.create_key("app", actor="cli")
    first = clock.now()
    for _ in range(3):
        await ring.caller(new.secret)
        clock.pass_seconds(10)
    assert (await access.keys())[0].last_used_at == first
    clock.pass_seconds(60)
    await ring.caller(new.secret)
    assert (await access.keys())[0].last_used_at == clock.now()


async def test_nobody_gets_in_while_the_database_is_away(database: Database, ring: KeyRing) -> None:
    async with database.begin() as transaction:
        await transaction.execute(text("ALTER TABLE api_keys RENAME TO away"))
    try:
        with pytest.raises(StorageError):
            await ring.caller("ff_whoever")
    finally:
        async with database.begin() as transaction:
            await transaction.execute(text("ALTER TABLE away RENAME TO api_keys"))


async def test_an_application_acts_for_its_users_within_its_own_groups(
    access: Access, ring: KeyRing
) -> None:
    new = await access.create_key(
        "app", role="engineer", groups=["sales", "service"], act_for_users=True, actor="cli"
    )
    application = await ring.caller(new.secret)
    assert application is not None
    user = application.acting_for("anna@example.com", ["sales", "board"])
    assert user.principal.id == f"{new.key.id}/anna@example.com"
    assert user.principal.role == "viewer"
    assert user.principal.groups == {"sales"}
    assert not user.act_for_users


async def test_an_end_user_cannot_name_themselves_below_another(
    access: Access, ring: KeyRing
) -> None:
    new = await access.create_key("app", act_for_users=True, actor="cli")
    application = await ring.caller(new.secret)
    assert application is not None
    assert application.acting_for("a/b", []).principal.id == f"{new.key.id}/a%2Fb"


async def test_a_key_without_the_right_acts_for_nobody(access: Access, ring: KeyRing) -> None:
    new = await access.create_key("plain", role="owner", actor="cli")
    caller = await ring.caller(new.secret)
    assert caller is not None
    with pytest.raises(NotAllowed):
        caller.acting_for("anna", [])


async def test_every_change_is_in_the_audit_log(access: Access) -> None:
    await access.create_user("Dora", role="viewer", actor="user_root")
    new = await access.create_key("app", user="Dora", actor="user_root")
    await access.revoke_key(new.key.id, actor="user_root")
    await access.revoke_user("Dora", actor="user_root")
    log = await access.audit_log()
    assert {entry.action for entry in log} == {
        "create user", "create key", "revoke key", "revoke user",
    }  # fmt: skip
    assert {entry.actor for entry in log} == {"user_root"}


async def test_a_name_is_used_once(access: Access) -> None:
    await access.create_user("Eva", role="viewer", actor="cli")
    with pytest.raises(InvalidInput, match="already"):
        await access.create_user("Eva", role="owner", actor="cli")
    assert [user.role for user in await access.users()] == ["viewer"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "x" * 201])
async def test_a_name_that_nobody_can_read_is_refused(access: Access, name: str) -> None:
    with pytest.raises(InvalidInput):
        await access.create_user(name, role="viewer", actor="cli")
    with pytest.raises(InvalidInput):
        await access.create_key(name, actor="cli")


async def test_revoking_what_is_not_there_says_so(access: Access) -> None:
    with pytest.raises(NotFound):
        await access.revoke_key("key_none", actor="cli")
    with pytest.raises(NotFound):
        await access.revoke_user("nobody", actor="cli")


def test_roles_include_those_below() -> None:
    assert includes("owner", "viewer")
    assert includes("reviewer", "reviewer")
    assert not includes("reviewer", "engineer")
