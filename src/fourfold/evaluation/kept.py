"""A chat model whose requests are kept: the same one is never sent, nor paid, twice."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from time import perf_counter
from typing import Protocol, cast
from uuid import uuid4

from fourfold.core.errors import FourfoldError
from fourfold.core.protocols import ChatModel, QuotingModel, ReadsAhead
from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    FinishReason,
    Message,
    TokenLogprob,
    Usage,
)
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.records import Exchange
from fourfold.models.prices import Tariff

_OPEN_ANSWER_TOKENS = 4_096  # set aside where a request sets no limit of its own
_kept_here: ContextVar[list[Exchange] | None] = ContextVar("kept_here", default=None)


class Memory(Protocol):
    """Remembers whole exchanges by their key."""

    def recall(self, key: str) -> Exchange | None:
        """The whole exchange of that key, or None."""
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
    bytes of a local one. Half an answer and an error are kept too, but never given again.
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

    def count_tokens(self, text: str) -> int:
        """That of the model."""
        return self._model.count_tokens(text)

    async def read_ahead(self, messages: Sequence[Message]) -> None:
        """As the model does, if it does."""
        if isinstance(self._model, ReadsAhead):
            await self._model.read_ahead(messages)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation, or say again what was said."""
        key = request_key(self._identity, messages, options)
        if known := self._memory.recall(key):
            _keep(replace(known, recalled=True))
            return _completion(known)
        with self._sent(key, messages, options) as answer:
            completion = await self._model.complete(messages, options)
            answer.add_whole(completion, self._seconds())
            return completion

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece, or say again what was said, in one piece."""
        key = request_key(self._identity, messages, options)
        if known := self._memory.recall(key):
            _keep(replace(known, recalled=True))
            yield Delta(
                text=known.text,
                usage=known.usage,
                finish_reason=cast("FinishReason", known.finish_reason),
                model=known.model,
            )
            return
        with self._sent(key, messages, options) as answer:
            deltas = cast("AsyncGenerator[Delta, None]", self._model.stream(messages, options))
            async with aclosing(deltas):
                async for delta in deltas:
                    answer.add(delta, self._seconds())
                    yield delta

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()

    @contextmanager
    def _sent(
        self, key: str, messages: Sequence[Message], options: CompletionOptions
    ) -> Iterator[_Arriving]:
        """Pay for a request, time it and keep what comes, whatever happens to it."""
        set_aside = self._budget.set_aside(self._most(messages, options), self._tariff)
        answer = _Arriving(key, tuple(messages), options, self.name, self._clock(), self._seconds())
        try:
            yield answer
        except FourfoldError as error:
            answer.error = error.code
            raise
        except BaseException:
            answer.error = "cancelled"
            raise
        finally:
            exchange = answer.exchange(self._new_id(), self._seconds())
            self._budget.settle(set_aside, exchange.usage.cost_usd if exchange.answered else None)
            self._memory.remember(exchange)
            _keep(exchange)

    def _most(self, messages: Sequence[Message], options: CompletionOptions) -> Usage:
        if self._budget.limit_usd is None:
            return Usage()
        prompt = sum(self._model.count_tokens(message.content) + 8 for message in messages)
        return Usage(
            prompt_tokens=prompt, completion_tokens=options.max_tokens or _OPEN_ANSWER_TOKENS
        )


class _Arriving:
    """An answer while it comes."""

    def __init__(
        self,
        key: str,
        messages: tuple[Message, ...],
        options: CompletionOptions,
        model: str,
        at: datetime,
        began: float,
    ) -> None:
        self._key, self._messages, self._options = key, messages, options
        self._model, self._at, self._began = model, at, began
        self._texts: list[str] = []
        self._first: float | None = None
        self._usage = Usage(cost_usd=None)
        self._finish_reason = ""
        self._logprobs: list[TokenLogprob] = []
        self.error = ""

    def add(self, delta: Delta, now: float) -> None:
        """Take down one delta."""
        if delta.text:
            self._texts.append(delta.text)
            self._first = self._first if self._first is not None else now - self._began
        self._usage = delta.usage or self._usage
        self._finish_reason = delta.finish_reason or self._finish_reason
        self._model = delta.model or self._model
        self._logprobs.extend(delta.logprobs)

    def add_whole(self, completion: Completion, now: float) -> None:
        """Take down an answer that came at once."""
        self.add(
            Delta(
                text=completion.text,
                usage=completion.usage,
                finish_reason=completion.finish_reason,
                model=completion.model,
                logprobs=completion.logprobs,
            ),
            now,
        )

    def exchange(self, new_id: str, now: float) -> Exchange:
        """What has come until now."""
        broken_off = not self._finish_reason and not self.error
        return Exchange(
            id=new_id,
            key=self._key,
            model=self._model,
            messages=self._messages,
            options=_as_json(self._options),
            text="".join(self._texts),
            finish_reason=self._finish_reason,
            usage=self._usage,
            seconds=now - self._began,
            first_text_seconds=self._first,
            at=self._at,
            logprobs=tuple(self._logprobs),
            error="cancelled" if broken_off else self.error,
        )


def request_key(identity: str, messages: Sequence[Message], options: CompletionOptions) -> str:
    """SHA-256 of everything that an answer depends on."""
    asked = [identity, [(one.role, one.content) for one in messages], _as_json(options)]
    return sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _completion(known: Exchange) -> Completion:
    return Completion(
        text=known.text,
        model=known.model,
        usage=known.usage,
        finish_reason=cast("FinishReason", known.finish_reason),
        logprobs=known.logprobs,
    )


def _as_json(options: CompletionOptions) -> dict[str, object]:
    return {name: value for name, value in asdict(options).items() if value not in (None, ())}


def _keep(exchange: Exchange) -> None:
    kept = _kept_here.get()
    if kept is not None:
        kept.append(exchange)
