"""Intervals and tests for any metric, by resampling the figures of its texts.

Texts that belong together (several questions on one document) are drawn together: name their
cluster, and the intervals and tests know how much really was observed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, TypeAlias

from fourfold.metrics.statistics import Difference, Interval, student

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fourfold.metrics.base import Figures

Value: TypeAlias = "Callable[[Figures], float]"
_AT_ONCE = 2_000_000  # drawn counts in memory
FEWEST_UNITS: Final = 8
"""Below so many texts or clusters an interval would hold the truth in fewer than 93 of 100 cases,
of skewed scores in fewer than 90 (`benchmarks/simulations.md`): then there is none."""

_STUDENTISED_BELOW: Final = 50
_STUDENTISED_SAMPLES: Final = 1_000
_FEWEST_TO_REJECT: Final = 6  # with five, the smallest p-value that signs can have is 0.0625


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How often, from which seed, how sure, and which texts belong together."""

    seed: int = 0
    samples: int = 2_000
    confidence: float = 0.95
    clusters: Sequence[Hashable] | None = None


def interval(
    figures: Figures, value: Value, how: Resampling, *, studentised: bool = True
) -> Interval:
    """The score of all texts, and where it would plausibly lie on other texts of the kind.

    The bootstrap, corrected for bias and skew (BCa: Efron 1987,
    https://doi.org/10.1080/01621459.1987.10478410) and expanded for small samples (Hesterberg 2015,
    https://doi.org/10.1080/00031305.2015.1089789, section 3.2). Below 50 texts or clusters the
    studentised one, whose ends are steadier under skew; below 8 both ends are NaN. `studentised` is
    False for what a single text has no score of, such as a correlation.
    """
    import numpy as np

    units = summed(figures, how.clusters)
    total = units.sum(axis=0)
    whole = value(total)
    if len(units) < FEWEST_UNITS:
        return Interval(whole, float("nan"), float("nan"))
    if (
        studentised
        and len(units) < _STUDENTISED_BELOW
        and (ends := _studentised(units, value, how))
    ):
        return Interval(whole, *ends)
    scores = np.array([value(sums) for sums in _drawn_sums(units, how)])
    without = np.array([value(total - unit) for unit in units])
    shares = _shares(whole, scores, without, how.confidence)
    low, high = np.quantile(scores, shares)
    return Interval(whole, float(low), float(high))


def difference(a: Figures, b: Figures, value: Value, how: Resampling) -> Difference:
    """How much higher `a` scores than `b` on the same texts: interval, and two-sided p-value."""
    import numpy as np

    p = chance(a, b, value, how)
    ours, theirs = summed(a, how.clusters), summed(b, how.clusters)
    width = ours.shape[1]

    def gap(sums: Figures) -> float:
        return value(sums[:width]) - value(sums[width:])

    return Difference(interval(np.hstack((ours, theirs)), gap, _without_clusters(how)), p)


def chance(a: Figures, b: Figures, value: Value, how: Resampling) -> float:
    """The two-sided p-value of the difference: how often it is as large if neither is better.

    By approximate randomisation: in each sample, the two texts of a pair, or those of a cluster,
    change sides by the toss of a coin. Source: Noreen 1989, Computer-intensive methods for testing
    hypotheses; for corpus metrics Riezler & Maxwell 2005, https://aclanthology.org/W05-0908.
    """
    import numpy as np

    if a.shape != b.shape:
        raise ValueError(f"pairs are needed, not {a.shape} beside {b.shape} figures")
    ours, theirs = summed(a, how.clusters), summed(b, how.clusters)
    total_a, total_b, moves = ours.sum(axis=0), theirs.sum(axis=0), theirs - ours
    found = abs(value(total_a) - value(total_b))
    rng = np.random.default_rng(how.seed)
    extreme = 0
    for count in _batches(len(ours), how.samples):
        for moved in rng.integers(0, 2, size=(count, len(ours))) @ moves:
            tossed = value(total_a + moved) - value(total_b - moved)
            extreme += abs(tossed) >= found - 1e-12
    return (extreme + 1) / (how.samples + 1)


def smallest_difference(a: Figures, b: Figures, value: Value, how: Resampling) -> float:
    """The true difference that a test on such texts would find in 80 of 100 cases, at p < 0.05.

    From the spread of the bootstrap: 2.80 standard errors, more of few units (Student's law). The
    test of right and wrong has its own, in `shares.py`. Source: Cohen 1988, chapter 2.
    """
    import numpy as np

    ours, theirs = summed(a, how.clusters), summed(b, how.clusters)
    width = ours.shape[1]
    if len(ours) < _FEWEST_TO_REJECT:
        return float("nan")
    gaps = [
        value(sums[:width]) - value(sums[width:])
        for sums in _drawn_sums(np.hstack((ours, theirs)), how)
    ]
    if np.std(gaps) == 0:
        return float("nan")  # texts that never differ do not tell what a difference would be
    wanted = student(len(ours) - 1, 0.975) + student(len(ours) - 1, 0.8)
    return float(wanted * np.std(gaps) * sqrt(len(ours) / (len(ours) - 1)))


def _studentised(units: Figures, value: Value, how: Resampling) -> tuple[float, float] | None:
    """Ends by the bootstrap-t: each resample is measured in its own standard errors.

    The standard errors are the jackknife's; None where many resamples have none. No end lies beyond
    the scores of all single units.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 12.5.
    """
    import numpy as np

    total, count = units.sum(axis=0), len(units)
    whole, error = value(total), _standard_error(units, np.ones(count, dtype=np.int64), value)
    rng = np.random.default_rng(how.seed)
    samples = min(how.samples, _STUDENTISED_SAMPLES)
    drawn = _counts(rng.integers(0, count, size=(samples, count)), count)
    errors = [_standard_error(units, counts, value) for counts in drawn]
    found = [
        (value(counts @ units) - whole) / own
        for counts, own in zip(drawn, errors, strict=True)
        if own
    ]
    if not error or 2 * len(found) < samples:
        return None
    tail = (1 - how.confidence) / 2
    below, above = np.quantile(found, [tail, 1 - tail])
    alone = [value(unit) for unit in units]
    return (
        max(float(whole - above * error), min(alone)),
        min(float(whole - below * error), max(alone)),
    )


def _standard_error(units: Figures, counts: NDArray[np.int64], value: Value) -> float:
    """Of the score of units that were drawn so often, by leaving out each."""
    import numpy as np

    total, drawn = counts @ units, counts > 0
    without = np.array([value(total - unit) for unit in units[drawn]])
    weights, count = counts[drawn], counts.sum()
    apart = without - (weights @ without) / count
    return float(sqrt((count - 1) / count * (weights @ apart**2)))


def summed(figures: Figures, clusters: Sequence[Hashable] | None) -> Figures:
    """A row for each text, or the sum of each cluster."""
    import numpy as np

    if clusters is None:
        return figures
    if len(clusters) != len(figures):
        raise ValueError(f"{len(clusters)} clusters are named for {len(figures)} texts")
    number = {cluster: place for place, cluster in enumerate(dict.fromkeys(clusters))}
    units = np.zeros((len(number), figures.shape[1]))
    np.add.at(units, [number[cluster] for cluster in clusters], figures)
    return units


def _drawn_sums(units: Figures, how: Resampling) -> Figures:
    """The sums of as many units, drawn with replacement, (samples, figures)."""
    import numpy as np

    rng = np.random.default_rng(how.seed)
    count = len(units)
    return np.vstack(
        [
            _counts(rng.integers(0, count, size=(batch, count)), count) @ units
            for batch in _batches(count, how.samples)
        ]
    )


def _counts(drawn: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How often each unit was drawn, (samples, units)."""
    import numpy as np

    offsets = np.arange(len(drawn))[:, None] * count
    return np.bincount((drawn + offsets).ravel(), minlength=drawn.size).reshape(drawn.shape)


def _batches(units: int, samples: int) -> list[int]:
    at_once = max(1, _AT_ONCE // max(units, 1))
    return [min(at_once, samples - done) for done in range(0, samples, at_once)]


def _wide(count: int, confidence: float) -> float:
    return sqrt(count / (count - 1)) * student(count - 1, 0.5 + confidence / 2)


def _shares(
    whole: float, scores: Figures, without: Figures, confidence: float
) -> tuple[float, float]:
    """Which quantiles of the drawn scores are the ends of the interval.

    `without` are the scores with one unit left out: their skew is that of the score.
    """
    law = NormalDist()
    count = len(without)
    pulls = without.mean() - without
    spread = (pulls**2).sum()
    skew = (pulls**3).sum() / (6 * spread**1.5) if spread else 0.0
    below = ((scores < whole).sum() + 0.5 * (scores == whole).sum()) / len(scores)
    bias = law.inv_cdf(min(max(below, 1 / len(scores)), 1 - 1 / len(scores)))
    wide = _wide(count, confidence)
    low, high = (law.cdf(bias + (bias + end) / (1 - skew * (bias + end))) for end in (-wide, wide))
    return low, high


def _without_clusters(how: Resampling) -> Resampling:
    return Resampling(seed=how.seed, samples=how.samples, confidence=how.confidence)
