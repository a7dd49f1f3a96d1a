"""Two systems on the same texts: how far apart, whether by chance, and what would have shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fourfold.metrics.resampling import Resampling, chance, difference, smallest_difference
from fourfold.metrics.scoring import is_share
from fourfold.metrics.shares import share_difference, smallest_share_difference
from fourfold.metrics.statistics import Interval, mcnemar_exact

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures, Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The score of the first minus that of the second; `p` is not corrected for several pairs.

    `detectable` is the smallest true difference that texts like these would show in 80 of 100
    cases at p < 0.05; NaN where nobody knows.
    """

    difference: Interval
    p: float
    detectable: float
    method: str


def pair(metric: Metric, a: Figures, b: Figures, how: Resampling) -> Pair:
    """Test two systems by one metric on the same texts.

    Right and wrong by McNemar, all else, and texts in clusters, by approximate randomisation.
    """
    shares = is_share(metric, a) and is_share(metric, b)
    if shares and how.clusters is None:
        right, other = a[:, 0], b[:, 0]
        return Pair(
            difference=share_difference(right, other, how),
            p=mcnemar_exact(int((right > other).sum()), int((other > right).sum())),
            detectable=smallest_share_difference(right, other),
            method="exact McNemar",
        )
    if shares:
        gap, p = share_difference(a[:, 0], b[:, 0], how), chance(a, b, metric.value, how)
    else:
        found = difference(a, b, metric.value, how)
        gap, p = found.interval, found.p
    return Pair(
        difference=gap,
        p=p,
        detectable=smallest_difference(a, b, metric.value, how),
        method="approximate randomisation",
    )
