"""Draws facts of the catalogue of foundation models, to check them against their sources.

    python tools/draw_facts.py 20261122 40

Prints how many facts there are and then, for the seed and the count, a line of JSON for each fact
that was drawn: subject, fact, value, key and address of its source. A fact is a value of a model
from one source, a price, a published result, a known term of a licence, a fact on a host, or where
one of its addresses is processed.
"""

import json
import random
import sys
from collections.abc import Iterator
from typing import Any

from fourfold.catalogue import Catalogue, CatalogueModel, Source, read_catalogue

_TERMS = (
    "commercial_use",
    "threshold_monthly_users",
    "threshold_revenue_usd",
    "acceptable_use_list",
    "training_other_models",
    "derivatives_inherit",
    "gated_download",
    "regions_excluded",
    "shown_to_users",
)

Fact = tuple[str, str, Any, str, str]


def fact(subject: str, name: str, value: Any, source: Source) -> Fact:
    """A fact as it is printed."""
    return subject, name, value, source.key, source.url


def facts_of_model(model: CatalogueModel) -> Iterator[Fact]:
    """Values, prices and results of a model."""
    for name, known in model.facts.items():
        for one in known:
            yield fact(model.name, name, one.value, one.source)
    for offer in model.offers:
        if offer.is_priced:
            price = [offer.input, offer.output, offer.cached]
            yield fact(model.name, f"price at {offer.host.id} {offer.id}", price, offer.source)
    for result in model.results:
        score = [result.value, result.low, result.high]
        name = f"benchmark {result.benchmark.id} {result.setting}"
        yield fact(model.name, name, score, result.source)


def facts(catalogue: Catalogue) -> Iterator[Fact]:
    """All facts, in the order of the data files."""
    for model in catalogue.models.values():
        yield from facts_of_model(model)
    for licence in catalogue.licences.values():
        for term in _TERMS:
            value = getattr(licence, term)
            if value != "unknown":
                source = licence.sources.get(term, licence.source)
                yield fact(f"licence {licence.id}", term, value, source)
    for host in catalogue.hosts.values():
        for name, source in host.sources.items():
            yield fact(f"host {host.id}", name, getattr(host, name), source)
        for one in host.endpoints:
            name = f"endpoint {one.address} {one.model}"
            yield fact(f"host {host.id}", name, one.regions, one.source)


def main(seed: int, count: int) -> None:
    """Print the facts that were drawn."""
    found = list(facts(read_catalogue()))
    random.Random(seed).shuffle(found)
    print(len(found))
    for one in found[:count]:
        print(json.dumps(one, ensure_ascii=False))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
