"""Starts a recorder for each request and writes what they took down, in the background."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from fourfold.core.errors import StorageError
from fourfold.core.records import Principal
from fourfold.storage.database import Database
from fourfold.tracing.ids import new_trace_id
from fourfold.tracing.recorder import TraceRecorder
from fourfold.tracing.writing import TraceWriter, Unwritable

_log = logging.getLogger(__name__)

_WAIT_SECONDS = 1.0  # between batches: a batch costs the same for ten traces as for a hundred
_BATCH = 1_000
_LONGEST_WAIT_SECONDS = 30.0  # between attempts while the database is away


class Tracer:
    """One for each process: `async with Tracer(database) as tracer`.

    A request only appends to a queue. When the database is slower than the requests for long,
    the oldest traces are dropped and counted: a trace is never worth a request. Leaving the block
    writes what is left.
    """

    def __init__(
        self,
        database: Database,
        *,
        queue_size: int = 20_000,
        seconds: Callable[[], float] = time.perf_counter,
        now_ns: Callable[[], int] = time.time_ns,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        wait_seconds: float = _WAIT_SECONDS,
    ) -> None:
        self._writer = TraceWriter(database)
        self._queue: deque[TraceRecorder] = deque(maxlen=queue_size)
        self._seconds = seconds
        self._now_ns = now_ns
        self._random_bytes = random_bytes
        self._wait_seconds = wait_seconds
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.written = 0
        self.dropped = 0

    def record(self, kind: str, *, principal: Principal, application: str = "") -> TraceRecorder:
        """Begin to take down a request; `application` is the model name that it asked for."""
        trace_id = new_trace_id(self._now_ns(), self._random_bytes(10))
        return TraceRecorder(
            trace_id=trace_id,
            kind=kind,
            principal=principal.id,
            application=application,
            seconds=self._seconds,
            ended=self._keep,
        )

    async def __aenter__(self) -> Tracer:
        self._task = asyncio.create_task(self._write_on())
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        if self._task:
            await self._task
        await self._flush_or_count()

    async def flush(self) -> None:
        """Write all that had ended by now; raises `StorageError`, and keeps the traces then.

        What ends meanwhile waits for the next time: else a busy server would write small batches
        without a pause.
        """
        left = len(self._queue)
        while left and self._queue:
            size = min(_BATCH, left, len(self._queue))
            batch = [self._queue.popleft() for _ in range(size)]
            left -= size
            try:
                await self._writer.write(batch)
                self.written += len(batch)
            except Unwritable:
                self.dropped += len(batch)
                _log.exception("%d traces are lost, the database refuses them", len(batch))
            except (StorageError, asyncio.CancelledError):
                self._give_back(batch)
                raise

    def _keep(self, recorder: TraceRecorder) -> None:
        if len(self._queue) == self._queue.maxlen:
            self.dropped += 1
        self._queue.append(recorder)

    def _give_back(self, batch: list[TraceRecorder]) -> None:
        room = (self._queue.maxlen or 0) - len(self._queue)
        kept = batch[max(0, len(batch) - room) :] if room else []
        self.dropped += len(batch) - len(kept)
        self._queue.extendleft(reversed(kept))

    async def _write_on(self) -> None:
        wait = self._wait_seconds
        while not await self._told_to_stop_within(wait):
            try:
                await self.flush()
                wait = self._wait_seconds
            except StorageError as error:
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
                _log.warning("Traces wait, the database does not take them: %s", error)

    async def _told_to_stop_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _flush_or_count(self) -> None:
        try:
            await self.flush()
        except StorageError as error:
            self.dropped += len(self._queue)
            _log.error("%d traces are lost at the end: %s", len(self._queue), error)
