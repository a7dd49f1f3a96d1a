"""Anthropic's Messages API: Claude, and servers that speak its protocol.

Written from the types of the official SDK (`anthropic` 2.12) and compared with it in
`tests/models/test_anthropic.py`; not run against the live service.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from random import random
from typing import Any, Final

import msgspec
from pydantic import SecretStr

from fourfold.core.errors import ModelError
from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    FinishReason,
    Message,
    Usage,
)
from fourfold.models.chat import up_to
from fourfold.models.client import Client, Timeouts
from fourfold.models.openai import estimate_tokens
from fourfold.models.prices import Tariff, charged, unknown
from fourfold.models.quoting import check_quotable
from fourfold.models.retry import Retries
from fourfold.models.schema import check_schema, check_text
from fourfold.models.trouble import broken_off, check_no_logprobs, filtered
from fourfold.models.wire import stream_error

_NOTHING: Mapping[str, Any] = {}
_VERSION: Final = "2026-10-21"  # of the protocol, as the official SDK sends it
_USUAL_CONTEXT_TOKENS: Final = 200_000
_USUAL_ANSWER_TOKENS: Final = 4_096  # the protocol wants a number


class AnthropicModel:
    """A model of Anthropic's, or of another server at `url` that speaks the Messages API.

    The protocol knows no seed and no log probabilities, and its newer models take no temperature:
    a seed and a temperature are passed over, log probabilities raise `InvalidInput`. `extra`
    replaces fields of every request, `{"temperature": 0}` for a model that takes one. What a
    server reads of a prompt for the first time is charged at its list price even where the
    provider asks more for keeping it.
    """

    def __init__(
        self,
        *,
        model: str,
        url: str = "https://api.anthropic.com/v1",
        api_key: SecretStr | None = None,
        name: str = "",
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        retries: int = 4,
        extra: Mapping[str, Any] = _NOTHING,
        tariff: Tariff = unknown,
        draw: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._name = name or f"anthropic:{model}"
        self._context_tokens = context_tokens or _USUAL_CONTEXT_TOKENS
        self._extra = extra
        self._tariff = tariff
        self._client = Client(
            url=url,
            api_key=api_key,
            timeouts=timeouts,
            retries=Retries(count=retries, draw=draw, sleep=sleep),
            headers={"anthropic-version": _VERSION},
        )

    @property
    def name(self) -> str:
        """`anthropic:` and the model's name, unless another was given."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """As given; 200,000 when nobody says it."""
        return self._context_tokens

    def count_tokens(self, text: str) -> int:
        """An upper estimate: the vocabulary is not public."""
        return estimate_tokens(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        body = self._body(messages, options)
        reply = await self._client.post("messages", body)
        with self._client.hiding_key():
            said = _decoded(reply, _REPLY)
            finish_reason = _finish_reason(said.stop_reason) or "stop"
        text, is_cut = up_to("".join(block.text for block in said.content), options.stop)
        finish_reason = "stop" if is_cut else finish_reason
        if options.json_schema is not None:
            check_text(text, options.json_schema, finish_reason)
        usage = charged(_usage(said.usage), self._tariff)
        return Completion(text=text, model=self._name, usage=usage, finish_reason=finish_reason)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece; closing the iterator stops the server."""
        body = {**self._body(messages, options), "stream": True}
        text, usage = "", _Usage()
        finish_reason: FinishReason | None = None
        async with aclosing(self._events(body)) as events:
            async for event in events:
                usage = _later(usage, event)
                finish_reason = _finish_reason(event.delta.stop_reason) or finish_reason
                whole, is_cut = up_to(text + event.delta.text, options.stop)
                if piece := whole[len(text) :]:
                    yield Delta(text=piece)
                text = whole
                if is_cut:  # what else it would have written is neither wanted nor counted
                    finish_reason, usage = "stop", _Usage()
                    break
        if finish_reason is None:
            raise broken_off()
        if options.json_schema is not None:
            check_text(text, options.json_schema, finish_reason)
        yield Delta(finish_reason=finish_reason, usage=charged(_usage(usage), self._tariff))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _events(self, body: Mapping[str, Any]) -> AsyncGenerator["_Event", None]:
        async with aclosing(self._client.events("messages", body)) as arrived:
            async for events in arrived:
                for data in events:
                    with self._client.hiding_key():
                        event = _decoded(data, _EVENT)
                    yield event
                    if event.type == "message_stop":
                        return

    def _body(self, messages: Sequence[Message], options: CompletionOptions) -> dict[str, Any]:
        check_quotable(self._name, options)
        check_no_logprobs(self._name, options.top_logprobs)
        form: dict[str, Any] | None = None
        if options.json_schema is not None:
            check_schema(options.json_schema)
            form = {"format": {"type": "json_schema", "schema": dict(options.json_schema)}}
        wanted = {
            "model": self._model,
            "max_tokens": options.max_tokens or _USUAL_ANSWER_TOKENS,
            "system": "\n\n".join(one.content for one in messages if one.role == "system") or None,
            "messages": [
                {"role": one.role, "content": one.content}
                for one in messages
                if one.role != "system"
            ],
            "stop_sequences": [stop for stop in options.stop if stop.strip()] or None,
            "output_config": form,
            **self._extra,
        }
        return {name: value for name, value in wanted.items() if value is not None}


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Block(msgspec.Struct):
    text: str = ""  # blocks of thinking have none


class _Reply(msgspec.Struct):
    content: list[_Block] = []
    stop_reason: str | None = None
    usage: _Usage = msgspec.field(default_factory=_Usage)
    error: Any = None


class _Change(msgspec.Struct):
    text: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    """Any event of a stream: what it does not carry is empty."""

    type: str
    message: _Reply | None = None
    delta: _Change = msgspec.field(default_factory=_Change)
    usage: _Usage | None = None
    error: Any = None


_REPLY: Final = msgspec.json.Decoder(_Reply)
_EVENT: Final = msgspec.json.Decoder(_Event)


def _decoded(data: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    try:
        found = decoder.decode(data)
    except msgspec.DecodeError as error:
        raise ModelError(
            f"The model's server sent what is no reply of the Messages API: {error}.",
            hint="Check that the address ends where `/messages` begins, mostly in `/v1`.",
        ) from error
    if found.error is not None:
        raise stream_error(found.error)
    return found


def _later(usage: _Usage, event: _Event) -> _Usage:
    """Counts are cumulative: a later one takes the place of an earlier."""
    told = event.usage or (event.message.usage if event.message else None)
    if told is None:
        return usage
    return _Usage(
        **{
            name: getattr(told, name) if getattr(told, name) is not None else getattr(usage, name)
            for name in _Usage.__struct_fields__
        }
    )


def _usage(usage: _Usage) -> Usage:
    """Our count of the prompt includes what was read from a cache, theirs does not."""
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    return Usage(
        prompt_tokens=(usage.input_tokens or 0) + read + written,
        completion_tokens=usage.output_tokens or 0,
        cached_tokens=read,
    )


def _finish_reason(word: str | None) -> FinishReason | None:
    if word == "refusal":
        raise filtered("its safety filter.")
    if word is None:
        return None
    return "length" if word in ("max_tokens", "model_context_window_exceeded") else "stop"
