"""Right or wrong: how sure is a share, a difference of two, and what difference would show.

A bootstrap takes a share of 0 or 1 for certain. These formulas do not, and for texts in clusters
they count what the texts tell: ten questions on one document may be worth as much as two.
"""

from __future__ import annotations

from math import isnan, lgamma, nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from fourfold.metrics.drawing import summed
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.statistics import Interval, student, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

_LEVEL = 0.05
_POWER = 0.8
_HALVINGS = 14
_RARE = 1e-7  # what is rarer changes no figure


def share_interval(right: Values, how: Resampling) -> Interval:
    """Interval of the mean of zeros and ones: Wilson's, with the count that clusters are worth.

    Sources: Korn & Graubard 1998, Survey Methodology 24, 193-201, for the effective count with
    Student's law; Dean & Pagano 2015, https://doi.org/10.1093/jssam/smv024, for Wilson's interval
    with it. One cluster says nothing of others: then both ends are NaN.
    """
    count = worth(right, how)
    share = float(right.mean())
    if isnan(count):
        return Interval(share, nan, nan)
    found = wilson(share * count, count, confidence=how.confidence)
    return Interval(share, found.low, found.high)


def share_difference(a: Values, b: Values, how: Resampling) -> Interval:
    """Interval of the difference of two shares on the same texts.

    Wald's after adding one text that only a has right and one that only b has: Bonett & Price 2012,
    https://doi.org/10.3102/1076998611411915. In clusters, with the count that they are worth.
    """
    gap = a - b
    count = worth(gap, how)
    only_a, only_b = float((gap > 0).mean()), float((gap < 0).mean())
    if isnan(count):
        return Interval(only_a - only_b, nan, nan)
    first, second = ((one * count + 1) / (count + 2) for one in (only_a, only_b))
    spread = sqrt((first + second - (first - second) ** 2) / (count + 2))
    half = NormalDist().inv_cdf(0.5 + how.confidence / 2) * spread
    centre = first - second
    return Interval(only_a - only_b, max(-1.0, centre - half), min(1.0, centre + half))


def worth(values: Values, how: Resampling) -> float:
    """How many independent texts tell as much of the mean as these; NaN of a single cluster.

    The count over the design effect (Kish 1965), at most the count, less for few clusters. Where
    all values are equal nobody knows how alike a cluster is: then each counts as one text.
    """
    import numpy as np

    count = len(values)
    if how.clusters is None:
        return float(count)
    sums = summed(np.stack((values, np.ones(count)), axis=1), how.clusters)
    units = len(sums)
    if units < 2:
        return nan
    middle = 0.5 + how.confidence / 2
    few = (NormalDist().inv_cdf(middle) / student(units - 1, middle)) ** 2
    apart = values.var() / count
    if not apart:
        return units * few
    within = sums[:, 0] - values.mean() * sums[:, 1]
    together = units / (units - 1) * float((within**2).sum()) / count**2
    return float(count / max(1.0, together / apart) * few)


def smallest_share_difference(a: Values, b: Values) -> float:
    """The true difference that McNemar's exact test on as many texts finds in 80 of 100 cases.

    Computed from the law of the test, at the share of texts of which only one system has right.
    NaN where both are always equal. Source: Connor 1987, https://doi.org/10.2307/2531961.
    """
    differ = float((a != b).mean())
    law = _Law(len(a))
    if not differ or law.found(1.0, 1.0) < _POWER:
        return nan
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = law.found(middle, max(differ, middle)) >= _POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


class _Law:
    """What McNemar's exact test does on so many texts."""

    def __init__(self, count: int) -> None:
        import numpy as np

        self._count = count
        self._logs = np.array([lgamma(number + 1) for number in range(count + 1)])
        self._bounds: dict[int, int] = {}

    def found(self, gap: float, differ: float) -> float:
        """The chance that it finds this gap where that share of texts differs."""
        weights = self._binomial(self._count, differ)
        share = 0.5 + gap / differ / 2
        likely = (int(one) for one in (weights > _RARE).nonzero()[0])
        return float(sum(weights[one] * self._rejects(one, share) for one in likely))

    def _rejects(self, differing: int, share: float) -> float:
        """The chance that so many that differ are significant, if a has that share of them."""
        bound = self._bound(differing)
        law = self._binomial(differing, share)
        return float(law[:bound].sum() + law[differing + 1 - bound :].sum()) if bound else 0.0

    def _bound(self, differing: int) -> int:
        """How few for one side are significant: fewer than this."""
        if differing not in self._bounds:
            tails = 2 * self._binomial(differing, 0.5).cumsum()
            self._bounds[differing] = int((tails < _LEVEL).sum())
        return self._bounds[differing]

    def _binomial(self, count: int, share: float) -> Values:
        """The chance of each number from 0 to `count`."""
        import numpy as np

        if share >= 1:
            sure: Values = np.eye(1, count + 1, count)[0]
            return sure
        numbers = np.arange(count + 1)
        ways = self._logs[count] - self._logs[numbers] - self._logs[count - numbers]
        law: Values = np.exp(ways + numbers * np.log(share) + (count - numbers) * np.log1p(-share))
        return law
