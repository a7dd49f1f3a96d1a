"""Intervals and tests: how sure we may be of a figure, and of a difference.

NumPy and the standard library only. Each function names the paper it follows; results agree with
SciPy, which the tests compare against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, pi, sqrt, tan
from statistics import NormalDist
from typing import Final

_HILL_HOLDS: Final = 1.9  # degrees of freedom


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the range in which the true value plausibly lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better `a` is than `b`, with the probability of such a difference by chance."""

    interval: Interval
    p: float


def wilson(successes: float, count: float, *, confidence: float = 0.95) -> Interval:
    """Interval of a share, sound also for small counts and for shares near 0 and 1.

    Source: E. B. Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953.
    Without observations everything is possible: 0 to 1. Counts need not be whole: those of texts
    in clusters are as large as what they tell.
    """
    if not 0 <= successes <= count:
        raise ValueError(f"{successes} of {count} is no share")
    if count == 0:
        return Interval(0.0, 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    low = max(0.0, centre - half) if successes else 0.0
    high = min(1.0, centre + half) if successes < count else 1.0
    return Interval(share, low, high)


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Two-sided p-value that two systems are right equally often.

    `only_a` items were right with a alone, `only_b` with b alone; the others say nothing.
    Source: the exact binomial form of McNemar 1947, https://doi.org/10.1007/BF02295996.
    """
    if only_a < 0 or only_b < 0:
        raise ValueError(f"counts cannot be negative: {only_a}, {only_b}")
    count, smaller = only_a + only_b, min(only_a, only_b)
    tail = sum(comb(count, k) for k in range(smaller + 1))
    return min(1.0, float(2 * tail / 2**count))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several comparisons, raised so that a false alarm among all stays rare.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    raised = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(order) - rank)))
        raised[place] = highest
    return raised


def student(freedom: float, share: float) -> float:
    """Quantile of Student's law, also for degrees of freedom that are no whole number.

    Source: Hill 1970, Algorithm 396, by its expansion of the normal quantile (Abramowitz & Stegun
    26.7.5): within 2 % from two degrees on. Below, Cauchy's law, which is that of one degree.
    """
    if freedom < _HILL_HOLDS:
        return tan(pi * (share - 0.5))
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, 1)))
