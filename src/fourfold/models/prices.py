"""What a completion costs: the project's own price, or the one that its provider publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from fourfold.core.records import Usage

Tariff: TypeAlias = Callable[[Usage], float | None]
"""US dollars for these tokens; None when nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens, for those who have a contract or a server of their own."""

    input: float
    output: float
    cached: float | None = None  # prompt tokens that the provider had read before; else as input

    def __call__(self, usage: Usage) -> float:
        """US dollars for these tokens."""
        cached = self.input if self.cached is None else self.cached
        return (
            (usage.prompt_tokens - usage.cached_tokens) * self.input
            + usage.cached_tokens * cached
            + usage.completion_tokens * self.output
        ) / 1_000_000


def unknown(usage: Usage) -> None:
    """The tariff of a model whose price nobody told."""


def published(model: str, url: str) -> Tariff:
    """The list price of that model at that address, out of the data of `genai-prices`.

    They are those of the installed release of that package: it asks no server. Only prices of this
    very host count, not those of the model's maker, which the package falls back to. `unknown` for
    a model or an address that it does not have.
    """
    from genai_prices import Usage as Tokens

    host = host_at(url)
    found = host.find_model(model) if host and model else None
    if host is None or found is None:
        return unknown

    def tariff(usage: Usage) -> float | None:
        tokens = Tokens(
            input_tokens=usage.prompt_tokens,
            cache_read_tokens=usage.cached_tokens,
            output_tokens=usage.completion_tokens,
        )
        try:
            cost = found.calc_price(tokens, host, genai_request_timestamp=datetime.now(UTC))
        except (LookupError, ValueError):
            return None
        return float(cost.total_price)

    probe = Usage(prompt_tokens=1, completion_tokens=1)
    return unknown if tariff(probe) is None else tariff


def host_at(url: str) -> Any:
    """What `genai-prices` has of the host at that address; None for one that it does not know."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        return get_snapshot().find_provider(None, None, url)
    except LookupError:
        return None


def charged(usage: Usage, tariff: Tariff) -> Usage:
    """The same tokens with their price; unknown when the server told no tokens, or odd ones.

    It never fails: the answer that the tokens are of was paid for.
    """
    adds_up = 0 <= usage.cached_tokens <= usage.prompt_tokens and usage.completion_tokens >= 0
    known = bool(usage.prompt_tokens) and adds_up
    return replace(usage, cost_usd=tariff(usage) if known else None)
