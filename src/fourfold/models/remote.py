"""A chat model of another server: one class for all providers, which differ in their protocols."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import random
from typing import Any, Protocol
from uuid import uuid4

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Completion, CompletionOptions, Delta, Message, Usage
from fourfold.models.answer import Arriving, Piece
from fourfold.models.chat import stream_chat
from fourfold.models.client import Client, StreamDecoder, Timeouts
from fourfold.models.http import Signer
from fourfold.models.key import Key
from fourfold.models.prices import Tariff, charged, unknown
from fourfold.models.quoting import check_quotable
from fourfold.models.retry import Resend, Retries
from fourfold.models.schema import check_schema
from fourfold.models.sse import EventDecoder
from fourfold.models.tokens import estimate_tokens
from fourfold.models.tools import check_tools

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a model was made with, for those who speak its protocol."""

    model: str
    url: str
    api_key: Key
    extra: Mapping[str, Any]
    context_tokens: int | None
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a provider is reached and proved to: what differs beside the words."""

    provider: str
    context_tokens: int  # as given, or a guess on the safe side
    key_header: str = "Authorization"
    headers: Mapping[str, str] = field(default_factory=dict)
    sign: Signer | None = None
    decoder: Callable[[], StreamDecoder] = EventDecoder
    tells_logprobs: bool = True


class Wire(Protocol):
    """A provider's protocol: how it says what we ask, and how we read what it answers."""

    @property
    def line(self) -> Line:
        """How it is reached."""
        ...

    def path(self, *, stream: bool) -> str:
        """Behind the address, where a request goes."""
        ...

    def body(
        self, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
    ) -> dict[str, Any]:
        """The request; raises `InvalidInput` for what the protocol cannot say."""
        ...

    def cuts(self, options: CompletionOptions) -> Sequence[str]:
        """The stops that the protocol does not take."""
        ...

    def read(self, reply: bytes, options: CompletionOptions) -> Piece:
        """A whole reply."""
        ...

    def reader(self, options: CompletionOptions) -> Callable[[bytes], Piece]:
        """What reads the events of one stream, in their order."""
        ...


class RemoteModel:
    """A model of the server at `url`, whose protocol `speak` makes.

    `api_key` is the key, or what tells the present one for each request. `extra` replaces fields
    of every request; `None` leaves a field out. `tariff` says what the tokens cost. `resend` says
    which failed requests are sent again, at most `retries` times.
    """

    def __init__(
        self,
        *,
        speak: Callable[[Setup], Wire],
        model: str,
        url: str = "",
        api_key: Key = None,
        name: str = "",
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        retries: int = 4,
        resend: Resend = "failed",
        extra: Mapping[str, Any] = _NOTHING,
        tariff: Tariff = unknown,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: f"call_{uuid4().hex}",
        draw: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        setup = Setup(
            model=model, url=url, api_key=api_key, extra=extra,
            context_tokens=context_tokens, now=now,
        )  # fmt: skip
        self._wire = speak(setup)
        self._line = line = self._wire.line
        self._name = name or f"{line.provider}:{model}"
        self._charge = partial(charged, tariff=tariff)
        self._new_id = new_id
        self._client = Client(
            url=url,
            api_key=api_key,
            timeouts=timeouts,
            retries=Retries(count=retries, resend=resend, draw=draw, sleep=sleep),
            key_header=line.key_header,
            headers=line.headers,
            sign=line.sign,
            decoder=line.decoder,
        )

    @property
    def name(self) -> str:
        """The provider's name and the model's, `openai:…`, unless another was given."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """As given; the provider's usual number when nobody says it."""
        return self._line.context_tokens

    @property
    def can_call_tools(self) -> bool:
        """True: every protocol knows them; a model that knows none is refused by its server."""
        return True

    def count_tokens(self, text: str) -> int:
        """An upper estimate: we do not have the server's vocabulary."""
        return estimate_tokens(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        self._check(messages, options)
        body = self._wire.body(messages, options, stream=False)
        reply = await self._client.post(self._wire.path(stream=False), body)
        answer = self._arriving(options)
        with self._client.hiding_key():
            said = answer.add([self._wire.read(reply, options)])
            last = answer.last()
        return Completion(
            text=said.text,
            model=self._name,
            usage=last.usage or Usage(),
            finish_reason=last.finish_reason or "stop",
            logprobs=said.logprobs,
            tool_calls=last.tool_calls,
        )

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece; closing the iterator stops the server."""
        self._check(messages, options)
        body = self._wire.body(messages, options, stream=True)
        read, answer = self._wire.reader(options), self._arriving(options)
        path = self._wire.path(stream=True)
        async with aclosing(
            stream_chat(self._client, path, body, read=read, answer=answer)
        ) as deltas:
            async for delta in deltas:
                yield delta

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _check(self, messages: Sequence[Message], options: CompletionOptions) -> None:
        check_quotable(self._name, options)
        check_tools(messages, options)
        if options.json_schema is not None:
            check_schema(options.json_schema)
        if options.top_logprobs is not None and not self._line.tells_logprobs:
            raise InvalidInput(
                f"`{self._name}` tells no log probabilities.", hint="Ask without `logprobs`."
            )

    def _arriving(self, options: CompletionOptions) -> Arriving:
        return Arriving(
            options, charge=self._charge, new_id=self._new_id, cuts=self._wire.cuts(options)
        )
