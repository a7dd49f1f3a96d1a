"""The OpenAI wire, the server's side: the JSON of `/v1/chat/completions`, read into pieces."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fourfold.core.errors import ModelError
from fourfold.core.records import FinishReason, TokenLogprob, Usage
from fourfold.models.answer import Piece
from fourfold.models.tools import CallPiece
from fourfold.models.trouble import filtered, stream_error


def read_chunk(data: bytes) -> Piece:
    """What one event of a stream adds; raises the error that an event may carry instead.

    It may be the only one: the whole reply of a server that does not stream.
    """
    chunk = _decoded(data)
    choice = chunk.choices[0] if chunk.choices else _Choice()
    if choice.delta is None and choice.message is not None:
        return read_reply(data)
    return _piece(choice, choice.delta or _Message(), chunk.usage)


def read_reply(data: bytes) -> Piece:
    """A whole reply; raises the error that it may carry instead."""
    reply = _decoded(data)
    choice = reply.choices[0] if reply.choices else _Choice()
    if choice.message is None:
        raise _not_understood("a reply without a message")
    choice.finish_reason = choice.finish_reason or "stop"
    return _piece(choice, choice.message, reply.usage)


class _Text(msgspec.Struct):
    text: str = ""  # pieces of thinking have none


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None  # an object from Mistral and some servers


class _Call(msgspec.Struct):
    index: int | None = None  # Google leaves it out
    id: str | None = None
    function: _Function | None = None
    extra_content: Any = None  # Google wants it back with the call


class _Message(msgspec.Struct):
    content: str | list[_Text] | None = None
    refusal: str | None = None  # said in place of an answer
    tool_calls: list[_Call] | None = None

    @property
    def text(self) -> str:
        """What was said; Mistral's reasoning models say it in pieces."""
        if isinstance(self.content, list):
            return "".join(piece.text for piece in self.content)
        return self.content or ""


class _Likely(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_Likely] = []


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Chunk(msgspec.Struct):
    """An event of a stream or a whole reply: they differ in `delta` and `message` only."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_CHUNK: Final = msgspec.json.Decoder(_Chunk)


def _decoded(data: bytes) -> _Chunk:
    try:
        chunk = _CHUNK.decode(data)
    except msgspec.DecodeError as error:
        raise _not_understood(str(error)) from error
    if chunk.error is not None:
        raise stream_error(chunk.error)
    return chunk


def _not_understood(what: str) -> ModelError:
    return ModelError(
        f"The model's server sent what is no OpenAI reply: {what}.",
        hint="Check that the address ends where `/chat/completions` begins, mostly in `/v1`.",
    )


def _piece(choice: _Choice, message: _Message, usage: _Usage | None) -> Piece:
    calls = message.tool_calls or []
    return Piece(
        text=message.text,
        finish_reason=_finish_reason(choice.finish_reason),
        usage=_usage(usage) if usage else None,
        logprobs=_logprobs(choice.logprobs),
        calls=tuple(_call_piece(place, call) for place, call in enumerate(calls)),
        error=_error(choice.finish_reason, message),
    )


def _call_piece(place: int, call: _Call) -> CallPiece:
    function = call.function or _Function()
    arguments = function.arguments
    if isinstance(arguments, Mapping):
        arguments = msgspec.json.encode(arguments).decode()
    extra = call.extra_content
    return CallPiece(
        index=place if call.index is None else call.index,
        id="" if call.id in (None, "null") else str(call.id),  # Mistral says `null` in words
        name=function.name or "",
        arguments=arguments or "",
        signature=msgspec.json.encode(extra).decode() if extra else "",
    )


def _error(word: str | None, message: _Message) -> ModelError | None:
    if message.refusal:
        return filtered("the model refused.")
    if word == "content_filter":
        return filtered("its content filter.")
    return stream_error("it gave no cause") if word == "error" else None


def _finish_reason(word: str | None) -> FinishReason | None:
    if word is None:
        return None
    return "length" if word in ("length", "model_length") else "stop"


def _usage(usage: _Usage) -> Usage:
    details = usage.prompt_tokens_details or _PromptDetails()
    read, written = usage.prompt_tokens or 0, usage.completion_tokens or 0
    return Usage(
        prompt_tokens=read,
        # Google counts thoughts in the total alone, and charges them as what is written.
        completion_tokens=max(written, (usage.total_tokens or 0) - read),
        cached_tokens=details.cached_tokens or 0,
    )


def _logprobs(logprobs: _Logprobs | None) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            token=each.token,
            logprob=each.logprob,
            likeliest={likely.token: likely.logprob for likely in each.top_logprobs},
        )
        for each in (logprobs.content or () if logprobs else ())
    )
