"""Commands that are stopped on purpose: by Ctrl+C, or by the SIGTERM of whoever runs them."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from types import FrameType

_BY_KEY: Final = 128 + signal.SIGINT
_BY_TERM: Final = 128 + signal.SIGTERM


class Stopped(click.Abort):
    """A command was stopped; `hint` says what that means, `exit_code` what a shell expects."""

    def __init__(self, hint: str, *, exit_code: int) -> None:
        super().__init__()
        self.hint = hint
        self.exit_code = exit_code


@asynccontextmanager
async def stoppable(hint: str) -> AsyncIterator[None]:
    """Let SIGTERM end this block as Ctrl+C does: all that is open is closed, then it is said."""
    import asyncio

    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    exit_code = _BY_KEY

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal exit_code
        exit_code = _BY_TERM
        task.cancel()
        loop.call_soon_threadsafe(lambda: None)  # wakes it

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        raise Stopped(hint, exit_code=exit_code) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def at_prompt() -> Iterator[None]:
    """Let both signals end the program at once.

    An event loop takes them as the end of a task; nobody would wake it while a person is asked.
    """
    on_key = signal.signal(signal.SIGINT, signal.default_int_handler)
    on_term = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, on_key)
        signal.signal(signal.SIGTERM, on_term)
