"""A wrapper that lets only so many calls of a model run at once; the others wait in turn."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from fourfold.core.protocols import ChatModel, QuotingModel
from fourfold.core.records import Completion, CompletionOptions, Delta, Message


class LimitedModel:
    """At most `concurrent` calls at once, first come, first served.

    A waiting call that is cancelled leaves the queue; a stream keeps its place until it ends or
    is closed.
    """

    def __init__(self, model: ChatModel, *, concurrent: int) -> None:
        self._model = model
        self._turn = asyncio.Semaphore(concurrent)

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

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation when it is our turn."""
        async with self._turn:
            return await self._model.complete(messages, options)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece when it is our turn."""
        async with self._turn:
            answer = cast("AsyncGenerator[Delta, None]", self._model.stream(messages, options))
            async with aclosing(answer) as deltas:
                async for delta in deltas:
                    yield delta

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()
