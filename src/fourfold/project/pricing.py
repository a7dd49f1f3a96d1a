"""What a model's tokens cost and who says so, as comparisons keep it beside their figures."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from fourfold.project.wiring import address

if TYPE_CHECKING:
    from fourfold.project.config import RemoteModelConfig


def price_facts(config: RemoteModelConfig, *, on: datetime.date) -> dict[str, Any] | None:
    """US dollars for a million tokens in and out, their day and their page; None when unknown.

    `means` says which day it is: the project's own price is of the day that stands in its file; a
    list price of that since when it is in force or, where nobody wrote that down, of the newest
    that the data name. It is what the catalogue shows, and what is charged.
    """
    if config.price:
        return {
            "input": config.price.input,
            "output": config.price.output,
            "currency": "USD",
            "date": config.price.date.isoformat(),
            "means": "read",
            "source": {"title": "fourfold.yaml", "url": None},
        }
    from fourfold.catalogue.prices import list_price
    from fourfold.models.prices import host_at

    price = list_price(host_at(address(config)), config.model, on=on)
    if price is None:
        return None
    return {
        "input": price.input,
        "output": price.output,
        "currency": "USD",
        "date": price.dated.isoformat(),
        "means": price.dated_means,
        "source": {"title": price.source.title, "url": price.source.url},
    }
