"""The replies and events of Anthropic's Messages API, read into pieces."""

from typing import Any, Final

import msgspec

from fourfold.core.errors import ModelError
from fourfold.core.records import FinishReason, Usage
from fourfold.models.answer import Piece
from fourfold.models.tools import CallPiece
from fourfold.models.trouble import filtered, stream_error

_NO_INPUT: Final = b"{}"


def read_reply(data: bytes) -> Piece:
    """A whole reply; raises the error that it may carry instead."""
    said: _Reply = _decoded(data, _REPLY)
    return Piece(
        text="".join(block.text for block in said.content),
        finish_reason=_finish_reason(said.stop_reason) or "stop",
        usage=_usage(said.usage),
        calls=tuple(_call(place, block) for place, block in enumerate(said.content) if block.name),
        error=_error(said.stop_reason),
    )


class EventReader:
    """Reads the events of one stream, whose counts of tokens are cumulative."""

    def __init__(self) -> None:
        self._counts = _Usage()

    def __call__(self, data: bytes) -> Piece:
        """What this event adds; raises the error that it may carry instead."""
        event: _Event = _decoded(data, _EVENT)
        told = event.usage or (event.message.usage if event.message else None)
        if told is not None:
            self._counts = _later(self._counts, told)
        return Piece(
            text=event.delta.text,
            finish_reason=_finish_reason(event.delta.stop_reason),
            usage=_usage(self._counts) if told is not None else None,
            calls=_call_pieces(event),
            error=_error(event.delta.stop_reason),
            ends=event.type == "message_stop",
        )


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Block(msgspec.Struct):
    """A part of an answer: text, or a call, which has a name; blocks of thinking have neither."""

    type: str = ""
    text: str = ""
    id: str = ""
    tool: str = msgspec.field(default="", name="name")
    input: msgspec.Raw = msgspec.Raw(_NO_INPUT)

    @property
    def name(self) -> str:
        """Of the tool of ours that is called; the provider's own tools run on its side."""
        return self.tool if self.type == "tool_use" else ""


class _Reply(msgspec.Struct):
    content: list[_Block] = []
    stop_reason: str | None = None
    usage: _Usage = msgspec.field(default_factory=_Usage)
    error: Any = None


class _Change(msgspec.Struct):
    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    """Any event of a stream: what it does not carry is empty."""

    type: str
    index: int = 0
    message: _Reply | None = None
    content_block: _Block | None = None
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


def _call(place: int, block: _Block) -> CallPiece:
    arguments = bytes(block.input).decode()
    return CallPiece(index=place, id=block.id, name=block.name, arguments=arguments)


def _call_pieces(event: _Event) -> tuple[CallPiece, ...]:
    """The beginning of a call, which has no input yet, or a piece of its input."""
    if event.content_block is not None and event.content_block.name:
        begun = event.content_block
        return (CallPiece(index=event.index, id=begun.id, name=begun.name),)
    more = event.delta.partial_json
    return (CallPiece(index=event.index, arguments=more),) if more else ()


def _later(counts: _Usage, told: _Usage) -> _Usage:
    """A later count takes the place of an earlier."""
    return _Usage(
        **{
            name: getattr(told, name) if getattr(told, name) is not None else getattr(counts, name)
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


def _error(word: str | None) -> ModelError | None:
    return filtered("its safety filter.") if word == "refusal" else None


def _finish_reason(word: str | None) -> FinishReason | None:
    if word is None:
        return None
    return "length" if word in ("max_tokens", "model_context_window_exceeded") else "stop"
