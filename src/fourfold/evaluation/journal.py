"""What an experiment writes while it runs, so that a killed one loses nothing and knows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final, Generic, TypeVar

from fourfold.core.errors import StorageError
from fourfold.evaluation.claims import Claims
from fourfold.evaluation.records import Case, Exchange, Intent
from fourfold.evaluation.rows import ADD_CASE, ADD_EXCHANGE, case_row, exchange_row
from fourfold.storage.database import Database

Row = TypeVar("Row")
_GATHER_SECONDS: Final = 0.02  # what comes within them is written in one transaction
_LOOK_SECONDS: Final = 0.5  # between two looks whether another process has its answer
_WAITS: Final = (0.0, 1.0, 5.0)  # seconds before each try to write


class Journal:
    """Recalls what was answered; writes intents before, exchanges and cases after each request.

    Intents are waited for, so they are written at once, and those that come meanwhile together;
    all else in the order in which it comes, as much as gathers in a fiftieth of a second.
    """

    def __init__(
        self, database: Database, experiment: str, known: Mapping[str, Exchange], claims: Claims
    ) -> None:
        self.underway: dict[str, asyncio.Future[Exchange | None]] = {}
        self._database = database
        self._experiment = experiment
        self._known = dict(known)
        self._rows = _Waiting[Exchange | Case](self._insert_rows, gather_seconds=_GATHER_SECONDS)
        self._claims = claims
        self._intents = _Waiting[Intent](claims.claim, gather_seconds=0.0)

    def recall(self, key: str) -> Exchange | None:
        """The whole exchange of that key, or None."""
        return self._known.get(key)

    async def intend(self, intent: Intent) -> bool:
        """Write down what is about to be sent; returns when it is on disk.

        False: another experiment has sent it meanwhile, and `recall` knows the answer now.
        """
        while not await self._intents.put_and_wait(intent):
            if found := await self._claims.answer(intent.key):
                self._known.setdefault(intent.key, found)
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    def remember(self, exchange: Exchange) -> None:
        """Keep an exchange; at once for `recall`, soon on disk."""
        if exchange.answered:
            self._known.setdefault(exchange.key, replace(exchange, messages=()))
        self._rows.put(exchange)

    async def save(self, case: Case) -> None:
        """Keep a case; returns when it and its exchanges are on disk."""
        await self._rows.put_and_wait(case)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write within this block; at its end all is on disk, or the database stays away."""
        writers = [asyncio.create_task(one.write()) for one in (self._rows, self._intents)]
        try:
            yield
        finally:
            self._rows.finish()
            self._intents.finish()
            await asyncio.gather(*writers)

    async def _insert_rows(self, batch: Sequence[Exchange | Case]) -> list[bool]:
        exchanges = [exchange_row(one) for one in batch if isinstance(one, Exchange)]
        cases = [case_row(one, self._experiment) for one in batch if isinstance(one, Case)]
        async with self._database.begin() as transaction:
            if exchanges:
                await transaction.execute(ADD_EXCHANGE, exchanges)
            if cases:
                await transaction.execute(ADD_CASE, cases)
        return [True] * len(batch)


class _Waiting(Generic[Row]):
    """Rows that wait to be written, and who waits for them; `insert` says which ones it wrote.

    When the database stays away, everybody who waits and who comes is told its error.
    """

    def __init__(
        self, insert: Callable[[Sequence[Row]], Awaitable[list[bool]]], *, gather_seconds: float
    ) -> None:
        self._insert = insert
        self._gather_seconds = gather_seconds
        self._queue: asyncio.Queue[tuple[Row, asyncio.Future[bool] | None] | None] = asyncio.Queue()
        self._error: StorageError | None = None

    def put(self, row: Row) -> None:
        """Write it soon."""
        self._queue.put_nowait((row, None))

    async def put_and_wait(self, row: Row) -> bool:
        """Write it, and all that came before; returns when it is on disk, if it was written."""
        if self._error:
            raise self._error
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((row, written))
        return await written

    def finish(self) -> None:
        """Let `write` end when everything is written."""
        self._queue.put_nowait(None)

    async def write(self) -> None:
        """Write until `finish`, as many as wait at a time."""
        ended = False
        while not ended:
            batch = [await self._queue.get()]
            await asyncio.sleep(self._gather_seconds)
            with suppress(asyncio.QueueEmpty):
                while True:
                    batch.append(self._queue.get_nowait())
            ended = None in batch
            waiting = [one for one in batch if one is not None]
            found = await self._insert_patiently([row for row, _ in waiting])
            for (_, written), inserted in zip(waiting, found, strict=True):
                if written and not written.done():
                    if self._error:
                        written.set_exception(self._error)
                    else:
                        written.set_result(inserted)

    async def _insert_patiently(self, rows: Sequence[Row]) -> list[bool]:
        """A database that was restarted is there again after a moment."""
        for wait in _WAITS:
            if self._error or not rows:
                break
            await asyncio.sleep(wait)
            try:
                return await self._insert(rows)
            except StorageError as error:
                if wait == _WAITS[-1]:
                    self._error = error
        return [False] * len(rows)
