"""The replies of Google's Gemini API, whole or one event of a stream, read into pieces."""

from itertools import count
from typing import Any, Final

import msgspec

from fourfold.core.errors import InvalidOutput, ModelError, ModelNotAllowed, ModelRejected
from fourfold.core.records import FinishReason, TokenLogprob, Usage
from fourfold.models.answer import Piece
from fourfold.models.tools import CallPiece
from fourfold.models.trouble import filtered, stream_error

_ENDS: Final[dict[str, FinishReason]] = {"STOP": "stop", "MAX_TOKENS": "length"}
_MALFORMED: Final = frozenset(
    {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS", "UNEXPECTED_TOOL_CALL"}
)
_FILTERED: Final = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "ESCALATION",
        "MODEL_ARMOR",
    }
)
_REJECTED: Final = {
    "LANGUAGE": "Ask in a language that the model knows, or use another model.",
    "MISSING_THOUGHT_SIGNATURE": "Send calls back with the `signature` that they came with.",
}


class ReplyReader:
    """Reads a whole reply, or the events of one stream, which have the same form."""

    def __init__(self, *, is_whole: bool) -> None:
        self._is_whole = is_whole
        self._number = count()  # of the calls: each comes whole, and they have no index

    def __call__(self, data: bytes) -> Piece:
        """What this reply adds; raises the error that it may carry instead."""
        said = _decoded(data)
        finish_reason = said.finish_reason or ("stop" if self._is_whole else None)
        return Piece(
            text="".join(part.text for part in said.parts if not part.thought),
            finish_reason=finish_reason,
            usage=_usage(said.usage_metadata) if said.usage_metadata else None,
            logprobs=said.logprobs,
            calls=tuple(self._call(part) for part in said.parts if part.function_call),
            error=said.trouble,
        )

    def _call(self, part: "_Part") -> CallPiece:
        called = part.function_call or _Call()
        return CallPiece(
            index=next(self._number),
            id=called.id or "",
            name=called.name,
            arguments=bytes(called.args).decode(),
            signature=part.thought_signature,
        )


class _Call(msgspec.Struct):
    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"{}")


class _Part(msgspec.Struct, rename="camel"):
    text: str = ""
    thought: bool = False
    function_call: _Call | None = None
    thought_signature: str = ""


class _Content(msgspec.Struct):
    parts: list[_Part] = []


class _Likely(msgspec.Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class _Position(msgspec.Struct):
    candidates: list[_Likely] = []


class _Logprobs(msgspec.Struct, rename="camel"):
    chosen_candidates: list[_Likely] = []
    top_candidates: list[_Position] = []


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content = msgspec.field(default_factory=_Content)
    finish_reason: str | None = None
    logprobs_result: _Logprobs | None = None


class _Counts(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Reply(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] = []
    usage_metadata: _Counts | None = None
    prompt_feedback: _Feedback | None = None
    error: Any = None

    @property
    def parts(self) -> list[_Part]:
        """Of the one candidate that we ask for."""
        return self.candidates[0].content.parts if self.candidates else []

    @property
    def word(self) -> str:
        """Why it ended, empty while it goes on."""
        return (self.candidates[0].finish_reason or "") if self.candidates else ""

    @property
    def finish_reason(self) -> FinishReason | None:
        """None while it goes on."""
        return _ENDS.get(self.word)

    @property
    def trouble(self) -> ModelError | None:
        """Where a filter or something else stopped it, or the model's call cannot be read."""
        if self.word in _MALFORMED:
            return InvalidOutput(
                f"The model's answer has not the form that it was asked for: `{self.word}`.",
                hint="Ask again, simplify the tools, or use a larger model.",
            )
        blocked = self.prompt_feedback.block_reason if self.prompt_feedback else None
        if blocked or self.word in _FILTERED:
            return filtered(f"{blocked or self.word}.")
        return None if not self.word or self.word in _ENDS else _stopped(self.word)

    @property
    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """Of each token, where they were asked for."""
        found = self.candidates[0].logprobs_result if self.candidates else None
        if found is None:
            return ()
        likeliest = [
            {one.token: one.log_probability for one in position.candidates}
            for position in found.top_candidates
        ] or [{}] * len(found.chosen_candidates)
        return tuple(
            TokenLogprob(token=one.token, logprob=one.log_probability, likeliest=likely)
            for one, likely in zip(found.chosen_candidates, likeliest, strict=False)
        )


_REPLY: Final = msgspec.json.Decoder(_Reply)


def _decoded(data: bytes) -> _Reply:
    try:
        reply = _REPLY.decode(data)
    except msgspec.DecodeError as error:
        raise ModelError(
            f"The model's server sent what is no reply of the Gemini API: {error}.",
            hint="Check that the address ends where `/models` begins, mostly in `/v1beta`.",
        ) from error
    if reply.error is not None:
        raise stream_error(reply.error)
    return reply


def _stopped(word: str) -> ModelError:
    """The error for an end that is neither the model's own nor a filter's."""
    said = f"The provider stopped the answer: `{word}`."
    if word in _REJECTED:
        return ModelRejected(said, hint=_REJECTED[word])
    if word == "PUP_LIMITED_DISABLED":
        return ModelNotAllowed(said, hint="Ask Google why it limits the account of this key.")
    return ModelError(said, hint="Ask again, or use another model.")


def _usage(counts: _Counts) -> Usage:
    """Thoughts are charged as what is written."""
    return Usage(
        prompt_tokens=counts.prompt_token_count,
        completion_tokens=counts.candidates_token_count + counts.thoughts_token_count,
        cached_tokens=counts.cached_content_token_count,
    )
