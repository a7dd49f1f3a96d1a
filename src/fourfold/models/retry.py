"""When a failed call to a model's server is worth another try, and how long to wait before it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from fourfold.core.errors import ModelError, ModelOverloaded, ModelRateLimited

T = TypeVar("T")

Resend: TypeAlias = Literal["failed", "unserved"]
"""Which requests are sent again: all that failed before their answer began, or only those for which
the server certainly did nothing, so that none can be charged twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Exponential back-off with full jitter, bounded in number and in time.

    Only a server that is busy, broken or out of reach is asked again, not one that let the time
    pass; with `unserved` only one that said that it is busy, or could not be connected to. It is
    given at least the time that it asked for (`Retry-After`); when that is longer than
    `longest_seconds`, the error is raised at once, with the time in it. Full jitter: a wait is
    drawn evenly from nothing to the bound
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    count: int = 4
    resend: Resend = "failed"
    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    draw: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of the first call that succeeds, or the error of the last one."""
        for number in range(self.count):
            try:
                return await call()
            except (ModelRateLimited, ModelOverloaded) as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise  # whoever asked has waited long enough, and may be charged for each try
                if self.resend == "unserved" and not _is_unserved(error):
                    raise
                asked = _asked_seconds(error)
                if asked > self.longest_seconds:
                    raise
            await self.sleep(asked + self.draw() * self._bound(number))
        return await call()

    def _bound(self, number: int) -> float:
        return min(self.longest_seconds, self.first_seconds * float(2**number))


def _is_unserved(error: ModelError) -> bool:
    if isinstance(error, ModelOverloaded):
        return error.is_unserved
    return isinstance(error, ModelRateLimited)


def _asked_seconds(error: ModelError) -> float:
    return (error.retry_after_seconds or 0.0) if isinstance(error, ModelRateLimited) else 0.0
