"""Which models fit a task and its limits, with the reason for each that does and does not."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fourfold.catalogue.catalogue import Catalogue
from fourfold.catalogue.policy import Policy
from fourfold.catalogue.ranking import Fit, fits
from fourfold.catalogue.records import CatalogueModel, Offer
from fourfold.catalogue.sites import hosts_in
from fourfold.catalogue.verdicts import Verdict, judge
from fourfold.core.finite import require_finite

_NO_SIZE: Final = "its size is not known"
TASK_TOKENS: Final[Mapping[str, tuple[int, int]]] = {
    "summarise": (1339, 111),
    "write": (890, 158),
    "translate": (593, 77),
    "extract": (1049, 99),
    "answer": (531, 6),
    "sentiment": (353, 1),
    "customer-service": (1245, 142),
    "sales": (1310, 204),
}
"""Tokens of prompt and answer of one task: the mean over the golden set that ships with it, counted
with Qwen2.5's vocabulary, examples included (tools/count_task_tokens.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a model must be like. Empty means: anything.

    Raises `InvalidInput` for a budget that is no finite amount.
    """

    task: str
    languages: tuple[str, ...] = ()
    budget_usd: float | None = None  # for 1,000 tasks
    input_tokens: int = 0  # of one task
    output_tokens: int = 0
    most_parameters: int | None = None
    least_context: int | None = None
    regions: tuple[str, ...] = ()
    kind: str = ""  # open-weights or proprietary
    family: str = ""

    def __post_init__(self) -> None:
        require_finite("budget", self.budget_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A model beside the wishes: reasons against it, what is not known, and how it ranks."""

    model: CatalogueModel
    verdict: Verdict
    against: tuple[str, ...]
    unknown: tuple[str, ...]
    fit: Fit | None  # None where no published result says something about the task
    offer: Offer | None  # the cheapest that fits
    cost_per_1000: float | None

    @property
    def is_in(self) -> bool:
        """True when nothing speaks against it."""
        return not self.against

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "model": self.model.name,
            "title": self.model.title,
            "in": self.is_in,
            "against": list(self.against),
            "unknown": list(self.unknown),
            "fit": self.fit.value if self.fit else None,
            "fit_plain_mean": self.fit.plain_mean if self.fit else None,
            "fit_benchmarks": len(self.fit.counted) if self.fit else 0,
            "fit_of_benchmarks": self.fit.possible if self.fit else None,
            "results": [
                {
                    "benchmark": one.benchmark.id,
                    "value": one.value,
                    "source": one.source.url,
                    "read": one.source.read.isoformat(),
                }
                for one in (self.fit.counted if self.fit else ())
            ],
            "host": self.offer.host.id if self.offer else None,
            "cost_per_1000": self.cost_per_1000,
            "price_date": self.offer.price_day.isoformat() if self.offer else None,
            "price_date_means": self.offer.dated_means if self.offer else None,
            "licence": self.verdict.as_json(),
        }


def shortlist(
    catalogue: Catalogue, wishes: Wishes, policy: Policy, *, today: datetime.date
) -> list[Judged]:
    """Every model with its reasons: those that fit first, by their results, the best first.

    Prices are those of the catalogue; `prices.with_current_prices` has those of a day. Models
    without a fitting result stand behind those that have one, and open weights of which nobody
    knows whether they are small enough behind all others that fit.
    """
    ranked = fits(catalogue.models.values(), wishes.task)
    judged = [
        _judged(one, catalogue, wishes, policy, ranked.get(one.name), today)
        for one in catalogue.models.values()
    ]
    return sorted(judged, key=_order)


def _order(one: Judged) -> tuple[bool, bool, float, str]:
    """Those that fit first; of them last what may be larger than was asked for."""
    of_no_size = one.is_in and _NO_SIZE in one.unknown
    return (not one.is_in, of_no_size, -one.fit.value if one.fit else 1.0, one.model.name)


def _judged(
    model: CatalogueModel,
    catalogue: Catalogue,
    wishes: Wishes,
    policy: Policy,
    fit: Fit | None,
    today: datetime.date,
) -> Judged:
    verdict = judge(model, catalogue, policy, today=today)
    offer, cost = _cheapest(model, wishes)
    against, unknown = _reasons(model, wishes, cost)
    if verdict.level == "forbidden":
        against += [one.text for one in verdict.findings if one.level == "forbidden"]
    return Judged(
        model=model,
        verdict=verdict,
        against=tuple(against),
        unknown=tuple(unknown),
        fit=fit,
        offer=offer,
        cost_per_1000=cost,
    )


def _reasons(
    model: CatalogueModel, wishes: Wishes, cost: float | None
) -> tuple[list[str], list[str]]:
    """What speaks against a model, and what would have to be known to say."""
    against: list[str] = []
    unknown: list[str] = []
    if wishes.kind and model.get("kind") not in {wishes.kind, None}:
        against.append(f"it is {model.get('kind')}")
    if wishes.family and model.family != wishes.family:
        against.append(f"it is of the family {model.family}")
    written = model.get("output")
    if written and "text" not in written:
        against.append("it does not write text")
    if wishes.regions and not model.is_open and not hosts_in(model, wishes.regions):
        against.append(f"no known host in {', '.join(wishes.regions)}")
    _languages(model, wishes, against, unknown)
    _size(model, wishes, against, unknown)
    _price(model, wishes, cost, against, unknown)
    return against, unknown


def _size(model: CatalogueModel, wishes: Wishes, against: list[str], unknown: list[str]) -> None:
    parameters, context = model.get("parameters"), model.get("context_tokens")
    if wishes.most_parameters is not None and parameters is None:
        (unknown if model.is_open else against).append(_NO_SIZE)
    elif wishes.most_parameters is not None and parameters > wishes.most_parameters:
        against.append(f"{parameters / 1e9:g} billion parameters")
    if wishes.least_context is not None and context is None:
        unknown.append("its context is not known")
    elif wishes.least_context is not None and context < wishes.least_context:
        against.append(f"a context of {context:,} tokens only")


def _price(
    model: CatalogueModel,
    wishes: Wishes,
    cost: float | None,
    against: list[str],
    unknown: list[str],
) -> None:
    if wishes.budget_usd is None:
        return
    if cost is None:
        where = "its price on your own hardware" if model.is_open else "its price"
        unknown.append(f"{where} is not known")
    elif cost > wishes.budget_usd:
        against.append(f"{cost:.2f} $ for 1,000 tasks")


def _languages(
    model: CatalogueModel, wishes: Wishes, against: list[str], unknown: list[str]
) -> None:
    known = model.languages
    if known is None and wishes.languages:
        claimed = " (its publisher calls it multilingual)" if model.get("multilingual") else ""
        unknown.append(f"its languages are not listed{claimed}")
    elif known is not None:
        missing = [one for one in wishes.languages if one not in known]
        if missing:
            against.append(f"its publisher does not name {', '.join(missing)}")


def _cheapest(model: CatalogueModel, wishes: Wishes) -> tuple[Offer | None, float | None]:
    """The cheapest offer in the regions asked for, and its price for 1,000 tasks."""
    allowed = {*hosts_in(model, wishes.regions)} if wishes.regions else None
    priced = [
        (cost * 1000, offer)
        for offer in model.offers
        if (allowed is None or offer.host.id in allowed)
        and (cost := offer.cost(wishes.input_tokens, wishes.output_tokens)) is not None
    ]
    if not priced:
        return None, None
    cost, offer = min(priced, key=lambda pair: pair[0])
    return offer, cost
