"""What a model's tokens cost and who says so, as comparisons keep it beside their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fourfold.core.records import Usage
from fourfold.project.wiring import tariff

if TYPE_CHECKING:
    from fourfold.project.config import RemoteModelConfig

_SAMPLE: Final = 1_000  # tokens that are priced: below every tier for long prompts


def price_facts(config: RemoteModelConfig) -> dict[str, Any] | None:
    """US dollars for a million tokens in and out, their day and their page; None when unknown.

    The project's own price names the project's file and the day that stands there; a list price the
    release of `genai-prices` that it was read from.
    """
    if config.price:
        return {
            "input": config.price.input,
            "output": config.price.output,
            "currency": "USD",
            "date": config.price.date.isoformat(),
            "source": {"title": "fourfold.yaml", "url": None},
        }
    charge = tariff(config)
    once, twice = (
        charge(Usage(prompt_tokens=_SAMPLE, completion_tokens=count)) for count in (0, _SAMPLE)
    )
    if once is None or twice is None:
        return None
    from fourfold.catalogue.prices import list_price_source

    source = list_price_source()
    return {
        "input": once * 1_000_000 / _SAMPLE,
        "output": (twice - once) * 1_000_000 / _SAMPLE,
        "currency": "USD",
        "date": source.read.isoformat(),
        "source": {"title": source.title, "url": source.url},
    }
