"""Why a system is taken, and what would lead to another choice, in English."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

from fourfold.core.errors import ContextTooLong, InvalidOutput, ModelFiltered
from fourfold.evaluation.measured import Comparison, is_significant

if TYPE_CHECKING:
    from fourfold.evaluation.measured import Measured
    from fourfold.evaluation.rungs import Rung

_WRONG = frozenset(error.code for error in (ContextTooLong, InvalidOutput, ModelFiltered))
"""Failures that are the system's own: its output counts, and is wrong."""


def because(
    comparison: Comparison,
    chosen: Measured,
    best: Measured,
    rungs: Sequence[Rung],
    margin: float,
) -> str:
    """The rule by which `chosen` is taken, with its figures."""
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


def would_change(
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
