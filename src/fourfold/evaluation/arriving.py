"""An answer while it comes, which becomes an exchange whatever happens to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fourfold.core.errors import (
    ContextTooLong,
    FourfoldError,
    InvalidInput,
    InvalidOutput,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Delta, Message, TokenLogprob, Usage
from fourfold.core.tools import ToolCall
from fourfold.evaluation.records import Exchange, Intent
from fourfold.evaluation.requests import options_json

CANCELLED: Final = "cancelled"
_UNPAID: Final = frozenset(
    error.code for error in (InvalidInput, ModelRateLimited, ModelNotAllowed, ModelRejected)
)
_ERRORS: Final[dict[str, type[FourfoldError]]] = {
    error.code: error
    for error in (
        ContextTooLong,
        InvalidInput,
        InvalidOutput,
        ModelError,
        ModelFiltered,
        ModelNotAllowed,
        ModelOverloaded,
        ModelRateLimited,
        ModelRejected,
    )
}


class Arriving:
    """Takes down deltas and how they ended; `exchange` is what has come until then.

    `began` is None as long as the request was not sent.
    """

    def __init__(
        self,
        intent: Intent,
        identity: str,
        messages: Sequence[Message],
        options: CompletionOptions,
        *,
        asked: float,
    ) -> None:
        self.intent = intent
        self.began: float | None = None
        self._identity, self._messages, self._options = identity, tuple(messages), options
        self._asked = asked
        self._texts: list[str] = []
        self._first: float | None = None
        self._model = intent.model
        self._usage = Usage(cost_usd=None)
        self._finish_reason = ""
        self._logprobs: list[TokenLogprob] = []
        self._tool_calls: tuple[ToolCall, ...] = ()
        self._error = self._error_message = ""

    def add(self, delta: Delta, now: float) -> None:
        """Take down one delta."""
        if delta.text:
            self._texts.append(delta.text)
            self._first = self._first if self._first is not None else now - (self.began or now)
        self._usage = delta.usage or self._usage
        self._finish_reason = delta.finish_reason or self._finish_reason
        self._model = delta.model or self._model
        self._logprobs.extend(delta.logprobs)
        self._tool_calls = delta.tool_calls or self._tool_calls

    def fail(self, error: BaseException) -> None:
        """Take down why it ended."""
        if not isinstance(error, FourfoldError):
            self._error = CANCELLED
            return
        self._error, self._error_message = error.code, error.message
        if isinstance(error, ModelError) and error.usage:
            self._usage = error.usage
        if not self._texts and _is_unpaid(error):
            self._usage = Usage(cost_usd=0.0)

    def exchange(self, now: float) -> Exchange:
        """What has come until now."""
        began = now if self.began is None else self.began
        broken_off = not self._finish_reason and not self._error
        return Exchange(
            id=self.intent.id,
            key=self.intent.key,
            model=self._model,
            identity=self._identity,
            messages=self._messages,
            options=options_json(self._options),
            text="".join(self._texts),
            finish_reason=self._finish_reason,
            usage=self._usage,
            seconds=now - began,
            first_text_seconds=self._first,
            at=self.intent.at,
            logprobs=tuple(self._logprobs),
            tool_calls=self._tool_calls,
            error=CANCELLED if broken_off else self._error,
            error_message=self._error_message,
            delayed_seconds=began - self._asked,
        )


def _is_unpaid(error: FourfoldError) -> bool:
    """True when the request was refused before anything was read."""
    unserved = isinstance(error, ModelOverloaded) and error.is_unserved
    return unserved or error.code in _UNPAID


def error_of(exchange: Exchange) -> FourfoldError:
    """The error that an exchange ended in, to be raised once more."""
    message = exchange.error_message or f"`{exchange.model}` gave no answer that can be used."
    kind = _ERRORS.get(exchange.error)
    return kind(message) if kind else FourfoldError(message, code=exchange.error)
