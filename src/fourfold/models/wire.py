"""The OpenAI wire: our records to the JSON of `/v1/chat/completions`, and its JSON back to them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fourfold.core.errors import ModelError
from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    FinishReason,
    Message,
    TokenLogprob,
    Usage,
)
from fourfold.models.trouble import filtered


def chat_body(
    model: str, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
) -> dict[str, Any]:
    """The body of a request; what the options leave open is left out."""
    wanted: dict[str, Any] = {
        "model": model,
        "messages": [{"role": each.role, "content": each.content} for each in messages],
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "top_p": options.top_p,
        "seed": options.seed,
        "stop": list(options.stop) or None,
        "response_format": _response_format(options.json_schema),
        "logprobs": True if options.top_logprobs is not None else None,
        "top_logprobs": options.top_logprobs,
        "stream": True if stream else None,
        "stream_options": {"include_usage": True} if stream else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def read_chunk(data: bytes) -> Delta:
    """What one event of a stream adds; raises the error that an event may carry instead."""
    chunk = _decode(data, _CHUNK)
    if chunk.error is not None:
        raise stream_error(chunk.error)
    choice = chunk.choices[0] if chunk.choices else _Choice()
    return Delta(
        text=choice.delta.text if choice.delta else "",
        finish_reason=_finish_reason(choice.finish_reason),
        usage=_usage(chunk.usage) if chunk.usage else None,
        logprobs=_logprobs(choice.logprobs),
    )


def read_completion(data: bytes, *, model: str) -> Completion:
    """A whole reply; `model` is the name that our users know."""
    reply = _decode(data, _CHUNK)
    if reply.error is not None:
        raise stream_error(reply.error)
    choice = reply.choices[0] if reply.choices else _Choice()
    if choice.message is None:
        raise _not_understood("a reply without a message")
    return Completion(
        text=choice.message.text,
        model=model,
        usage=_usage(reply.usage or _Usage()),
        finish_reason=_finish_reason(choice.finish_reason) or "stop",
        logprobs=_logprobs(choice.logprobs),
    )


def stream_error(error: Any) -> ModelError:
    """The error that a server reports inside a reply that had begun as a success."""
    said = error.get("message") if isinstance(error, Mapping) else error
    if isinstance(error, Mapping) and error.get("code") == "content_filter":
        return filtered(str(said)[:300])
    return ModelError(
        f"The model's server reported an error in its answer: {str(said)[:300]}",
        hint="Try again; if it stays, look at the server's log.",
    )


class _Piece(msgspec.Struct):
    text: str = ""  # pieces of thinking have none


class _Message(msgspec.Struct):
    content: str | list[_Piece] | None = None

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


_CHUNK = msgspec.json.Decoder(_Chunk)


def _decode(data: bytes, decoder: "msgspec.json.Decoder[_Chunk]") -> _Chunk:
    try:
        return decoder.decode(data)
    except msgspec.DecodeError as error:
        raise _not_understood(str(error)) from error


def _not_understood(what: str) -> ModelError:
    return ModelError(
        f"The model's server sent what is no OpenAI reply: {what}.",
        hint="Check that the address ends where `/chat/completions` begins, mostly in `/v1`.",
    )


def _finish_reason(word: str | None) -> FinishReason | None:
    if word == "content_filter":
        raise filtered("its content filter.")
    if word == "error":
        raise stream_error("it gave no cause")
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


def _response_format(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    # Not `strict`: OpenAI then refuses every schema with an optional field, and we check anyway.
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}}
