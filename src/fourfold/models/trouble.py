"""The refusal of a model's server, by its status and its words, as one of our errors."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from fourfold.core.errors import (
    ContextTooLong,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)

# OpenAI and Azure; llama.cpp; Anthropic, Google, Bedrock, vLLM and others say it in words.
_TOO_LONG = (
    "input is too long",
    "input tokens exceeded",
    "too many input tokens",
    "prompt is too long",
    "exceeds the maximum number of tokens",
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "maximum model length",
    "context length is only",
    "exceed context limit",
    "too many tokens",
)
_FILTERED = ('"content_filter"', '"content_policy_violation"', "ResponsibleAIPolicyViolation")
_WRONG_KEY = "API_KEY_INVALID"  # Google says it with 400
_STATUSES = {  # of errors that a server tells in words, inside a reply that began as a success
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "billing_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "resource_exhausted": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_error": 500,
    "internal": 500,
    "unavailable": 503,
    "timeout_error": 504,
    "deadline_exceeded": 504,
    "overloaded_error": 529,
}
_IN_STREAM = "the address that began to answer"
_HINTS = {
    301: "Write the address that it redirects to.",
    308: "Write the address that it redirects to.",
    404: "Check the model's name and the address, which mostly ends in `/v1`.",
}


def refusal(status: int, body: str, place: str, retry_after_seconds: float | None) -> ModelError:
    """The error for an answer that is not 200."""
    said = _words(body)
    if status in {401, 403} or _WRONG_KEY in body:
        return ModelNotAllowed(
            f"The model's server at {place} did not accept the key ({status}).",
            hint="Check the key in the environment, and that it may use this model.",
        )
    if status == 429 or (status == 503 and retry_after_seconds is not None):
        return ModelRateLimited(
            f"The model's server at {place} asks us to slow down: {said}",
            hint="Ask less often, or raise the limit with the provider.",
            retry_after_seconds=retry_after_seconds,
        )
    if status in {408, 424} or status >= 500:  # 424: what stands behind the server failed
        return ModelOverloaded(
            f"The model's server at {place} is in trouble ({status}): {said}",
            hint="Try again later; if it stays, look at the server's log.",
            # Anthropic has a status for it, Google and others say it in words.
            is_unserved=status == 529 or (status == 503 and "overloaded" in body.lower()),
        )
    if any(phrase in body.lower() for phrase in _TOO_LONG):
        return ContextTooLong(
            f"The prompt does not fit into the model's context: {said}",
            hint="Ask with fewer or shorter passages, or use a model with a longer context.",
        )
    if any(code in body for code in _FILTERED):
        return filtered(said)
    return ModelRejected(
        f"The model's server at {place} refused the request ({status}): {said}",
        hint=_HINTS.get(status, "Correct the request; sending it again changes nothing."),
    )


def filtered(cause: str) -> ModelFiltered:
    """The error for a question or an answer that a filter of the provider's stopped."""
    return ModelFiltered(
        f"A filter of the provider stopped the answer: {cause}",
        hint="Change the question or the passages, or use another model.",
    )


def stream_error(error: Any) -> ModelError:
    """The error that a server reports inside a reply that had begun as a success.

    It is of the same kind as outside of one, but never called unserved: the answer had begun.
    """
    told = error if isinstance(error, Mapping) else {"message": error}
    if told.get("code") == "content_filter":
        return filtered(str(told.get("message"))[:300])
    status = _status_of(told)
    if status is None:
        return ModelError(
            f"The model's server reported an error in its answer: {str(told.get('message'))[:300]}",
            hint="Try again; if it stays, look at the server's log.",
        )
    found = refusal(status, msgspec.json.encode({"error": told}).decode(), _IN_STREAM, None)
    if isinstance(found, ModelOverloaded):
        found.is_unserved = False
    return found


def broken_off() -> ModelOverloaded:
    """The error for a stream that ended before the model did."""
    return ModelOverloaded(
        "The model's server ended its answer in the middle.",
        hint="Ask again; what had arrived is not complete.",
    )


def retry_after(asked: str, now: datetime | None = None) -> float | None:
    """Seconds that `Retry-After` asks us to wait, said as a number or as a date."""
    asked = asked.strip()
    if not asked:
        return None
    if asked.replace(".", "", 1).isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def _status_of(told: Mapping[str, Any]) -> int | None:
    """The status that such an error has outside of a stream, by its code, its status or type."""
    for name in ("code", "status", "type"):
        said = str(told.get(name)).lower()
        if said in _STATUSES:
            return _STATUSES[said]
        if said.isdecimal() and 400 <= int(said) < 600:
            return int(said)
    return None


def _words(body: str) -> str:
    """The message of an error body, whichever of the usual forms it has."""
    try:
        found: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = body
    if isinstance(found, list) and found:  # Google's OpenAI-compatible address sends a list
        found = found[0]
    for name in ("error", "message", "detail"):
        if isinstance(found, Mapping) and name in found:
            found = found[name]
    return " ".join(str(found).split())[:300] or "no reason given"
