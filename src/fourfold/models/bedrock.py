"""Amazon Bedrock's Converse API: models of many makers behind one protocol, whole and as a stream.

Written from the service model of the official SDK (`botocore` 1.44) and compared with it in
`tests/models/test_bedrock.py`; not run against the live service.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from itertools import groupby
from random import random
from typing import Any, Final
from urllib.parse import quote

import msgspec
from pydantic import SecretStr

from fourfold.core.errors import InvalidInput, InvalidOutput, ModelError
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
from fourfold.models.eventstream import EventStreamDecoder
from fourfold.models.http import Signer, host_header
from fourfold.models.openai import estimate_tokens
from fourfold.models.prices import Tariff, charged, unknown
from fourfold.models.quoting import check_quotable
from fourfold.models.retry import Retries
from fourfold.models.schema import check_schema, check_text
from fourfold.models.sigv4 import SigV4
from fourfold.models.trouble import broken_off, check_no_logprobs, filtered, refusal
from fourfold.models.wire import stream_error

_NOTHING: Mapping[str, Any] = {}
_USUAL_CONTEXT_TOKENS: Final = 128_000
_FORM: Final = "answer"  # the tool that a model must call to give a value of a schema
_REGION: Final = re.compile(r"\bbedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")


class BedrockModel:
    """A model in Amazon Bedrock at `url`, that of the region us-east-1 when left out.

    `api_key` is `ACCESS_KEY:SECRET_KEY` or `ACCESS_KEY:SECRET_KEY:SESSION_TOKEN`, with which each
    request is signed, or one of Bedrock's own API keys, which has no colon and is sent as it is.
    `region` is read from the address unless given. The protocol knows no seed, which is passed
    over, and no log probabilities. `extra` replaces fields of every request, `inferenceConfig` as a
    whole. Claude's newer models take no temperature, so that no model of Claude is sent one.
    """

    def __init__(
        self,
        *,
        model: str,
        url: str = "https://bedrock-runtime.us-east-1.amazonaws.com",
        api_key: SecretStr | None = None,
        region: str = "",
        name: str = "",
        context_tokens: int | None = None,
        timeouts: Timeouts | None = None,
        retries: int = 4,
        extra: Mapping[str, Any] = _NOTHING,
        tariff: Tariff = unknown,
        draw: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = f"model/{quote(model, safe='')}"
        self._is_claude = "anthropic." in model
        self._name = name or f"bedrock:{model}"
        self._context_tokens = context_tokens or _USUAL_CONTEXT_TOKENS
        self._extra = extra
        self._tariff = tariff
        self._client = Client(
            url=url,
            api_key=api_key,
            timeouts=timeouts,
            retries=Retries(count=retries, draw=draw, sleep=sleep),
            sign=_signer(api_key, url, region, now),
            decoder=EventStreamDecoder,
        )

    @property
    def name(self) -> str:
        """`bedrock:` and the model's name, unless another was given."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """As given; 128,000 when nobody says it."""
        return self._context_tokens

    def count_tokens(self, text: str) -> int:
        """An upper estimate: we do not have the vocabulary."""
        return estimate_tokens(text)

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        reply = await self._client.post(f"{self._path}/converse", self._body(messages, options))
        with self._client.hiding_key():
            said = _reply(reply)
            finish_reason = _finish_reason(said.stop_reason) or "stop"
        text, is_cut = up_to(
            said.text(as_form=options.json_schema is not None), self._cuts(options)
        )
        finish_reason = "stop" if is_cut else finish_reason
        if options.json_schema is not None:
            check_text(text, options.json_schema, finish_reason)
        usage = charged(_usage(said.usage), self._tariff)
        return Completion(text=text, model=self._name, usage=usage, finish_reason=finish_reason)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """Continue the conversation piece by piece; closing the iterator stops the server."""
        body = self._body(messages, options)
        text, usage = "", _Usage()
        finish_reason: FinishReason | None = None
        async with aclosing(self._events(body)) as events:
            async for event in events:
                usage = event.usage or usage
                finish_reason = _finish_reason(event.stop_reason) or finish_reason
                piece = event.text(as_form=options.json_schema is not None)
                whole, is_cut = up_to(text + piece, self._cuts(options))
                if new := whole[len(text) :]:
                    yield Delta(text=new)
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
        async with aclosing(self._client.events(f"{self._path}/converse-stream", body)) as arrived:
            async for events in arrived:
                for data in events:
                    with self._client.hiding_key():
                        event = _event(data)
                    yield event

    def _cuts(self, options: CompletionOptions) -> Sequence[str]:
        """The stops of blanks alone, which Claude does not take: we cut there ourselves."""
        return options.stop if self._is_claude and options.json_schema is None else ()

    def _body(self, messages: Sequence[Message], options: CompletionOptions) -> dict[str, Any]:
        check_quotable(self._name, options)
        check_no_logprobs(self._name, options.top_logprobs)
        form = None if options.json_schema is None else _form(self._name, options.json_schema)
        talk = [one for one in messages if one.role != "system"]
        stops = [stop for stop in options.stop if stop.strip() or not self._is_claude]
        limits = {
            "maxTokens": options.max_tokens,
            "temperature": None if self._is_claude else options.temperature,
            "topP": options.top_p,
            "stopSequences": stops or None,
        }
        wanted = {
            "messages": [  # the protocol wants the roles to alternate
                {"role": role, "content": [{"text": one.content} for one in together]}
                for role, together in groupby(talk, key=lambda one: one.role)
            ],
            "system": [{"text": one.content} for one in messages if one.role == "system"] or None,
            "inferenceConfig": {key: one for key, one in limits.items() if one is not None} or None,
            "toolConfig": form,
            **self._extra,
        }
        return {name: value for name, value in wanted.items() if value is not None}


def _signer(
    key: SecretStr | None, url: str, region: str, now: Callable[[], datetime]
) -> Signer | None:
    """None for a key that is sent as it is."""
    if key is None or ":" not in key.get_secret_value():
        return None
    found = _REGION.search(url)
    if not (region or found):
        raise InvalidInput(
            "The address of Amazon Bedrock does not tell the region.",
            hint="Write it like `https://bedrock-runtime.eu-central-1.amazonaws.com`.",
        )
    return SigV4(
        key=key,
        host=host_header(url),
        region=region or (found[1] if found else ""),
        service="bedrock",
        content_type="application/json",
        now=now,
    )


def _form(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """One tool that must be called: its input is the value, which thus is an object."""
    check_schema(schema)
    if schema.get("type") != "object":
        raise InvalidInput(
            f"`{name}` gives JSON objects only.",
            hint='Say `"type": "object"` at the top of the schema, and put the value into a field.',
        )
    tool = {"name": _FORM, "inputSchema": {"json": dict(schema)}}
    return {"tools": [{"toolSpec": tool}], "toolChoice": {"tool": {"name": _FORM}}}


class _ToolUse(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _Block(msgspec.Struct, rename="camel"):
    """A part of an answer; blocks of reasoning have neither field."""

    text: str = ""
    tool_use: _ToolUse | None = None


class _Said(msgspec.Struct):
    content: list[_Block] = []


class _Output(msgspec.Struct):
    message: _Said


class _Usage(msgspec.Struct, rename="camel"):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None


class _Reply(msgspec.Struct, rename="camel"):
    output: _Output
    stop_reason: str | None = None
    usage: _Usage = msgspec.field(default_factory=_Usage)

    def text(self, *, as_form: bool) -> str:
        """What was said, or what the tool was called with."""
        blocks = self.output.message.content
        if not as_form:
            return "".join(block.text for block in blocks)
        return "".join(bytes(one.tool_use.input).decode() for one in blocks if one.tool_use)


class _ToolPiece(msgspec.Struct):
    input: str = ""  # a piece of JSON


class _Piece(msgspec.Struct, rename="camel"):
    text: str = ""
    tool_use: _ToolPiece | None = None


class _Event(msgspec.Struct, rename="camel"):
    """The payload of any event of a stream: what it does not carry is empty."""

    delta: _Piece = msgspec.field(default_factory=_Piece)
    stop_reason: str | None = None
    usage: _Usage | None = None

    def text(self, *, as_form: bool) -> str:
        """A piece of what is said, or of what the tool is called with."""
        if not as_form:
            return self.delta.text
        return self.delta.tool_use.input if self.delta.tool_use else ""


_REPLY: Final = msgspec.json.Decoder(_Reply)
_KINDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EVENT: Final = msgspec.json.Decoder(_Event)
_REFUSALS: Final = {  # events that are errors, with the status they have outside of a stream
    "internalServerException": 500,
    "modelStreamErrorException": 424,
    "serviceUnavailableException": 503,
    "throttlingException": 429,
    "validationException": 400,
}


def _reply(data: bytes) -> _Reply:
    try:
        return _REPLY.decode(data)
    except msgspec.DecodeError as error:
        raise _not_understood(error) from error


def _event(data: bytes) -> _Event:
    try:
        kind, payload = next(iter(_KINDS.decode(data).items()))
        if kind in _REFUSALS:
            raise refusal(_REFUSALS[kind], bytes(payload).decode(), "Amazon Bedrock", None)
        if kind == "error":
            raise stream_error(msgspec.json.decode(payload))
        return _EVENT.decode(payload)
    except msgspec.DecodeError as error:
        raise _not_understood(error) from error


def _not_understood(error: Exception) -> ModelError:
    return ModelError(
        f"The model's server sent what is no reply of the Converse API: {error}.",
        hint="Check that the address is that of Amazon Bedrock's runtime.",
    )


def _usage(usage: _Usage) -> Usage:
    """Our count of the prompt includes what was read from a cache, theirs does not."""
    read, written = usage.cache_read_input_tokens or 0, usage.cache_write_input_tokens or 0
    return Usage(
        prompt_tokens=usage.input_tokens + read + written,
        completion_tokens=usage.output_tokens,
        cached_tokens=read,
    )


def _finish_reason(word: str | None) -> FinishReason | None:
    if word in ("guardrail_intervened", "content_filtered"):
        raise filtered(f"`{word}`.")
    if word in ("malformed_model_output", "malformed_tool_use"):
        raise InvalidOutput(
            f"The model's answer has not the form that it was asked for: `{word}`.",
            hint="Simplify the schema, or use a larger model.",
        )
    if word is None:
        return None
    return "length" if word in ("max_tokens", "model_context_window_exceeded") else "stop"
