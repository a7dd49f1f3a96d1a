"""Today's list prices: those of `genai-prices` where it has them, else the catalogue's own."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Any, Final, Literal

from fourfold.catalogue.catalogue import Catalogue
from fourfold.catalogue.records import Offer, Source

_PROVIDERS: Final = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "azure": "azure",
    "amazon-bedrock": "aws",
    "mistral": "mistral",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "xai": "x-ai",
    "groq": "groq",
    "togetherai": "together",
    "fireworks-ai": "fireworks",
}
"""What `genai-prices` calls the hosts of the catalogue."""

_SAMPLE: Final = 1_000  # tokens that are priced: below every tier for long prompts
_DAY: Final = re.compile(r"20\d\d-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrice:
    """US dollars for a million tokens, with the day that is known of them."""

    input: float
    output: float
    cached: float | None  # in again from the cache; None where its price is not known
    source: Source
    dated: datetime.date
    dated_means: Literal["in force since", "data up to"]


def with_current_prices(catalogue: Catalogue, *, on: datetime.date) -> Catalogue:
    """The catalogue with the list prices of that day in place of those that it was written with."""
    models = {
        name: replace(model, offers=tuple(current(offer, on=on) for offer in model.offers))
        for name, model in catalogue.models.items()
    }
    return replace(catalogue, models=models)


def current(offer: Offer, *, on: datetime.date) -> Offer:
    """The offer at the price of the installed `genai-prices`, or unchanged where it has none.

    Only prices that it has for this very host count: for some hosts it falls back to the price of
    the model's maker. Where the price changes with the hour it is that of the dearest hour. Few
    of its prices say since when they are in force; the others carry the newest day that the data
    of the package name, and say so in `dated_means`.
    """
    price = list_price(_provider(_PROVIDERS.get(offer.host.id, "")), offer.id, on=on)
    if price is None:
        return offer
    return replace(
        offer,
        input=price.input,
        output=price.output,
        cached=price.cached,
        source=price.source,
        dated=price.dated,
        dated_means=price.dated_means,
    )


def list_price(provider: Any, name: str, *, on: datetime.date) -> ListPrice | None:
    """What `genai-prices` has for a model of one of its providers, by the rules of `current`."""
    model = provider.find_model(name) if provider and name else None
    if model is None:
        return None
    prices = max((_prices(model, provider, at) for at in _moments(model, on)), key=_summed)
    if not any(prices):
        return None
    since, source = _in_force_since(model, on), _source(on)
    return ListPrice(
        input=prices[0],
        output=prices[1],
        cached=prices[2],
        source=source,
        dated=since or source.read,
        dated_means="in force since" if since else "data up to",
    )


@cache
def _provider(name: str) -> Any:
    from genai_prices import data

    return next((one for one in data.providers if one.id == name), None)


def _prices(model: Any, provider: Any, at: datetime.datetime) -> tuple[float, float, float | None]:
    """US dollars for a million tokens: in, out, and in again from the cache.

    The package charges cached tokens as fresh ones where it has no price for them: this is None.
    """
    from genai_prices import Usage

    usages = (
        Usage(input_tokens=_SAMPLE),
        Usage(output_tokens=_SAMPLE),
        Usage(input_tokens=_SAMPLE, cache_read_tokens=_SAMPLE),
    )
    found = (
        float(
            model.calc_price(usage, provider, genai_request_timestamp=at).total_price
        ) * 1_000_000 / _SAMPLE
        for usage in usages
    )  # fmt: skip
    fresh, out, cached = found
    return fresh, out, None if model.get_prices(at).cache_read_mtok is None else cached


def _summed(prices: tuple[float | None, ...]) -> float:
    return sum(one or 0.0 for one in prices)


def _constraints(model: Any) -> list[Any]:
    return [] if not isinstance(model.prices, list) else [one.constraint for one in model.prices]


def _moments(model: Any, on: datetime.date) -> Iterator[datetime.datetime]:
    """Moments of that day at which its price may differ."""
    changes = any(hasattr(one, "start_time") for one in _constraints(model))
    for hour in range(24) if changes else (12,):
        yield datetime.datetime.combine(on, datetime.time(hour, 30), tzinfo=datetime.UTC)


def _in_force_since(model: Any, on: datetime.date) -> datetime.date | None:
    days = [getattr(one, "start_date", None) for one in _constraints(model)]
    return max((day for day in days if day and day <= on), default=None)


@cache
def _source(on: datetime.date) -> Source:
    release = version("genai-prices")
    return Source(
        key="genai-prices",
        title=f"genai-prices {release}",
        url=f"https://pypi.org/project/genai-prices/{release}/",
        read=_newest_day(on),
        note="The day is the newest that its data name; most of its prices have none of their own.",
    )


def _newest_day(on: datetime.date) -> datetime.date:
    """The newest day that its data name and that is not to come."""
    from genai_prices import data

    models = [model for provider in data.providers for model in provider.models]
    written = {day for model in models for day in _DAY.findall(model.price_comments or "")}
    started = {_in_force_since(model, on) for model in models}
    days = {datetime.date.fromisoformat(day) for day in written} | {day for day in started if day}
    return max((day for day in days if day <= on), default=on)
