"""What the catalogue knows of a model; every fact says where it was read."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Term = Literal["yes", "no", "with-conditions", "unknown"]
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page or a data set that somebody really read, and when.

    A `collection` gathers facts of many models; the model's own page counts before it.
    """

    key: str
    title: str
    url: str
    read: datetime.date
    published: datetime.date | None = None
    note: str = ""
    collection: bool = False

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        published = self.published.isoformat() if self.published else None
        return {
            "title": self.title,
            "url": self.url,
            "read": self.read.isoformat(),
            "published": published,
        }


@dataclass(frozen=True, slots=True)
class Known:
    """A value, and where it was read."""

    value: Any
    source: Source

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {"value": self.value, "source": self.source.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Terms as a machine reads them; `unknown` where nobody read them. Not legal advice."""

    id: str
    title: str
    kind: str
    commercial_use: Term
    threshold_monthly_users: int | Literal["none", "unknown"]
    threshold_revenue_usd: int | Literal["none", "unknown"]
    attribution: str  # what must be shown or kept; `none`, `unknown`
    acceptable_use_list: Term
    training_other_models: Term
    derivatives_inherit: Term
    gated_download: Term
    regions_excluded: tuple[str, ...]
    shown_to_users: str  # what those who use the product must see or be told; `none`, `unknown`
    not_for_internal_use: tuple[str, ...]  # terms of which purely internal use is free
    notes: str
    source: Source
    sources: Mapping[str, Source] = field(default_factory=dict)  # of terms that stand elsewhere
    page: str = ""  # the licensor's own address of it, where `source` may be a copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address of a host that tells where a request is processed.

    `address` and `model` are patterns like `*.example.com`; without `regions` nobody knows.
    """

    address: str
    model: str
    regions: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A company that runs models for others, and where it can process data.

    `regions` are all that it offers somewhere; where one request goes, its endpoint decides.
    """

    id: str
    title: str
    operator: str
    operator_country: str
    protocol: str
    url: str
    regions: tuple[str, ...]
    residency: str
    trains_on_data: str
    retention_days: int | Literal["unknown"]
    notes: str
    shown_to_users: str = UNKNOWN
    endpoints: tuple[Endpoint, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)  # by fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model at a host: what it is called there and, where known, US dollars for a million tokens.

    A price is of `price_day`: the day on which it was read, since when it is in force, or up to
    which the data reach that it was taken from without a day of its own.
    """

    host: Host
    id: str
    source: Source
    input: float | None = None
    output: float | None = None
    cached: float | None = None
    status: str = ""
    dated: datetime.date | None = None  # None: when `source` was read
    dated_means: Literal["read", "in force since", "data up to"] = "read"

    @property
    def price_day(self) -> datetime.date:
        """The day of the price; `dated_means` says which day that is."""
        return self.dated or self.source.read

    @property
    def is_priced(self) -> bool:
        """True when prompt and answer have a price; 0 is a trial, not a price."""
        return bool(self.input) and bool(self.output)

    def cost(self, input_tokens: float, output_tokens: float) -> float | None:
        """US dollars for so many tokens."""
        if not self.input or not self.output:
            return None
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A published test: what it measures and for which of the eight tasks that says something."""

    id: str
    title: str
    measures: str
    tasks: tuple[str, ...]
    reason: str = ""  # why it counts for these tasks, or for none
    multilingual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A published score; `low` and `high` where the publisher gives an interval."""

    benchmark: Benchmark
    value: float
    source: Source
    setting: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueModel:
    """A foundation model. What nobody read is not among its facts, and shown as `unknown`."""

    name: str
    title: str
    family: str
    provider: str
    facts: Mapping[str, tuple[Known, ...]]  # of several sources, the model's own page first
    offers: tuple[Offer, ...] = ()
    results: tuple[Result, ...] = ()
    weights: str = ""  # what `fourfold models install` calls it
    base: str = ""  # of a tuned model or an adapter: what it was made from

    def get(self, fact: str) -> Any:
        """The value of a fact, None when it is unknown."""
        known = self.facts.get(fact)
        return known[0].value if known else None

    @property
    def is_open(self) -> bool:
        """True when the weights can be had, so that it can run on own hardware."""
        return bool(self.get("kind") == "open-weights")

    @property
    def disputed(self) -> dict[str, tuple[Known, ...]]:
        """Facts on which sources differ."""
        return {
            name: known
            for name, known in self.facts.items()
            if len({str(each.value) for each in known}) > 1
        }

    @property
    def languages(self) -> tuple[str, ...] | None:
        """ISO codes of the languages that the publisher names; None when it names none."""
        found = self.get("languages")
        return tuple(found) if found else None
