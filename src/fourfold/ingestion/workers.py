"""Parses in processes of their own, so that a hostile file can be stopped and harms nothing."""

from __future__ import annotations

import asyncio
import logging
import sys
from types import TracebackType

import msgspec
import psutil

from fourfold.core.errors import InvalidInput
from fourfold.ingestion.base import Limits, Parsed, SourceFile, Unparsable
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.worker import FRAME_BYTES, Failure, Job, Reply

_log = logging.getLogger(__name__)
_PARSE = "fourfold.ingestion.parse:parse_file"
_WATCH_SECONDS = 0.05


class ParserPool:
    """Worker processes that stay warm between files.

    A worker that takes too long, too much memory, or dies is replaced, and its file is answered
    with `Unparsable`. Workers share nothing with this process but two pipes, and end when it does.
    `parse` names the function that they call, `module:function`.
    """

    def __init__(self, workers: int, limits: Limits, *, parse: str = _PARSE) -> None:
        if workers < 1:
            raise InvalidInput("A pool needs at least one worker.", hint="Ask for 1 or more.")
        self._limits = limits
        self._parse = parse
        self._idle: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()
        self._all: set[_Worker] = set()
        for _ in range(workers):
            self._idle.put_nowait(None)  # a place; its process starts with the first file

    async def __aenter__(self) -> ParserPool:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.gather(*(worker.stop() for worker in list(self._all)))

    async def parse(self, file: SourceFile) -> Parsed:
        """What the file gives. Raises `Unparsable`, and nothing else that the file could cause.

        As many calls run at once as there are workers; the others wait. A call that is
        cancelled stops its worker.
        """
        worker = await self._idle.get()
        try:
            if worker is None:
                worker = await _Worker.start(self._parse, self._limits)
                self._all.add(worker)
            return await worker.parse(file)
        finally:
            if worker is not None and not worker.is_fit:
                self._all.discard(worker)
                await asyncio.shield(worker.stop())
                worker = None
            self._idle.put_nowait(worker)


class _Worker:
    """One process and what goes to and comes from it."""

    def __init__(self, process: asyncio.subprocess.Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._decoder = msgspec.msgpack.Decoder(Reply)
        self.is_fit = True

    @classmethod
    async def start(cls, parse: str, limits: Limits) -> _Worker:
        """Start Python anew: nothing of this process, not even its main module, is run again."""
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            "from fourfold.ingestion.worker import main; main()"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            parse,
            str(limits.memory_bytes),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return cls(process, limits)

    async def parse(self, file: SourceFile) -> Parsed:
        """Send the file, watch the process, take the answer."""
        self.is_fit = False  # until the answer is here: whoever is interrupted leaves a worker busy
        watch = asyncio.create_task(self._watch_memory())
        try:
            async with asyncio.timeout(self._limits.seconds):
                reply = await self._exchange(Job.of(file, self._limits))
        except TimeoutError:
            raise unparsable("took_too_long", f"({self._limits.seconds:g} s)") from None
        except (OSError, EOFError, msgspec.MsgspecError):
            if watch.done() and not watch.cancelled():
                raise unparsable("out_of_memory") from None
            raise unparsable("unreadable", "The program that reads it broke down.") from None
        finally:
            watch.cancel()
        self.is_fit = self._memory() < self._limits.memory_bytes // 2
        return _unwrapped(reply.result, file)

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        if self._process.returncode is None:
            try:
                self._process.kill()
            except ProcessLookupError:
                _log.debug("worker %d had ended", self._process.pid)
        await self._process.wait()

    async def _exchange(self, job: Job) -> Reply:
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        frame = msgspec.msgpack.encode(job)
        writer.write(len(frame).to_bytes(FRAME_BYTES, "big") + frame)
        await writer.drain()
        size = int.from_bytes(await reader.readexactly(FRAME_BYTES), "big")
        return self._decoder.decode(await reader.readexactly(size))

    async def _watch_memory(self) -> None:
        """Ends the process, and itself, when it has too much memory."""
        while self._memory() <= self._limits.memory_bytes:  # noqa: ASYNC110  nobody could tell us
            await asyncio.sleep(_WATCH_SECONDS)
        self._process.kill()

    def _memory(self) -> int:
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0


def _unwrapped(result: Parsed | Failure, file: SourceFile) -> Parsed:
    """What was parsed, or the error; what only a log should tell is logged."""
    if isinstance(result, Failure):
        _log_traceback(file.path, result.traceback)
        raise Unparsable(result.cause, result.message, hint=result.hint)
    for failure in result.failures:
        _log_traceback(f"{file.path}{failure.member}", failure.traceback)
    return result


def _log_traceback(name: str, traceback: str) -> None:
    if traceback:
        _log.error("%s could not be parsed:\n%s", name, traceback)
