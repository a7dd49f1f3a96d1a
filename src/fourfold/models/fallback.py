"""A model with others behind it, which answer when it cannot."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final, cast

from fourfold.core.errors import ModelError, ModelNotAllowed, ModelOverloaded, ModelRateLimited
from fourfold.core.protocols import ChatModel, ToolCallingModel
from fourfold.core.records import Completion, CompletionOptions, Delta, Message

_log = logging.getLogger(__name__)
_ANOTHER_MAY: Final = (ModelOverloaded, ModelRateLimited, ModelNotAllowed)


class FallbackModel:
    """The first of several models that can be reached, is neither overloaded nor closed to us.

    What is wrong with the question itself is wrong for all: such errors are raised at once. A
    stream that has begun is never begun anew with another model. Completions and deltas say which
    model wrote them; it alone is paid.
    """

    def __init__(self, models: Sequence[ChatModel]) -> None:
        self._models = tuple(models)

    @property
    def name(self) -> str:
        """That of the first, under which all are asked."""
        return self._models[0].name

    @property
    def context_tokens(self) -> int:
        """What fits into each of them."""
        return min(model.context_tokens for model in self._models)

    def count_tokens(self, text: str) -> int:
        """The most that one of them counts."""
        return max(model.count_tokens(text) for model in self._models)

    @property
    def can_call_tools(self) -> bool:
        """True when each of them can."""
        return all(isinstance(one, ToolCallingModel) and one.can_call_tools for one in self._models)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation with the first that can."""
        for model in self._models[:-1]:
            try:
                return await model.complete(messages, options)
            except _ANOTHER_MAY as error:
                _tell(model, error)
        return await self._models[-1].complete(messages, options)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece with the first that can."""
        for model in self._models:
            has_begun = False
            answer = cast("AsyncGenerator[Delta, None]", model.stream(messages, options))
            try:
                async with aclosing(answer) as deltas:
                    async for delta in deltas:
                        has_begun = True
                        yield replace(delta, model=model.name)
            except _ANOTHER_MAY as error:
                if has_begun or model is self._models[-1]:
                    raise
                _tell(model, error)
            else:
                return

    async def close(self) -> None:
        """Close the first; the others are models of their own, and closed as such."""
        await self._models[0].close()


def _tell(model: ChatModel, error: ModelError) -> None:
    _log.warning("%s could not answer, the next model is asked: %s", model.name, error)
