"""Which system to take: the cheapest that may be taken and is not worse than the best, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import ContextTooLong, InvalidOutput, ModelFiltered
from fourfold.evaluation.caution import Warned, nothing_right, warnings
from fourfold.evaluation.measured import Comparison, is_significant, known, scale_of
from fourfold.evaluation.permission import Permission, permission
from fourfold.metrics.scoring import metric_named

if TYPE_CHECKING:
    from fourfold.evaluation.measured import Measured

_WRONG = frozenset(error.code for error in (ContextTooLong, InvalidOutput, ModelFiltered))
"""Failures that are the system's own: its output counts, and is wrong."""

RELEVANT = 0.02
"""Of a metric's scale: a difference below is of no use to anybody, unless a project says else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A system beside the one that is held against: worse or not, and how sure that is."""

    system: str
    worse_by: float  # by the decisive metric, above 0 is worse
    p: float
    holds: bool
    could_show: bool  # the set is large enough to show a relevant difference

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "model": self.system,
            "worse_by": self.worse_by,
            "p": self.p,
            "holds": self.holds,
            "could_show": self.could_show,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The system to take, the best one, and how each other one stands beside the best.

    `because` says the rule with its figures; `would_change` what would lead to another choice.
    `excluded` are those that may never be taken: they are neither `system` nor `best`. With
    `conditions`, the system may be taken only when somebody agrees to them; `otherwise` is the one
    to take until then. Without any system that may be taken, `system` and `best` are None.
    """

    system: str | None
    best: str | None
    rungs: tuple[Rung, ...]
    because: str
    would_change: tuple[str, ...]
    conditions: Permission | None = None
    otherwise: str | None = None
    excluded: tuple[Permission, ...] = ()
    warnings: tuple[Warned, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "model": self.system,
            "best": self.best,
            "because": self.because,
            "would_change": list(self.would_change),
            "others": [rung.as_json() for rung in self.rungs],
            "conditions": self.conditions.as_json()["reasons"] if self.conditions else [],
            "otherwise": self.otherwise,
            "excluded": [one.as_json() for one in self.excluded],
            "warnings": [one.as_json() for one in self.warnings],
        }


def recommend(comparison: Comparison, *, relevant: float = RELEVANT) -> Recommendation:
    """The cheapest system that may be taken and is not worse than the best of those.

    Not worse means neither significantly nor by more than `relevant`, judged by the decisive
    metric; of systems that cost the same, the faster one (p95) is taken. A system whose price
    nobody knows counts as dearer than all others.
    """
    metric = comparison.metrics[0]
    margin = relevant * scale_of(metric)
    ranked = _ranked(comparison.measured, metric)
    may = {one.system: permission(one.system, one.facts) for one in ranked}
    allowed = [one for one in ranked if not may[one.system].forbidden]
    excluded = tuple(may[one.system] for one in ranked if may[one.system].forbidden)
    if not allowed:
        return _nobody(excluded)
    chosen, rungs = _chosen(comparison, allowed, margin)
    conditions = None if may[chosen.system].free else may[chosen.system]
    free = [one for one in allowed if may[one.system].free]
    otherwise = _chosen(comparison, free, margin)[0].system if conditions and free else None
    return Recommendation(
        system=chosen.system,
        best=allowed[0].system,
        rungs=rungs,
        because=_because(comparison, chosen, allowed[0], rungs, margin),
        would_change=tuple(_would_change(comparison, chosen, allowed[0], rungs, margin)),
        conditions=conditions,
        otherwise=otherwise,
        excluded=excluded,
        warnings=(
            *nothing_right(chosen, metric),
            *warnings(comparison, allowed[0].system, _unsettled(rungs), margin),
        ),
    )


def ladder(
    comparison: Comparison, sizes: Sequence[str], *, relevant: float = RELEVANT
) -> tuple[str, tuple[Rung, ...]]:
    """Go down from the largest while quality holds: the smallest that does, and every rung.

    `sizes` are the systems from large to small. A rung holds when it is neither significantly nor
    relevantly worse than the largest; below the first that does not, none is taken.
    """
    margin = relevant * scale_of(comparison.metrics[0])
    rungs = tuple(_rung(comparison, sizes[0], one, margin) for one in sizes[1:])
    smallest = sizes[0]
    for rung in rungs:
        if not rung.holds:
            break
        smallest = rung.system
    return smallest, rungs


def saves(comparison: Comparison, largest: str, smallest: str) -> dict[str, float | None]:
    """What a smaller system takes less of than a larger one; None where one is not known."""
    one, other = (_takes(comparison, name) for name in (largest, smallest))
    return {
        name: None if more is None or other[name] is None else more - other[name]
        for name, more in one.items()
    }


def _takes(comparison: Comparison, name: str) -> dict[str, Any]:
    one = next(one for one in comparison.measured if one.system == name)
    return {
        "cost_per_1000": one.cost_per_1000.value if one.cost_per_1000 else None,
        "seconds_p95": known(one.seconds_p95),
        "bytes": one.facts.get("bytes"),
    }


def _unsettled(rungs: Sequence[Rung]) -> list[str]:
    """Those that are not shown to be worse than the best."""
    return [one.system for one in rungs if one.holds or not is_significant(one.p)]


def _nobody(excluded: tuple[Permission, ...]) -> Recommendation:
    return Recommendation(
        system=None,
        best=None,
        rungs=(),
        because="The licence policy forbids every system that was measured.",
        would_change=("Compare others: `fourfold models shortlist` shows who is allowed.",),
        excluded=excluded,
    )


def _chosen(
    comparison: Comparison, ranked: Sequence[Measured], margin: float
) -> tuple[Measured, tuple[Rung, ...]]:
    """The cheapest of those that hold beside the first, and how the others stand."""
    best = ranked[0]
    rungs = tuple(_rung(comparison, best.system, one.system, margin) for one in ranked[1:])
    holding = {rung.system for rung in rungs if rung.holds} | {best.system}
    return min((one for one in ranked if one.system in holding), key=_expense), rungs


def _ranked(measured: Sequence[Measured], metric: str) -> list[Measured]:
    """The best first."""
    sign = 1 if metric_named(metric).higher_is_better else -1
    return sorted(measured, key=lambda one: -sign * one.scores[metric].interval.value)


def _rung(comparison: Comparison, best: str, other: str, margin: float) -> Rung:
    test = comparison.test(best, other)
    sign = 1 if metric_named(comparison.metrics[0]).higher_is_better else -1
    worse_by = sign * test.difference.value
    worse = worse_by > 0 and is_significant(test.p)
    return Rung(
        system=other,
        worse_by=worse_by,
        p=test.p,
        holds=not worse and worse_by <= margin,
        could_show=not isnan(test.detectable) and test.detectable <= margin,
    )


def _expense(one: Measured) -> tuple[float, float]:
    seconds = known(one.seconds_p95)
    return (
        one.cost_per_1000.value if one.cost_per_1000 else inf,
        inf if seconds is None else seconds,
    )


def _because(
    comparison: Comparison,
    chosen: Measured,
    best: Measured,
    rungs: Sequence[Rung],
    margin: float,
) -> str:
    metric = comparison.metrics[0]
    score = chosen.scores[metric].interval.value
    if not rungs:
        return f"`{chosen.system}` is the only one: {metric} {score:.3g}."
    if chosen is best:
        holding = ", ".join(f"`{rung.system}`" for rung in rungs if rung.holds)
        others = (
            f"{holding} holds too, but is not cheaper or faster"
            if holding
            else (f"the others are worse by more than {margin:g}, or significantly")
        )
        return (
            f"`{chosen.system}` has the best {metric} ({score:.3g}) on {comparison.count} records; "
            f"{others}."
        )
    rung = next(one for one in rungs if one.system == chosen.system)
    if rung.worse_by <= 0:
        return (
            f"`{chosen.system}` is cheaper or faster than `{best.system}`, and its {metric} "
            f"({score:.3g}) is the same on {comparison.count} records."
        )
    return (
        f"`{chosen.system}` is cheaper or faster than `{best.system}`, and its {metric} "
        f"({score:.3g}) is worse by {rung.worse_by:.3g} only (p = {rung.p:.2g}, "
        f"{comparison.count} records): neither significant nor above {margin:g}."
    )


def _would_change(
    comparison: Comparison,
    chosen: Measured,
    best: Measured,
    rungs: Sequence[Rung],
    margin: float,
) -> list[str]:
    """What one would have to learn to decide otherwise."""
    found = []
    unsure = [rung for rung in rungs if not rung.could_show and rung.holds]
    seen = [comparison.test(best.system, rung.system).detectable for rung in unsure]
    if seen := [one for one in seen if not isnan(one)]:
        largest = max(seen)
        found.append(
            f"More records: this set shows differences from {largest:.2g} on, and "
            f"{margin:g} would matter."
        )
    missing = [rung for rung in rungs if not rung.holds and not is_significant(rung.p)]
    if missing:
        names = ", ".join(f"`{rung.system}`" for rung in missing)
        found.append(f"More records for {names}: worse here, but not significantly.")
    lost = sum(count for code, count in chosen.failed.items() if code not in _WRONG)
    if lost:
        are = "record is" if lost == 1 else "records are"
        found.append(f"{lost} {are} not in its figures, since `{chosen.system}` failed there.")
    if wrong := sum(chosen.failed.values()) - lost:
        counts = "output counts" if wrong == 1 else "outputs count"
        found.append(
            f"{wrong} {counts} as wrong: `{chosen.system}` gave the wrong form, a filter stopped "
            "it, or the text was too long."
        )
    return found
