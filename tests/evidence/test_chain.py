"""The chain of evidence: entries hold together."""

import asyncio
from datetime import UTC, datetime

import pytest

from fourfold.core.errors import NotFound
from fourfold.evidence import Chain
from fourfold.evidence.chain import entry_hash
from fourfold.storage.database import Database

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_each_entry_holds_the_hash_of_the_one_before(database: Database) -> None:
    chain = Chain(database, clock=lambda: NOON)
    first = await chain.append("comparison", "a", {"score": 0.1, "name": "Müller"})
    second = await chain.append("comparison", "b", {"score": 1e-9})
    assert (first.number, second.number) == (1, 2)
    assert second.previous == first.hash
    assert first.hash == entry_hash(1, NOON, "comparison", "a", first.body, "0" * 64)


async def test_an_entry_read_from_the_database_has_the_hash_it_was_written_with(
    database: Database,
) -> None:
    chain = Chain(database)
    body = {"z": [1, 2.5, 1e-7, 1e22, None, True], "a": {"text": "ß – €"}, "n": 3.0}
    written = await chain.append("comparison", "a", body)
    read = await chain.latest("comparison", "a")
    assert read == written
    again = entry_hash(read.number, read.at, read.kind, read.subject, read.body, read.previous)
    assert again == read.hash


async def test_writers_at_once_make_one_chain(database: Database) -> None:
    chain = Chain(database)
    entries = await asyncio.gather(*(chain.append("test", str(n), {}) for n in range(8)))
    assert sorted(entry.number for entry in entries) == list(range(1, 9))
    hashes = {entry.hash for entry in entries}
    assert sum(entry.previous in hashes for entry in entries) == 7


async def test_the_latest_of_a_kind_or_an_error(database: Database) -> None:
    chain = Chain(database)
    await chain.append("comparison", "a", {"n": 1})
    await chain.append("comparison", "b", {"n": 2})
    assert (await chain.latest("comparison")).body == {"n": 2}
    assert (await chain.latest("comparison", "a")).body == {"n": 1}
    with pytest.raises(NotFound, match="no evidence of a tuning"):
        await chain.latest("tuning")
