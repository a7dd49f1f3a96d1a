"""How a system stands beside the one it is held against: worse or not, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from fourfold.evaluation.measured import Comparison, is_significant
from fourfold.metrics.scoring import metric_named

if TYPE_CHECKING:
    from fourfold.evaluation.measured import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A system beside the one that is held against: worse or not, and how sure that is."""

    system: str
    worse_by: float  # by the decisive metric, above 0 is worse
    p: float
    holds: bool
    could_show: bool  # the set is large enough to show a relevant difference

    @property
    def settled(self) -> bool:
        """True when more records would hardly say otherwise."""
        return self.could_show if self.holds else is_significant(self.p)

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "model": self.system,
            "worse_by": self.worse_by,
            "p": self.p,
            "holds": self.holds,
            "could_show": self.could_show,
        }


def rung(comparison: Comparison, best: str, other: str, margin: float) -> Rung:
    """How `other` stands beside `best`, by the decisive metric; `margin` is what matters."""
    test = comparison.test(best, other)
    worse_by = _sign(comparison.metrics[0]) * test.difference.value
    worse = worse_by > 0 and is_significant(test.p)
    return Rung(
        system=other,
        worse_by=worse_by,
        p=test.p,
        holds=not worse and worse_by <= margin,
        could_show=not isnan(test.detectable) and test.detectable <= margin,
    )


def ranked(measured: Sequence[Measured], metric: str) -> list[Measured]:
    """The best first."""
    sign = _sign(metric)
    return sorted(measured, key=lambda one: -sign * one.scores[metric].interval.value)


def _sign(metric: str) -> int:
    return 1 if metric_named(metric).higher_is_better else -1
