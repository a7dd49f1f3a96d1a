"""Which system to take: the cheapest that may be taken and is not worse than the best, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from fourfold.evaluation.caution import Warned, baseline_taken, nothing_right, warnings
from fourfold.evaluation.measured import Comparison, is_significant, known, scale_of
from fourfold.evaluation.permission import Permission, permission
from fourfold.evaluation.reasons import because, would_change
from fourfold.evaluation.rungs import Rung, ranked, rung

if TYPE_CHECKING:
    from fourfold.evaluation.measured import Measured

RELEVANT = 0.02
"""Of a metric's scale: a difference below is of no use to anybody, unless a project says else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The system to take, the best one, and how each other one stands beside the best.

    `because` says the rule with its figures; `would_change` what would lead to another choice.
    `excluded` are those that may never be taken: they are neither `system` nor `best`. With
    `conditions`, the system may be taken only when somebody agrees to them; `otherwise` is the one
    to take until then. Without any system that may be taken, `system` and `best` are None; where
    nothing came out right, only `system` is.
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

    @property
    def settled(self) -> bool:
        """True when more records would hardly lead to another choice."""
        return all(one.settled for one in self.rungs)

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "model": self.system,
            "best": self.best,
            "settled": self.settled,
            "because": self.because,
            "would_change": list(self.would_change),
            "others": [one.as_json() for one in self.rungs],
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
    margin = relevant * scale_of(comparison.metrics[0])
    in_order = ranked(comparison.measured, comparison.metrics[0])
    may = {one.system: permission(one.system, one.facts) for one in in_order}
    allowed = [one for one in in_order if not may[one.system].forbidden]
    excluded = tuple(may[one.system] for one in in_order if may[one.system].forbidden)
    if not allowed:
        return _nobody(excluded)
    chosen, rungs = _chosen(comparison, allowed, margin)
    if wrong := tuple(nothing_right(chosen, comparison.metrics[0])):
        return _nothing_right(allowed[0].system, rungs, excluded, wrong)
    conditions = None if may[chosen.system].free else may[chosen.system]
    free = [one for one in allowed if may[one.system].free]
    otherwise = _chosen(comparison, free, margin)[0].system if conditions and free else None
    return Recommendation(
        system=chosen.system,
        best=allowed[0].system,
        rungs=rungs,
        because=because(comparison, chosen, allowed[0], rungs, margin),
        would_change=tuple(would_change(comparison, chosen, allowed[0], rungs, margin)),
        conditions=conditions,
        otherwise=otherwise,
        excluded=excluded,
        warnings=(
            *baseline_taken(chosen, allowed),
            *warnings(comparison, allowed[0].system, _unsettled(rungs), margin),
        ),
    )


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


def _nothing_right(
    best: str, rungs: tuple[Rung, ...], excluded: tuple[Permission, ...], why: tuple[Warned, ...]
) -> Recommendation:
    return Recommendation(
        system=None,
        best=best,
        rungs=rungs,
        because=" ".join(one.text for one in why),
        would_change=("Look at the records, the prompt and some outputs, or compare others.",),
        excluded=excluded,
        warnings=why,
    )


def _chosen(
    comparison: Comparison, ranked: Sequence[Measured], margin: float
) -> tuple[Measured, tuple[Rung, ...]]:
    """The cheapest of those that hold beside the first, and how the others stand."""
    best = ranked[0]
    rungs = tuple(rung(comparison, best.system, one.system, margin) for one in ranked[1:])
    holding = {one.system for one in rungs if one.holds} | {best.system}
    return min((one for one in ranked if one.system in holding), key=_expense), rungs


def _expense(one: Measured) -> tuple[float, float]:
    seconds = known(one.seconds_p95)
    return (
        one.cost_per_1000.value if one.cost_per_1000 else inf,
        inf if seconds is None else seconds,
    )
