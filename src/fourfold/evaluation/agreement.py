"""How well two markers agree, say a judge and a person: three figures with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidInput
from fourfold.metrics.resampling import Resampling, interval
from fourfold.metrics.shares import share_interval
from fourfold.metrics.statistics import Interval

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How `count` texts were marked by two.

    `equal` is the share of texts with the same mark. `kappa` is Cohen's with quadratic weights: 1
    is full agreement, 0 what chance alone gives. `rho` is Spearman's: whether both put the texts
    in the same order, however strict each is. NaN where a figure is undefined, as for a marker
    who gives one mark to all.
    """

    count: int
    equal: Interval
    kappa: Interval
    rho: Interval

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on; what nobody knows is `None`."""
        parts = {"equal": self.equal, "kappa": self.kappa, "rho": self.rho}
        return {"count": self.count, **{name: _json(one) for name, one in parts.items()}}


def agreement(
    ours: Sequence[float], theirs: Sequence[float], how: Resampling | None = None
) -> Agreement:
    """Agreement of two lists of marks of the same texts, in the same order.

    The share has Wilson's interval, the others a bootstrap (BCa) over texts, or over their
    clusters; a drawn sample in which a figure is undefined counts as no agreement. Raises
    `InvalidInput` for lists of other lengths, and for empty ones.
    """
    if len(ours) != len(theirs) or not ours:
        raise InvalidInput(
            f"There are {len(ours)} marks beside {len(theirs)}.",
            hint="Both need one mark for each text, in the same order.",
        )
    import numpy as np

    marks = sorted({*ours, *theirs})
    table = _Table(marks)
    figures = table.figures(ours, theirs)

    def sure(statistic: Callable[[Figures], float]) -> Interval:
        return _interval(figures, statistic, how or Resampling())

    return Agreement(
        count=len(ours),
        equal=share_interval(np.equal(ours, theirs).astype(np.float64), how or Resampling()),
        kappa=sure(table.kappa),
        rho=sure(table.rho),
    )


class _Table:
    """How often each mark of one met each mark of the other.

    The table of a sample is the sum of the tables of its texts, so that both figures can be
    resampled as any metric.
    """

    def __init__(self, marks: Sequence[float]) -> None:
        self._marks = marks

    def figures(self, ours: Sequence[float], theirs: Sequence[float]) -> Figures:
        """A row for each text: a one where its two marks meet, (texts, marks * marks)."""
        import numpy as np

        count, place = len(self._marks), {mark: n for n, mark in enumerate(self._marks)}
        rows = np.zeros((len(ours), count * count))
        for row, a, b in zip(rows, ours, theirs, strict=True):
            row[place[a] * count + place[b]] = 1
        return rows

    def kappa(self, figures: Figures) -> float:
        """Quadratically weighted. Source: Cohen 1968, https://doi.org/10.1037/h0026256."""
        import numpy as np

        met = self._met(figures)
        marks = np.array(self._marks)
        apart = (marks[:, None] - marks) ** 2
        by_chance = np.outer(met.sum(axis=1), met.sum(axis=0)) / met.sum()
        expected = (apart * by_chance).sum()
        return float(1 - (apart * met).sum() / expected) if expected else nan

    def rho(self, figures: Figures) -> float:
        """Pearson's correlation of ranks, equal marks sharing theirs. Source: Spearman 1904."""
        import numpy as np

        met = self._met(figures)
        ours, theirs = _ranks(met.sum(axis=1)), _ranks(met.sum(axis=0))
        spread = np.sqrt((met * ours[:, None] ** 2).sum() * (met * theirs**2).sum())
        return float((met * np.outer(ours, theirs)).sum() / spread) if spread else nan

    def _met(self, figures: Figures) -> Figures:
        return figures.reshape(len(self._marks), len(self._marks))


def _ranks(counts: Figures) -> Figures:
    """The rank that texts of each mark share, above or below the middle rank."""
    middle = (counts.sum() + 1) / 2
    return counts.cumsum() - (counts - 1) / 2 - middle  # type: ignore[no-any-return]


def _interval(figures: Figures, statistic: Callable[[Figures], float], how: Resampling) -> Interval:
    whole = statistic(figures.sum(axis=0))
    if isnan(whole):
        return Interval(nan, nan, nan)

    def defined(sums: Figures) -> float:
        value = statistic(sums)
        return 0.0 if isnan(value) else value

    found = interval(figures, defined, how, few="bca")
    return Interval(whole, nan, nan) if found.low == found.high else found


def _json(one: Interval) -> dict[str, float | None]:
    ends = {"value": one.value, "low": one.low, "high": one.high}
    return {name: None if isnan(end) else end for name, end in ends.items()}
