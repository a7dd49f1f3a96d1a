"""Errors as HTTP answers, in one place: the status, and the two shapes, OpenAI's and ours."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from fourfold.core.errors import (
    ContextTooLong,
    FourfoldError,
    InvalidInput,
    ModelError,
    ModelFiltered,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
    NotAllowed,
    NotFound,
    StorageError,
)


class KeyNeeded(FourfoldError):
    """No API key, or one that is not valid."""

    code = "invalid_api_key"


class WrongMethod(FourfoldError):
    """The address is right, the method is not."""

    code = "method_not_allowed"


class BodyTooLarge(FourfoldError):
    """The body of the request has more bytes than are accepted."""

    code = "body_too_large"


class BodyTooSlow(FourfoldError):
    """The body of the request did not arrive in time."""

    code = "body_too_slow"


class TookTooLong(FourfoldError):
    """The request could not be answered in time."""

    code = "took_too_long"


class TooBusy(FourfoldError):
    """As many requests as allowed are in work."""

    code = "too_busy"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} requests are in work already.", hint="Try again in a second.")


class Unexpected(FourfoldError):
    """A bug of ours; what it was stands in the log, not in the answer."""

    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("Something went wrong in the server.", hint="Its log says what.")


# The first class that fits decides, so the special ones come before their parents.
_STATUS: Final[tuple[tuple[type[FourfoldError], int], ...]] = (
    (KeyNeeded, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (WrongMethod, 405),
    (BodyTooSlow, 408),
    (BodyTooLarge, 413),
    (TooBusy, 429),
    (ModelRateLimited, 429),
    (InvalidInput, 400),
    (ContextTooLong, 400),
    (ModelRejected, 400),
    (ModelFiltered, 400),
    (ModelOverloaded, 503),
    (ModelError, 502),
    (StorageError, 503),
    (TookTooLong, 504),
)
_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}


def status_of(error: FourfoldError) -> int:
    """The HTTP status that says the same; 500 for what only the operator can mend."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def headers_of(error: FourfoldError) -> list[tuple[bytes, bytes]]:
    """What a client needs beside the status: when to try again, how to prove who it is."""
    status = status_of(error)
    if status == 401:
        return [(b"www-authenticate", b"Bearer")]
    if status in (408, 413):
        return [(b"connection", b"close")]  # the rest of the body is not waited for
    if status in (429, 503):
        seconds = error.retry_after_seconds if isinstance(error, ModelRateLimited) else None
        return [(b"retry-after", str(max(1, round(seconds or 1))).encode())]
    return []


def openai_error(error: FourfoldError) -> dict[str, Any]:
    """The shape under `/v1`, which the clients of OpenAI understand."""
    status = status_of(error)
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    message = f"{error.message} {error.hint}".strip()
    return {"error": {"message": message, "type": kind, "param": None, "code": error.code}}


def api_error(error: FourfoldError) -> dict[str, Any]:
    """The shape everywhere else, and on the command line."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}


def error_body(error: FourfoldError, path: str) -> bytes:
    """The body that fits the address that was asked."""
    shape = openai_error if path.startswith("/v1/") else api_error
    return msgspec.json.encode(shape(error))
