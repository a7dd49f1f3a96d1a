"""The other end of a parser pool: a process that parses, and ends with its parent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, cast

import msgspec

from fourfold.ingestion.base import Cause, Limits, Parsed, SourceFile, Unparsable
from fourfold.ingestion.causes import broken_by, unparsable

FRAME_BYTES = 8  # the length of a message, before it
_HEADROOM_BYTES = 1 << 29  # above the watched limit: a single wild allocation fails in here


class Job(msgspec.Struct, frozen=True):
    """A file to parse and what it may take."""

    source: str
    path: str
    location: bytes  # as the system knows it: not every name is text
    size_bytes: int
    modified_ns: int
    limits: Limits

    @classmethod
    def of(cls, file: SourceFile, limits: Limits) -> Job:
        """The message for this file; who may see it is no business of a worker."""
        location = os.fsencode(file.location)
        return cls(file.source, file.path, location, file.size_bytes, file.modified_ns, limits)

    def file(self) -> SourceFile:
        """The file again."""
        return SourceFile(
            source=self.source,
            path=self.path,
            location=Path(os.fsdecode(self.location)),
            size_bytes=self.size_bytes,
            modified_ns=self.modified_ns,
        )


class Failure(msgspec.Struct, frozen=True, tag=True):
    """Why there is no document."""

    cause: Cause
    message: str
    hint: str
    traceback: str = ""


class Reply(msgspec.Struct, frozen=True):
    """One of both. No pickle: what a hostile file made of a worker must not run in its parent."""

    parsed: Parsed | None = None
    failure: Failure | None = None

    @property
    def result(self) -> Parsed | Failure:
        """Whichever is there."""
        found = self.parsed or self.failure
        if found is None:
            raise EOFError("an empty reply")
        return found


def main() -> None:
    """Read jobs from standard input, write replies to what was standard output, until it closes."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries that print must not write among the replies
    parse_name, memory_bytes = sys.argv[1], int(sys.argv[2])
    _limit_memory(memory_bytes)
    parse = _function(parse_name)
    jobs: SimpleQueue[Job] = SimpleQueue()
    Thread(target=_read_jobs, args=(os.fdopen(os.dup(0), "rb"), jobs), daemon=True).start()
    while True:
        job = jobs.get()
        _limit_cpu(job.limits.seconds)
        frame = _encoded(_answer(parse, job))
        replies.write(len(frame).to_bytes(FRAME_BYTES, "big") + frame)
        replies.flush()


def _read_jobs(stream: BinaryIO, jobs: SimpleQueue[Job]) -> None:
    """Runs beside the parsing, so that a busy worker also notices when its parent is gone."""
    decoder = msgspec.msgpack.Decoder(Job)
    while len(head := stream.read(FRAME_BYTES)) == FRAME_BYTES:
        jobs.put(decoder.decode(stream.read(int.from_bytes(head, "big"))))
    os._exit(0)


def _answer(parse: Callable[[SourceFile, Limits], Parsed], job: Job) -> Reply:
    try:
        return Reply(parsed=parse(job.file(), job.limits))
    except Unparsable as error:
        return _failed(error)
    except MemoryError:
        return _failed(unparsable("out_of_memory"))
    except OSError as error:
        return _failed(unparsable("unreadable", f"It cannot be opened: {error.strerror}."))
    except Exception as error:  # noqa: BLE001  whatever it is, it goes to the log
        return _failed(broken_by(error))


def _encoded(reply: Reply) -> bytes:
    try:
        return msgspec.msgpack.encode(reply)
    except MemoryError:
        return msgspec.msgpack.encode(_failed(unparsable("out_of_memory")))


def _failed(error: Unparsable) -> Reply:
    return Reply(failure=Failure(error.cause, error.message, error.hint, error.traceback))


def _function(name: str) -> Callable[[SourceFile, Limits], Parsed]:
    module, _, attribute = name.partition(":")
    function: Any = getattr(import_module(module), attribute)
    return cast("Callable[[SourceFile, Limits], Parsed]", function)


def _limit_memory(memory_bytes: int) -> None:
    """A second fence: the parent watches the memory in use, this refuses a sudden leap."""
    if sys.platform == "linux":
        import resource

        limit = memory_bytes + _HEADROOM_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _limit_cpu(seconds: float) -> None:
    """For the case that the parent is gone and the parser never comes back to look."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        threads = os.cpu_count() or 1
        limit = ceil(used.ru_utime + used.ru_stime + (seconds + 5) * threads)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
