"""A wrapper that lets only so many calls of a model run or begin; the others wait in turn."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from time import monotonic
from typing import Final, cast

from fourfold.core.protocols import ChatModel, QuotingModel, ToolCallingModel
from fourfold.core.records import Completion, CompletionOptions, Delta, Message

_MINUTE: Final = 60.0  # seconds
_ANY_NUMBER: Final = 10_000


class LimitedModel:
    """At most `concurrent` calls at once, of which `per_minute` begin within any minute.

    First come, first served. A waiting call that is cancelled leaves the queue; a stream keeps its
    place until it ends or is closed. A call that the model's server is asked for again counts once.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        concurrent: int | None = None,
        per_minute: int | None = None,
        seconds: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._running = asyncio.Semaphore(concurrent or _ANY_NUMBER)
        self._per_minute = per_minute
        self._begun: deque[float] = deque(maxlen=per_minute)
        self._beginning = asyncio.Lock()
        self._seconds = seconds
        self._sleep = sleep

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    @property
    def context_tokens(self) -> int:
        """That of the model."""
        return self._model.context_tokens

    def count_tokens(self, text: str) -> int:
        """That of the model."""
        return self._model.count_tokens(text)

    @property
    def can_quote(self) -> bool:
        """That of the model."""
        return isinstance(self._model, QuotingModel) and self._model.can_quote

    @property
    def can_call_tools(self) -> bool:
        """That of the model."""
        return isinstance(self._model, ToolCallingModel) and self._model.can_call_tools

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation when it is our turn."""
        async with self.turn() as model:
            return await model.complete(messages, options)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece when it is our turn."""
        async with self.turn() as model:
            answer = cast("AsyncGenerator[Delta, None]", model.stream(messages, options))
            async with aclosing(answer) as deltas:
                async for delta in deltas:
                    yield delta

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[ChatModel]:
        """Wait for our turn; gives the model itself, for one call."""
        async with self._running:
            if self._per_minute:
                async with self._beginning:
                    await self._wait_for_room(self._per_minute)
                    self._begun.append(self._seconds())
            yield self._model

    async def _wait_for_room(self, per_minute: int) -> None:
        while len(self._begun) == per_minute:
            left = self._begun[0] + _MINUTE - self._seconds()
            if left <= 0:
                return
            await self._sleep(left)


def turn_of(model: ChatModel) -> AbstractAsyncContextManager[ChatModel]:
    """Our turn to ask a model, for who must know when it comes; at once where nothing is limited.

    What it gives is to be asked once, and does not wait any more.
    """
    return model.turn() if isinstance(model, LimitedModel) else nullcontext(model)
