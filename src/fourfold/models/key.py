"""The key of a model's server: one that stays, or what tells the present one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pydantic import SecretStr

from fourfold.core.errors import InvalidInput

Key: TypeAlias = SecretStr | Callable[[], SecretStr | None] | None
"""Tokens that live for an hour are asked for anew with each request."""


def key_of(key: Key) -> SecretStr | None:
    """The key as it is now."""
    return key() if callable(key) else key


def sendable(key: SecretStr) -> str:
    """The key, which goes into a header as it is: a line break in it would begin another one."""
    secret = key.get_secret_value()
    if not (secret.isascii() and secret.isprintable()):
        raise InvalidInput(
            "The key of the model's server holds characters that no key has.",
            hint="Look for line breaks and quotation marks in the environment variable.",
        )
    return secret
