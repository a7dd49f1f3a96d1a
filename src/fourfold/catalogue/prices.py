"""Today's list prices: those of `genai-prices` where it has them, else the catalogue's own."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Final

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
_DAY = re.compile(r"20\d\d-\d\d-\d\d")


def current(offer: Offer) -> Offer:
    """The offer with the price of the installed `genai-prices`, or unchanged where it has none."""
    import genai_prices

    provider = _PROVIDERS.get(offer.host.id)
    if provider is None:
        return offer
    found = []
    for usage in (
        genai_prices.Usage(input_tokens=_SAMPLE),
        genai_prices.Usage(output_tokens=_SAMPLE),
        genai_prices.Usage(input_tokens=_SAMPLE, cache_read_tokens=_SAMPLE),
    ):
        try:
            price = genai_prices.calc_price(usage, model_ref=offer.id, provider_id=provider)
        except (LookupError, ValueError):
            return offer
        found.append(float(price.total_price) * 1_000_000 / _SAMPLE)
    return replace(
        offer, input=found[0], output=found[1], cached=found[2], source=list_price_source()
    )


@cache
def list_price_source() -> Source:
    """The installed release of `genai-prices`, read on the newest day that its data name."""
    release = version("genai-prices")
    return Source(
        key="genai-prices",
        title=f"genai-prices {release}",
        url=f"https://pypi.org/project/genai-prices/{release}/",
        read=_newest_day(),
        note="The day is that of the newest dated price in it.",
    )


def _newest_day() -> datetime.date:
    """The newest day that its data name and that is not to come."""
    from genai_prices import data

    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    days = [
        day
        for provider in data.providers
        for model in provider.models
        for day in _DAY.findall(model.price_comments or "")
        if day <= today
    ]
    return datetime.date.fromisoformat(max(days, default=today))
