"""A chat model whose requests are kept: the same one is never sent, nor paid, twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Final, Protocol, cast
from uuid import uuid4

from fourfold.core.errors import ContextTooLong
from fourfold.core.protocols import ChatModel, QuotingModel, ReadsAhead, ToolCallingModel
from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    FinishReason,
    Message,
    Usage,
)
from fourfold.evaluation.arriving import CANCELLED, Arriving, error_of
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.records import FINAL, Exchange, Intent
from fourfold.evaluation.requests import most_usage, request_key, request_tokens
from fourfold.models.chat import joined
from fourfold.models.limits import turn_of
from fourfold.models.prices import Tariff

_SOME_TOKENS: Final = Usage(prompt_tokens=1_000, completion_tokens=1_000)
_kept_here: ContextVar[list[Exchange] | None] = ContextVar("kept_here", default=None)


class Memory(Protocol):
    """Remembers whole exchanges by their key, and knows what is being asked."""

    @property
    def underway(self) -> dict[str, asyncio.Future[Exchange | None]]:
        """By key, the requests that are being answered; None comes of one that was broken off."""
        ...

    def recall(self, key: str) -> Exchange | None:
        """The whole exchange of that key, or None."""
        ...

    async def intend(self, intent: Intent) -> bool:
        """Write down what is about to be sent; returns when it is on disk.

        False: it shall not be sent, for `recall` knows the answer now.
        """
        ...

    def remember(self, exchange: Exchange) -> None:
        """Keep it; at once for `recall`, soon on disk."""
        ...


@contextmanager
def exchanges_kept() -> Iterator[list[Exchange]]:
    """The exchanges of all kept models within this block, in this task."""
    kept: list[Exchange] = []
    token = _kept_here.set(kept)
    try:
        yield kept
    finally:
        _kept_here.reset(token)


class KeptModel:
    """Answers from memory what was answered before; sends, times and keeps the rest.

    `identity` tells apart what would answer differently: address and name of a remote model, the
    bytes of a local one. An answer in the wrong form is an answer, and given again with its error;
    half an answer and a failure are kept, but asked for anew. Equal requests at the same time are
    sent once.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        identity: str,
        memory: Memory,
        budget: Budget,
        tariff: Tariff,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = perf_counter,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._model = model
        self._identity = identity
        self._memory = memory
        self._budget = budget
        self._tariff = tariff
        self._is_free = tariff(_SOME_TOKENS) == 0
        self._clock = clock
        self._seconds = seconds
        self._new_id = new_id

    @property
    def name(self) -> str:
        """That of the model."""
        return self._model.name

    @property
    def context_tokens(self) -> int:
        """That of the model."""
        return self._model.context_tokens

    @property
    def can_quote(self) -> bool:
        """That of the model."""
        return isinstance(self._model, QuotingModel) and self._model.can_quote

    @property
    def can_call_tools(self) -> bool:
        """That of the model."""
        return isinstance(self._model, ToolCallingModel) and self._model.can_call_tools

    def count_tokens(self, text: str) -> int:
        """That of the model."""
        return self._model.count_tokens(text)

    async def read_ahead(self, messages: Sequence[Message]) -> None:
        """As the model does, if it does."""
        if isinstance(self._model, ReadsAhead):
            await self._model.read_ahead(messages)

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation, or say again what was said.

        It is streamed, since a stream tells what a useless answer has cost.
        """
        return await joined(self.stream(messages, options), model=self.name)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece, or say again what was said, in one piece."""
        key, asked = request_key(self._identity, messages, options), self._seconds()
        while (known := await self._known(key, asked)) is None:
            async with self._asking(key, messages, options) as (model, answer):
                if not await self._memory.intend(answer.intent):
                    continue
                answer.began = self._seconds()
                deltas = cast("AsyncGenerator[Delta, None]", model.stream(messages, options))
                async with aclosing(deltas):
                    async for delta in deltas:
                        answer.add(delta, self._seconds())
                        yield delta
            return
        known = self._priced(known, messages, options)
        _keep(known)
        yield _said(known)
        if known.error:
            raise error_of(known)

    async def _known(self, key: str, asked: float) -> Exchange | None:
        """What was answered before, or is being answered; None where it must be asked.

        `asked` is when we were: what comes later than at once was delayed.
        """
        while True:
            found = self._memory.recall(key)
            if found is None and (underway := self._memory.underway.get(key)) is not None:
                found = await asyncio.shield(underway)
                if found is None:
                    continue
            delayed = self._seconds() - asked
            return found and replace(found, recalled=True, delayed_seconds=delayed)

    @asynccontextmanager
    async def _asking(
        self, key: str, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[tuple[ChatModel, Arriving], None]:
        """Wait for our turn, set money aside and keep what comes, whatever happens to it."""
        asked, kept = self._seconds(), None
        underway: asyncio.Future[Exchange | None] = asyncio.get_running_loop().create_future()
        self._memory.underway[key] = underway
        try:
            async with turn_of(self._model) as model:
                most = self._most(messages, options)
                set_aside = await self._budget.set_aside(most, self._tariff, self.name)
                intent = Intent(
                    id=self._new_id(),
                    key=key,
                    model=self.name,
                    most_usd=set_aside,
                    at=self._clock(),
                )
                answer = Arriving(intent, self._identity, messages, options, asked=asked)
                try:
                    yield model, answer
                except BaseException as error:
                    answer.fail(error)
                    raise
                finally:
                    exchange = self._priced(answer.exchange(self._seconds()), messages, options)
                    if answer.began is None:  # it was never sent
                        self._budget.settle(set_aside, 0.0)
                    else:
                        self._budget.settle(set_aside, exchange.usage.cost_usd)
                        self._memory.remember(exchange)
                        _keep(exchange)
                        kept = None if exchange.error == CANCELLED else exchange
        finally:
            del self._memory.underway[key]
            underway.set_result(kept)

    def _most(self, messages: Sequence[Message], options: CompletionOptions) -> Usage:
        return Usage() if self._is_free else most_usage(self._model, messages, options)

    def _priced(
        self, exchange: Exchange, messages: Sequence[Message], options: CompletionOptions
    ) -> Exchange:
        """The tokens of a useless answer, which some do not tell, are counted: rather too many."""
        ended = exchange.error in FINAL or exchange.error == ContextTooLong.code
        if not ended or not exchange.error or exchange.usage.cost_usd is not None:
            return exchange
        usage = exchange.usage
        if not self._is_free and not usage.prompt_tokens:
            usage = Usage(
                prompt_tokens=request_tokens(self._model, messages, options),
                completion_tokens=self.count_tokens(exchange.text),
            )
        return replace(exchange, usage=replace(usage, cost_usd=self._tariff(usage)))


def _said(known: Exchange) -> Delta:
    return Delta(
        text=known.text,
        usage=known.usage,
        finish_reason=cast("FinishReason", known.finish_reason or None),
        model=known.model,
        logprobs=known.logprobs,
        tool_calls=known.tool_calls,
    )


def _keep(exchange: Exchange) -> None:
    kept = _kept_here.get()
    if kept is not None:
        kept.append(exchange)
