"""What a comparison found: figures of each system, tests between them, slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from fourfold.metrics.scoring import Score
from fourfold.metrics.statistics import Interval

if TYPE_CHECKING:
    from fourfold.metrics.effort import Timed

FEWEST_IN_SLICE: Final = 20
"""Below, an interval is so wide that a slice only hints where to look."""

_IN_HUNDREDS: Final = frozenset({"bleu", "chrf", "chrf++", "ter", "readability"})
_SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Whether two systems differ by a metric, on the records that both answered.

    `difference` is a's score minus b's; `p` is corrected for the number of pairs (Holm);
    `detectable` is the smallest true difference that a set like this would show in 80 of 100 cases.
    """

    metric: str
    a: str
    b: str
    difference: Interval
    p: float
    p_raw: float
    detectable: float
    method: str

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
            "difference": self.difference.value,
            "low": known(self.difference.low),
            "high": known(self.difference.high),
            "p": self.p,
            "p_raw": self.p_raw,
            "detectable": known(self.detectable),
            "method": self.method,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A metric on the records of one language or tag."""

    name: str
    count: int
    scores: Mapping[str, Interval]  # by system

    @property
    def too_small(self) -> bool:
        """True when its figures only hint."""
        return self.count < FEWEST_IN_SLICE

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        scores = {system: interval_json(one) for system, one in self.scores.items()}
        return {
            "slice": self.name,
            "count": self.count,
            "too_small": self.too_small,
            "scores": scores,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A system's figures over the records that all systems answered."""

    system: str
    scores: Mapping[str, Score]
    cost_per_1000: Interval | None  # US dollars; None when nobody knows the price
    seconds_p50: float  # not a number where the tool that asked did not tell
    seconds_p95: float
    first_text_seconds_p50: float | None
    prompt_tokens: float  # a record, on average
    completion_tokens: float
    answered: int
    refused: int
    failed: Mapping[str, int]  # by code
    minutes_per_1000: Score | None = None  # of correcting, where corrections were timed
    correction_cost_per_1000: Score | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds_p50_interval: Interval | None = None
    seconds_p95_interval: Interval | None = None  # an end that few records cannot tell is NaN
    first_text_seconds_p50_interval: Interval | None = None
    judge_failed: int | None = None  # outputs that the judge could not score; None without a judge

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        cost = self.cost_per_1000
        return {
            "model": self.system,
            "scores": {
                name: {
                    **interval_json(one.interval),
                    "signature": one.signature,
                    **({"note": one.note} if one.note else {}),
                }
                for name, one in self.scores.items()
            },
            "cost_per_1000": cost.value if cost else None,
            "cost_per_1000_interval": interval_json(cost) if cost else None,
            "currency": "USD",
            "seconds_p50": known(self.seconds_p50),
            "seconds_p95": known(self.seconds_p95),
            **{
                f"{name}_interval": interval_json(one)
                for name, one in (
                    ("seconds_p50", self.seconds_p50_interval),
                    ("seconds_p95", self.seconds_p95_interval),
                    ("first_text_seconds_p50", self.first_text_seconds_p50_interval),
                )
                if one
            },
            "first_text_seconds_p50": self.first_text_seconds_p50,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "answered": self.answered,
            "refused": self.refused,
            "failed": dict(self.failed),
            **self._effort_json(),
            **({} if self.judge_failed is None else {"judge_failed": self.judge_failed}),
            **({"facts": dict(self.facts)} if self.facts else {}),
        }

    def _effort_json(self) -> dict[str, Any]:
        known = {
            "minutes_per_1000": self.minutes_per_1000,
            "correction_cost_per_1000": self.correction_cost_per_1000,
        }
        return {
            name: {**interval_json(one.interval), "signature": one.signature}
            for name, one in known.items()
            if one
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Corrections that were timed, and what an hour of those people costs."""

    timed: Sequence[Timed]
    per_hour: float | None = None
    currency: str = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What an experiment says; `count` of its `records` were answered by all systems."""

    metrics: tuple[str, ...]  # the decisive one first
    count: int
    measured: tuple[Measured, ...]
    tests: tuple[Test, ...]
    slices: tuple[Slice, ...]
    records: int = 0  # 0 where nobody said how many there were

    def test(self, a: str, b: str) -> Test:
        """The test of two systems by the decisive metric, as a's score minus b's."""
        for one in self.tests:
            if one.metric == self.metrics[0] and {one.a, one.b} == {a, b}:
                return one if one.a == a else _turned(one)
        raise KeyError((a, b))


def known(value: float) -> float | None:
    """The value, or None for one that nobody knows; JSON has no NaN."""
    return None if isnan(value) else value


def interval_json(one: Interval) -> dict[str, float | None]:
    """Value and ends."""
    return {"value": known(one.value), "low": known(one.low), "high": known(one.high)}


def _turned(one: Test) -> Test:
    gap = one.difference
    return replace(one, a=one.b, b=one.a, difference=Interval(-gap.value, -gap.high, -gap.low))


def scale_of(metric: str) -> float:
    """How much is much: 100 for metrics that count in hundreds, else 1."""
    return 100.0 if metric.partition(":")[0] in _IN_HUNDREDS else 1.0


def is_significant(p: float) -> bool:
    """At the usual level, after the correction for several systems."""
    return p < _SIGNIFICANT
