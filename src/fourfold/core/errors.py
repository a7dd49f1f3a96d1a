"""Errors that the reader can solve: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fourfold.core.records import Usage


class FourfoldError(Exception):
    """A problem that the reader can solve.

    `message` says what happened, `hint` what to do, `code` is stable for programs.
    Anything else that escapes from Fourfold is a bug of ours.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code


class UnknownBackend(FourfoldError):
    """No backend of that name."""

    code = "unknown_backend"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no {kind} called `{name}`.", hint=suggestion(name, known))


class MissingExtra(FourfoldError):
    """A part needs a package that is not installed."""

    code = "missing_extra"

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(
            f"{part} needs packages that are not installed.",
            hint=f"Type: pip install 'fourfold[{extra}]'",
        )


class InvalidSettings(FourfoldError):
    """A `FOURFOLD_…` variable, or a line of `.env`, holds what cannot be used."""

    code = "invalid_settings"


class InvalidProject(FourfoldError):
    """The project file, or a file it names, cannot be used as it is."""

    code = "invalid_project"


class InvalidInput(FourfoldError):
    """What was asked for cannot be done as it was asked."""

    code = "invalid_input"


class NotFound(FourfoldError):
    """There is no such thing here, or the asker may not know of it."""

    code = "not_found"


class NotAllowed(FourfoldError):
    """The asker is known, and may not do this."""

    code = "not_allowed"


class StorageError(FourfoldError):
    """The database or the data folder cannot be used."""

    code = "storage"


class ModelError(FourfoldError):
    """A model did not give a completion.

    `usage` is what it took all the same, where that is known: an answer in the wrong form is paid.
    """

    code = "model_error"
    usage: Usage | None = None


class InvalidOutput(ModelError):
    """The model answered, but not in the form that it was asked for."""

    code = "invalid_output"


class ModelRejected(ModelError):
    """The model refused the request as malformed; sending it again changes nothing."""

    code = "model_rejected"


class ModelFiltered(ModelError):
    """A filter of the provider's stopped the question or the answer."""

    code = "model_filtered"


class ModelNotAllowed(ModelError):
    """The provider did not accept our key, or the key may not use this model."""

    code = "model_not_allowed"


class ModelRateLimited(ModelError):
    """The provider asks us to slow down; `retry_after_seconds` says how long, if it said so."""

    code = "model_rate_limited"

    def __init__(
        self, message: str, *, hint: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class ModelOverloaded(ModelError):
    """The provider is out of reach, too busy or too slow; a later try may succeed.

    `is_unserved` when it certainly did nothing for the request, so that asking again costs nothing.
    """

    code = "model_overloaded"

    def __init__(self, message: str, *, hint: str = "", is_unserved: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.is_unserved = is_unserved


class ContextTooLong(ModelError):
    """The prompt does not fit into the model's context."""

    code = "context_too_long"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Name the closest known word, or all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    return f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(names)}."
