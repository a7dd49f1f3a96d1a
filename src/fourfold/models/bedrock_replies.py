"""The replies and events of Amazon Bedrock's Converse API, read into pieces."""

from typing import Final

import msgspec

from fourfold.core.errors import InvalidOutput, ModelError
from fourfold.core.records import FinishReason, Usage
from fourfold.models.answer import Piece
from fourfold.models.tools import CallPiece
from fourfold.models.trouble import filtered, refusal, stream_error


def read_reply(data: bytes, *, as_form: bool) -> Piece:
    """A whole reply; `as_form` takes the input of its tool for what was said."""
    said = _reply(data)
    blocks = list(enumerate(said.output.message.content))
    calls = tuple(_call(place, one.tool_use) for place, one in blocks if one.tool_use)
    text = "".join(one.text for _, one in blocks)
    return Piece(
        text="".join(call.arguments for call in calls) if as_form else text,
        finish_reason=_finish_reason(said.stop_reason) or "stop",
        usage=_usage(said.usage),
        calls=() if as_form else calls,
        error=_error(said.stop_reason),
    )


def read_event(data: bytes, *, as_form: bool) -> Piece:
    """What one event of a stream adds; raises the error that an event may be."""
    event = _event(data)
    calls = _call_pieces(event)
    return Piece(
        text="".join(call.arguments for call in calls) if as_form else event.delta.text,
        finish_reason=_finish_reason(event.stop_reason),
        usage=_usage(event.usage) if event.usage else None,
        calls=() if as_form else calls,
        error=_error(event.stop_reason),
    )


class _ToolUse(msgspec.Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""
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


class _ToolPiece(msgspec.Struct):
    input: str = ""  # a piece of JSON


class _Piece(msgspec.Struct, rename="camel"):
    text: str = ""
    tool_use: _ToolPiece | None = None


class _ToolStart(msgspec.Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""


class _Start(msgspec.Struct, rename="camel"):
    tool_use: _ToolStart | None = None


class _Event(msgspec.Struct, rename="camel"):
    """The payload of any event of a stream: what it does not carry is empty."""

    content_block_index: int = 0
    start: _Start = msgspec.field(default_factory=_Start)
    delta: _Piece = msgspec.field(default_factory=_Piece)
    stop_reason: str | None = None
    usage: _Usage | None = None


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


def _call(place: int, used: _ToolUse) -> CallPiece:
    arguments = bytes(used.input).decode()
    return CallPiece(index=place, id=used.tool_use_id, name=used.name, arguments=arguments)


def _call_pieces(event: _Event) -> tuple[CallPiece, ...]:
    """The beginning of a call, or a piece of its input."""
    index, begun, more = event.content_block_index, event.start.tool_use, event.delta.tool_use
    if begun is not None:
        return (CallPiece(index=index, id=begun.tool_use_id, name=begun.name),)
    return (CallPiece(index=index, arguments=more.input),) if more is not None else ()


def _usage(usage: _Usage) -> Usage:
    """Our count of the prompt includes what was read from a cache, theirs does not."""
    read, written = usage.cache_read_input_tokens or 0, usage.cache_write_input_tokens or 0
    return Usage(
        prompt_tokens=usage.input_tokens + read + written,
        completion_tokens=usage.output_tokens,
        cached_tokens=read,
    )


def _error(word: str | None) -> ModelError | None:
    if word in ("guardrail_intervened", "content_filtered"):
        return filtered(f"`{word}`.")
    if word in ("malformed_model_output", "malformed_tool_use"):
        return InvalidOutput(
            f"The model's answer has not the form that it was asked for: `{word}`.",
            hint="Simplify the schema, or use a larger model.",
        )
    return None


def _finish_reason(word: str | None) -> FinishReason | None:
    if word is None:
        return None
    return "length" if word in ("max_tokens", "model_context_window_exceeded") else "stop"
