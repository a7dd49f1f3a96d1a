"""Intervals and tests: how sure we may be of a figure, and of a difference.

NumPy and the standard library only. Each function names the paper it follows; results agree with
SciPy, which the tests compare against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist


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


def wilson(successes: int, count: int, *, confidence: float = 0.95) -> Interval:
    """Interval of a share, sound also for small counts and for shares near 0 and 1.

    Source: E. B. Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953.
    Without observations everything is possible: 0 to 1.
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


def bootstrap_mean(
    values: Sequence[float], *, seed: int, samples: int = 5_000, confidence: float = 0.95
) -> Interval:
    """Interval of a mean by drawing the values again and again (percentile bootstrap).

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    means = _resampled_means(values, seed=seed, samples=samples)
    low, high = _percentiles(means, confidence)
    return Interval(sum(values) / len(values), low, high)


def paired_bootstrap(
    a: Sequence[float],
    b: Sequence[float],
    *,
    seed: int,
    samples: int = 5_000,
    confidence: float = 0.95,
) -> Difference:
    """Difference of the means of two systems on the same items, and its two-sided p-value.

    p is twice the share of resampled differences on the far side of zero, ties counted in half.
    Source: Koehn 2004, https://aclanthology.org/W04-3250 (paired bootstrap resampling).
    """
    if len(a) != len(b):
        raise ValueError(f"pairs are needed, not {len(a)} beside {len(b)} values")
    differences = [one - other for one, other in zip(a, b, strict=True)]
    means = _resampled_means(differences, seed=seed, samples=samples)
    below = sum(mean < 0 for mean in means) + 0.5 * sum(mean == 0 for mean in means)
    low, high = _percentiles(means, confidence)
    p = (2 * min(below, len(means) - below) + 1) / (len(means) + 1)
    return Difference(Interval(sum(differences) / len(differences), low, high), min(1.0, p))


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


def _resampled_means(values: Sequence[float], *, seed: int, samples: int) -> list[float]:
    import numpy as np

    if not values:
        raise ValueError("a mean needs at least one value")
    data = np.asarray(values, dtype=np.float64)  # (items,)
    rng = np.random.default_rng(seed)
    return [float(rng.choice(data, size=len(data)).mean()) for _ in range(samples)]


def _percentiles(means: Sequence[float], confidence: float) -> tuple[float, float]:
    import numpy as np

    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
