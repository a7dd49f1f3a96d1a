"""Which requests an experiment may send: each is sent by one of all that run at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import text

from fourfold.evaluation.records import FINAL, Exchange, Intent
from fourfold.evaluation.rows import EXCHANGES, exchange_of
from fourfold.storage.database import Database

_CLAIM: Final = text("""
    WITH written AS (
        SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:keys AS text[]), CAST(:models AS text[]),
            CAST(:most AS double precision[]), CAST(:times AS timestamptz[]))
            AS written (id, key, model, most_usd, at)
    ), claimed AS (
        INSERT INTO claims (key, experiment)
        SELECT DISTINCT key, :experiment FROM written ORDER BY key
        ON CONFLICT (key) DO UPDATE SET experiment = excluded.experiment
        WHERE claims.experiment = excluded.experiment OR claims.key = ANY(CAST(:free AS text[]))
        RETURNING key
    )
    INSERT INTO intents (id, experiment, key, model, most_usd, at)
    SELECT id, :experiment, key, model, most_usd, at FROM written JOIN claimed USING (key)
    RETURNING key
""")
_OF_KEY: Final = """
    WHERE id IN (SELECT id FROM intents WHERE key = :key) AND error = ANY(:final)
    ORDER BY at DESC LIMIT 1
"""
_ASKING: Final = text("""
    SELECT DISTINCT experiment FROM intents
    WHERE key = :key AND experiment <> :experiment
        AND NOT EXISTS (SELECT FROM exchanges WHERE exchanges.id = intents.id)
""")
HOLDERS: Final = text("""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND (classid::bigint << 32) | objid::bigint = ANY(CAST(:locks AS bigint[]))
""")
"""Who holds one of these locks, in words that a process gives itself; no row: nobody."""


def lock_of(experiment: str) -> int:
    """The number of the lock that an experiment's process holds while it runs."""
    return int.from_bytes(sha256(f"experiment {experiment}".encode()).digest()[:7], "big")


class Claims:
    """The requests of one experiment beside those of all others in the same database.

    With `anew`, what others have asked or are asking is asked all the same.
    """

    def __init__(self, database: Database, experiment: str, *, anew: bool = False) -> None:
        self._database = database
        self._experiment = experiment
        self._anew = anew
        self._free: set[str] = set()  # keys that another one claimed, and asks no longer

    async def claim(self, intents: Sequence[Intent]) -> list[bool]:
        """Write down those that no other experiment has claimed; of each, whether it was."""
        keys = [one.key for one in intents]
        columns = {
            "ids": [one.id for one in intents],
            "keys": keys,
            "models": [one.model for one in intents],
            "most": [one.most_usd for one in intents],
            "times": [one.at for one in intents],
            "free": keys if self._anew else sorted(self._free),
        }
        async with self._database.begin() as transaction:
            rows = await transaction.execute(_CLAIM, {"experiment": self._experiment, **columns})
            claimed = set(rows.scalars())
        self._free -= claimed
        return [key in claimed for key in keys]

    async def answer(self, key: str) -> Exchange | None:
        """The whole answer that another experiment has got, or None.

        Where nobody asks any longer, since it failed or its process was killed, the key is free
        for the next `claim`.
        """
        async with self._database.connect() as connection:
            found = await connection.execute(
                text(f"{EXCHANGES} {_OF_KEY}"), {"key": key, "final": sorted(FINAL)}
            )
            if row := found.mappings().first():
                return exchange_of(dict(row))
            asking = await connection.execute(_ASKING, {"key": key, "experiment": self._experiment})
            locks = [lock_of(one) for one in asking.scalars()]
            if await connection.scalar(HOLDERS, {"locks": locks}) is None:
                self._free.add(key)
        return None
