"""Experiments in the database: what was compared, what was asked, what came out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.errors import NotFound, StorageError
from fourfold.evaluation.claims import HOLDERS, Claims, lock_of
from fourfold.evaluation.journal import Journal
from fourfold.evaluation.records import FINAL, Case, ExperimentBusy, Spent
from fourfold.evaluation.rows import EXCHANGES, as_json, case_of, exchange_of, loaded
from fourfold.storage.database import Database

_BUSY_SECONDS: Final = 2.0  # in which the database notices that a process was killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What was to be compared, and, once it has ended, what came out."""

    id: str
    name: str
    spec: Mapping[str, Any]
    started_at: datetime
    ended_at: datetime | None
    result: Mapping[str, Any] | None


class Experiments:
    """All experiments of a project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, experiment: str, name: str, spec: Mapping[str, Any], at: datetime
    ) -> None:
        """Make the experiment, or go on with the one of that id."""
        async with self._database.begin() as transaction:
            await transaction.execute(
                text(
                    "INSERT INTO experiments (id, name, spec, started_at) "
                    "VALUES (:id, :name, :spec, :at) ON CONFLICT (id) DO NOTHING"
                ),
                {"id": experiment, "name": name, "spec": as_json(spec), "at": at},
            )

    async def end(self, experiment: str, result: Mapping[str, Any], at: datetime) -> None:
        """Keep what came out."""
        async with self._database.begin() as transaction:
            await transaction.execute(
                text("UPDATE experiments SET result = :result, ended_at = :at WHERE id = :id"),
                {"id": experiment, "result": as_json(result), "at": at},
            )

    async def repetition(self, experiment: str) -> int:
        """The number of its run that was begun anew and not ended, else of the next one."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT CAST(spec->>'repetition' AS integer) AS number, ended_at "
                    "FROM experiments WHERE id LIKE CAST(:id AS text) || '-%' "
                    "ORDER BY 1 DESC LIMIT 1"
                ),
                {"id": experiment},
            )
            latest = rows.first()
        if latest is None:
            return 2  # the first is the experiment itself
        number: int = latest.number
        return number + 1 if latest.ended_at else number

    async def listed(self, *, limit: int = 50) -> list[Experiment]:
        """The latest ones first."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text("SELECT * FROM experiments ORDER BY started_at DESC, id LIMIT :limit"),
                {"limit": limit},
            )
            return [_experiment(dict(row)) for row in rows.mappings()]

    async def named(self, experiment: str) -> Experiment:
        """The experiment of that id or, where several have one name, the latest of that name."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT * FROM experiments WHERE id = :id OR name = :id "
                    "ORDER BY id = :id DESC, started_at DESC LIMIT 1"
                ),
                {"id": experiment},
            )
            if found := rows.mappings().first():
                return _experiment(dict(found))
        raise NotFound(
            f"There is no experiment called `{experiment}`.",
            hint="`fourfold compare --list` shows them.",
        )

    async def cases(self, experiment: str) -> list[Case]:
        """Its cases, without the messages of their exchanges."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text("SELECT * FROM cases WHERE experiment = :id ORDER BY system, record_id"),
                {"id": experiment},
            )
            cases = list(rows.mappings())
            wanted = [one for row in cases for one in row["exchanges"]]
            found = await connection.execute(
                text(f"{EXCHANGES} WHERE id = ANY(:ids)"), {"ids": wanted}
            )
            exchanges = {row["id"]: exchange_of(dict(row)) for row in found.mappings()}
        return [case_of(dict(row), exchanges) for row in cases]

    async def answers(self, experiment: str) -> dict[str, int]:
        """How many records each system has answered so far, by its name."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT system, count(*) AS answers FROM cases "
                    "WHERE experiment = :id AND output IS NOT NULL GROUP BY system"
                ),
                {"id": experiment},
            )
            return {row.system: row.answers for row in rows}

    async def requests(self, experiment: str) -> AsyncIterator[dict[str, Any]]:
        """Every request of an experiment with its messages and its answer, for an export."""
        async with self._database.connect() as connection:
            rows = await connection.stream(
                text(
                    "SELECT cases.system, cases.record_id, exchanges.* FROM cases "
                    "JOIN exchanges ON exchanges.id = ANY(cases.exchanges) "
                    "WHERE experiment = :id ORDER BY cases.system, cases.record_id, exchanges.at"
                ),
                {"id": experiment},
            )
            async for row in rows.mappings():
                yield {**row, **{key: loaded(row[key]) for key in ("messages", "options")}}

    @asynccontextmanager
    async def journal(
        self, experiment: str, identities: Sequence[str], *, own_only: bool = False
    ) -> AsyncIterator[Journal]:
        """What is known of these models' answers, and where new ones and cases are written.

        What was kept before models had identities is known, too: its keys tell it apart. With
        `own_only`, only what this experiment itself has asked is known.
        """
        own = "id IN (SELECT id FROM intents WHERE experiment = :experiment)"
        known = "error = ANY(:final) AND identity = ANY(:identities)"
        wanted: dict[str, Any] = {"final": sorted(FINAL), "identities": ["", *identities]}
        if own_only:
            known, wanted["experiment"] = f"{known} AND {own}", experiment
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(f"{EXCHANGES} WHERE {known} ORDER BY at"),  # the latest answer counts
                wanted,
            )
            answers = {row["key"]: exchange_of(dict(row)) for row in rows.mappings()}
        claims = Claims(self._database, experiment, anew=own_only)
        journal = Journal(self._database, experiment, answers, claims)
        async with journal.writing():
            yield journal

    async def spent(self, experiment: str) -> Spent:
        """What its runs have spent, and may have: unknown costs count with the most.

        Requests that cost nothing in any case, as those of this machine, are not counted.
        """
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT coalesce(sum(coalesce(exchanges.cost_usd, most_usd)), 0) AS usd, "
                    "count(*) FILTER (WHERE exchanges.id IS NULL AND most_usd IS DISTINCT FROM 0) "
                    "AS unanswered, coalesce("
                    "sum(most_usd) FILTER (WHERE exchanges.id IS NULL), 0) AS unanswered_usd "
                    "FROM intents LEFT JOIN exchanges USING (id) WHERE experiment = :experiment"
                ),
                {"experiment": experiment},
            )
            return Spent(**rows.mappings().one())

    @asynccontextmanager
    async def alone(self, experiment: str, holder: str) -> AsyncIterator[None]:
        """Hold the right to run it; freed when this process ends, however it ends.

        `holder` says who we are. Raises `ExperimentBusy`, which says who holds the right.
        """
        key = lock_of(experiment)
        async with self._database.connect() as connection:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await _take(connection, experiment, key)
            name = text("SELECT set_config('application_name', :name, false)")
            await connection.execute(name, {"name": holder})
            try:
                yield
            finally:
                with suppress(StorageError, DBAPIError):  # a lost connection holds nothing
                    unlock = text("SELECT pg_advisory_unlock(:key)")
                    await connection.execute(unlock, {"key": key})
                    await connection.execute(name, {"name": ""})


async def _take(connection: AsyncConnection, experiment: str, key: int) -> None:
    """Take the lock; one whose process was just killed is free in a moment."""
    for wait in (0.0, _BUSY_SECONDS / 2, _BUSY_SECONDS / 2):
        await asyncio.sleep(wait)
        take = text("SELECT pg_try_advisory_lock(:key)")
        if await connection.scalar(take, {"key": key}):
            return
    who = await connection.scalar(HOLDERS, {"locks": [key]})
    raise ExperimentBusy(
        f"The comparison `{experiment}` is being made already, by {who or 'another process'}.",
        hint="Wait until it has ended; then the same command shows what it found.",
    )


def _experiment(row: Mapping[str, Any]) -> Experiment:
    return Experiment(
        id=row["id"],
        name=row["name"],
        spec=loaded(row["spec"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        result=loaded(row["result"]),
    )
