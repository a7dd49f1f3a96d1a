"""Experiments in the database: written while they run, so that a killed run loses nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.errors import NotFound, StorageError
from fourfold.core.records import TokenLogprob, Usage
from fourfold.evaluation.records import Case, Exchange, Outcome
from fourfold.storage.database import Database

_ADD_EXCHANGE: Final = text("""
    INSERT INTO exchanges (id, key, model, messages, options, answer, logprobs, finish_reason,
        prompt_tokens, completion_tokens, cached_tokens, cost_usd, seconds, first_text_seconds,
        at, error)
    VALUES (:id, :key, :model, :messages, :options, :answer, :logprobs, :finish_reason,
        :prompt_tokens, :completion_tokens, :cached_tokens, :cost_usd, :seconds,
        :first_text_seconds, :at, :error)
""")
_ADD_CASE: Final = text("""
    INSERT INTO cases (experiment, system, record_id, output, refused, evidence, exchanges,
        prompt_tokens, completion_tokens, cached_tokens, cost_usd, seconds, first_text_seconds,
        error_code, error_message)
    VALUES (:experiment, :system, :record_id, :output, :refused, :evidence, :exchanges,
        :prompt_tokens, :completion_tokens, :cached_tokens, :cost_usd, :seconds,
        :first_text_seconds, :error_code, :error_message)
    ON CONFLICT (experiment, system, record_id) DO UPDATE SET
        output = excluded.output, refused = excluded.refused, evidence = excluded.evidence,
        exchanges = excluded.exchanges, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, cached_tokens = excluded.cached_tokens,
        cost_usd = excluded.cost_usd, seconds = excluded.seconds,
        first_text_seconds = excluded.first_text_seconds, error_code = excluded.error_code,
        error_message = excluded.error_message
""")
_GATHER_SECONDS: Final = 0.02  # what comes within them is written in one transaction
_WAITS: Final = (0.0, 1.0, 5.0)  # seconds before each try to write
_EXCHANGES: Final = """
    SELECT id, key, model, answer, logprobs, finish_reason, prompt_tokens, completion_tokens,
        cached_tokens, cost_usd, seconds, first_text_seconds, at, error
    FROM exchanges
"""


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
                {"id": experiment, "name": name, "spec": _json(spec), "at": at},
            )

    async def end(self, experiment: str, result: Mapping[str, Any], at: datetime) -> None:
        """Keep what came out."""
        async with self._database.begin() as transaction:
            await transaction.execute(
                text("UPDATE experiments SET result = :result, ended_at = :at WHERE id = :id"),
                {"id": experiment, "result": _json(result), "at": at},
            )

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
                text(f"{_EXCHANGES} WHERE id = ANY(:ids)"), {"ids": wanted}
            )
            exchanges = {row["id"]: _exchange(dict(row)) for row in found.mappings()}
        return [_case(dict(row), exchanges) for row in cases]

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
                yield {**row, **{key: _loaded(row[key]) for key in ("messages", "options")}}

    @asynccontextmanager
    async def journal(self, experiment: str, models: Sequence[str]) -> AsyncIterator[Journal]:
        """What is known of these models' answers, and where new ones and cases are written."""
        async with self._database.connect() as connection:
            rows = await connection.execute(
                text(f"{_EXCHANGES} WHERE error = '' AND model = ANY(:models)"),
                {"models": list(models)},
            )
            known = {row["key"]: _exchange(dict(row)) for row in rows.mappings()}
        journal = Journal(self._database, experiment, known)
        writing = asyncio.create_task(journal.write())
        try:
            yield journal
        finally:
            journal.finish()
            await writing


class Journal:
    """Writes exchanges and cases in the order in which they come, as many as wait at a time."""

    def __init__(self, database: Database, experiment: str, known: dict[str, Exchange]) -> None:
        self._database = database
        self._experiment = experiment
        self._known = known
        self._waiting: asyncio.Queue[Exchange | Case | None] = asyncio.Queue()
        self._saved: dict[int, asyncio.Future[None]] = {}
        self._error: StorageError | None = None

    def recall(self, key: str) -> Exchange | None:
        """The whole exchange of that key, or None."""
        return self._known.get(key)

    def forget(self) -> None:
        """Recall nothing that was answered before; it stays on disk."""
        self._known.clear()

    def remember(self, exchange: Exchange) -> None:
        """Keep an exchange."""
        if exchange.answered:
            self._known.setdefault(exchange.key, replace(exchange, messages=()))
        self._waiting.put_nowait(exchange)

    async def save(self, case: Case) -> None:
        """Keep a case; returns when it and its exchanges are on disk."""
        if self._error:
            raise self._error
        saved = asyncio.get_running_loop().create_future()
        self._saved[id(case)] = saved
        self._waiting.put_nowait(case)
        await saved

    def finish(self) -> None:
        """Let `write` end when everything is written."""
        self._waiting.put_nowait(None)

    async def write(self) -> None:
        """Write until `finish`; when the database stays away, every `save` raises its error."""
        ended = False
        while not ended:
            batch = [await self._waiting.get()]
            await asyncio.sleep(_GATHER_SECONDS)
            with suppress(asyncio.QueueEmpty):
                while True:
                    batch.append(self._waiting.get_nowait())
            ended = None in batch
            rows = [one for one in batch if one is not None]
            await self._write_patiently(rows)
            for one in rows:
                saved = self._saved.pop(id(one), None)
                if saved and not saved.done():
                    saved.set_exception(self._error) if self._error else saved.set_result(None)

    async def _write_patiently(self, rows: Sequence[Exchange | Case]) -> None:
        """A database that was restarted is there again after a moment."""
        for wait in _WAITS:
            if self._error or not rows:
                return
            await asyncio.sleep(wait)
            try:
                async with self._database.begin() as transaction:
                    await self._insert(transaction, rows)
            except StorageError as error:
                if wait == _WAITS[-1]:
                    self._error = error
            else:
                return

    async def _insert(self, transaction: AsyncConnection, batch: Sequence[Exchange | Case]) -> None:
        exchanges = [_exchange_row(one) for one in batch if isinstance(one, Exchange)]
        cases = [_case_row(one, self._experiment) for one in batch if isinstance(one, Case)]
        if exchanges:
            await transaction.execute(_ADD_EXCHANGE, exchanges)
        if cases:
            await transaction.execute(_ADD_CASE, cases)


def _exchange_row(one: Exchange) -> dict[str, Any]:
    return {
        "id": one.id,
        "key": one.key,
        "model": one.model,
        "messages": _json([{"role": m.role, "content": m.content} for m in one.messages]),
        "options": _json(one.options),
        "answer": _storable(one.text),
        "logprobs": _json([asdict(each) for each in one.logprobs]),
        "finish_reason": one.finish_reason,
        **_usage_row(one.usage),
        "seconds": one.seconds,
        "first_text_seconds": one.first_text_seconds,
        "at": one.at,
        "error": one.error,
    }


def _case_row(one: Case, experiment: str) -> dict[str, Any]:
    outcome = one.outcome
    return {
        "experiment": experiment,
        "system": one.system,
        "record_id": one.record_id,
        "output": _storable(outcome.output) if outcome else None,
        "refused": outcome.refused if outcome else None,
        "evidence": _json(outcome.evidence if outcome else ()),
        "exchanges": list(dict.fromkeys(exchange.id for exchange in one.exchanges)),
        **_usage_row(outcome.usage if outcome else Usage(cost_usd=None)),
        "seconds": outcome.seconds if outcome else None,
        "first_text_seconds": outcome.first_text_seconds if outcome else None,
        "error_code": one.error_code,
        "error_message": _storable(one.error_message),
    }


def _usage_row(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost_usd": usage.cost_usd,
    }


def _usage(row: Mapping[str, Any]) -> Usage:
    names = ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd")
    return Usage(**{name: row[name] for name in names})


def _exchange(row: Mapping[str, Any]) -> Exchange:
    return Exchange(
        id=row["id"],
        key=row["key"],
        model=row["model"],
        messages=(),
        options={},
        text=row["answer"],
        finish_reason=row["finish_reason"],
        usage=_usage(row),
        seconds=row["seconds"],
        first_text_seconds=row["first_text_seconds"],
        at=row["at"],
        logprobs=tuple(TokenLogprob(**each) for each in _loaded(row["logprobs"])),
        error=row["error"],
    )


def _case(row: Mapping[str, Any], exchanges: Mapping[str, Exchange]) -> Case:
    outcome = None
    if row["output"] is not None:
        outcome = Outcome(
            output=row["output"],
            refused=row["refused"],
            evidence=tuple(_loaded(row["evidence"])),
            usage=_usage(row),
            seconds=row["seconds"],
            first_text_seconds=row["first_text_seconds"],
        )
    return Case(
        system=row["system"],
        record_id=row["record_id"],
        outcome=outcome,
        exchanges=tuple(exchanges[one] for one in row["exchanges"] if one in exchanges),
        error_code=row["error_code"],
        error_message=row["error_message"],
    )


def _experiment(row: Mapping[str, Any]) -> Experiment:
    return Experiment(
        id=row["id"],
        name=row["name"],
        spec=_loaded(row["spec"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        result=_loaded(row["result"]),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "�")


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _storable(text: str) -> str:
    """PostgreSQL keeps every character but this one."""
    return text.replace("\x00", "�")
