"""Medians and the like: which wait half, or 95 of 100, of the requests stay below."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, lgamma, nan
from typing import TYPE_CHECKING

from fourfold.metrics.resampling import Resampling
from fourfold.metrics.shares import worth
from fourfold.metrics.statistics import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


def quantile_interval(values: Sequence[float], share: float, how: Resampling) -> Interval:
    """The value that `share` of all stay below, and where it would plausibly lie among others.

    Ends are values of the sample, whatever their law: how many lie below the true quantile follows
    the binomial law (Thompson 1936, Annals of Mathematical Statistics 7, 122-128), with a line
    between two values (Beran & Hall 1993, JRSS B 55, 643-652). In clusters, with the count that
    they are worth (as Woodruff 1952, JASA 47, 635-646). An end that few values cannot tell is NaN:
    the upper one of 95 of 100 needs 72.
    """
    import numpy as np

    ordered = np.sort(np.array(values, dtype=np.float64))
    whole = float(np.quantile(ordered, share))
    count = worth((np.array(values) <= whole).astype(np.float64), how)
    if isnan(count):
        return Interval(whole, nan, nan)
    tail = (1 - how.confidence) / 2
    below = _law(int(count), share).cumsum()
    low, high = (
        _between(ordered, below, end) if below[0] <= end <= below[-2] else nan
        for end in (tail, 1 - tail)
    )
    return Interval(whole, low, high)


def _between(ordered: Values, below: Values, end: float) -> float:
    """The value at the place where the chance of so many below reaches `end`."""
    import numpy as np

    count = len(below) - 1
    place = 1 + float(np.interp(end, below, np.arange(len(below))))  # of `count`, from 1 on
    among = (place - 0.5) * len(ordered) / count - 0.5  # of all, from 0 on
    return float(np.interp(among, np.arange(len(ordered)), ordered))


def _law(count: int, share: float) -> Values:
    """The chance of each number of values below the quantile."""
    import numpy as np

    numbers = np.arange(count + 1)
    logs = np.array([lgamma(number + 1) for number in range(count + 1)])
    ways = logs[count] - logs - logs[::-1]
    law: Values = np.exp(ways + numbers * np.log(share) + (count - numbers) * np.log1p(-share))
    return law
