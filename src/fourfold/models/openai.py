"""Chat models of other servers: any that speaks the OpenAI protocol, by URL."""

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from random import random
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from fourfold.core.errors import ContextTooLong
from fourfold.core.records import Completion, CompletionOptions, Delta, Message
from fourfold.models.chat import stream_chat
from fourfold.models.client import Client, Timeouts
from fourfold.models.dialect import OPENAI, Dialect
from fourfold.models.prices import Tariff, charged, unknown
from fourfold.models.quoting import check_quotable
from fourfold.models.retry import Retries
from fourfold.models.schema import check_schema, check_text
from fourfold.models.trouble import check_no_logprobs
from fourfold.models.wire import chat_body, read_completion

_NOTHING: Mapping[str, Any] = {}


class OpenAIModel:
    """A model of a server at `url`, OpenAI's own when left out.

    `extra` replaces fields of every request; `None` leaves a field out: OpenAI's
    reasoning models want `{"temperature": None}`. `tariff` says what the tokens cost, `dialect`
    where the server departs from the protocol.
    """

    def __init__(
        self,
        *,
        model: str,
        url: str = "https://api.openai.com/v1",
        api_key: SecretStr | None = None,
        name: str = "",
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        retries: int = 4,
        extra: Mapping[str, Any] = _NOTHING,
        tariff: Tariff = unknown,
        dialect: Dialect = OPENAI,
        draw: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._name = name or f"{dialect.provider}:{model}"
        self._context_tokens = context_tokens or dialect.context_tokens
        self._dialect = dialect
        self._knows_newer_words = _knows_newer_words(url)
        self._extra = extra
        self._tariff = tariff
        self._client = Client(
            url=url,
            api_key=api_key,
            timeouts=timeouts,
            retries=Retries(count=retries, draw=draw, sleep=sleep),
            key_header=dialect.key_header,
        )

    @property
    def name(self) -> str:
        """The provider's name and the model's, `openai:…`, unless another was given."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """As given; a guess on the safe side when nobody says it."""
        return self._context_tokens

    def count_tokens(self, text: str) -> int:
        """An upper estimate: we do not have the server's vocabulary."""
        return estimate_tokens(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        if options.json_schema is not None:
            check_schema(options.json_schema)
        body = self._body(messages, options, stream=False)
        reply = await self._client.post("chat/completions", body)
        with self._client.hiding_key():
            completion = read_completion(reply, model=self._name)
        if options.json_schema is not None:
            check_text(completion.text, options.json_schema, completion.finish_reason)
        return replace(completion, usage=charged(completion.usage, self._tariff))

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece; closing the iterator stops the server."""
        body = self._body(messages, options, stream=True)
        answer = stream_chat(self._client, body, json_schema=options.json_schema)
        async with aclosing(answer) as deltas:
            async for delta in deltas:
                known = delta.usage and charged(delta.usage, self._tariff)
                yield replace(delta, usage=known) if known else delta

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _body(
        self, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
    ) -> dict[str, Any]:
        check_quotable(self._name, options)
        if not self._dialect.tells_logprobs:
            check_no_logprobs(self._name, options.top_logprobs)
        if self._dialect.cuts_silently:
            self._check_length(messages)
        body = self._dialect.adapt(chat_body(self._model, messages, options, stream=stream))
        if self._knows_newer_words and "max_tokens" in body:
            body = {**body, "max_completion_tokens": body["max_tokens"], "max_tokens": None}
        return {key: value for key, value in {**body, **self._extra}.items() if value is not None}

    def _check_length(self, messages: Sequence[Message]) -> None:
        """Refuse what cannot fit, when the server would not: no vocabulary joins two words."""
        words = sum(len(message.content.split()) for message in messages)
        if words > self._context_tokens:
            raise ContextTooLong(
                f"The prompt has {words} words, and the model reads {self._context_tokens} tokens.",
                hint="Ask with fewer or shorter passages, or raise the server's context and "
                "`context_tokens`.",
            )


def _knows_newer_words(url: str) -> bool:
    """Newer models of OpenAI, there and at Azure, know only `max_completion_tokens`."""
    address = urlsplit(url)
    return address.hostname == "api.openai.com" or address.path.rstrip("/").endswith("/openai/v1")


def estimate_tokens(text: str) -> int:
    """At least as many tokens as a usual vocabulary needs for German or English text.

    Measured against two vocabularies in `benchmarks/models.md`: letters come in pieces of more than
    two, digits and signs one by one, and what is not ASCII byte by byte at the worst.
    """
    letters = sum(len(word) / 2.2 + 0.3 for word in re.findall(r"[A-Za-z]+", text))
    signs = len(re.findall(r"[^A-Za-z \u0080-\U0010ffff]| (?=\d)", text))
    others = sum(len(sign.encode()) for sign in re.findall(r"[\u0080-\U0010ffff]", text))
    return math.ceil(letters + signs + others)
