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
_Values: TypeAlias = "Callable[[Figures], Figures]"  # of rows, (sums, figures) to (sums,)
_RATIOS = ((1.0, 2.0), (0.0, 3.0), (70.0, 0.5))
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
    units = summed(figures, how.clusters)
    return _interval(units, _each(value, figures.shape[1]), how, studentised=studentised)


def difference(a: Figures, b: Figures, value: Value, how: Resampling) -> Difference:
    """How much higher `a` scores than `b` on the same texts: interval, and two-sided p-value."""
    import numpy as np

    p = chance(a, b, value, how)
    units = np.hstack((summed(a, how.clusters), summed(b, how.clusters)))
    return Difference(_interval(units, _gaps(value, a.shape[1]), how), p)


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
    score = _each(value, a.shape[1])
    found = abs(value(total_a) - value(total_b))
    rng = np.random.default_rng(how.seed)
    extreme = 0
    for count in _batches(len(ours), how.samples):
        moved = rng.integers(0, 2, size=(count, len(ours))) @ moves
        tossed = score(total_a + moved) - score(total_b - moved)
        extreme += int((abs(tossed) >= found - 1e-12).sum())
    return (extreme + 1) / (how.samples + 1)


def smallest_difference(a: Figures, b: Figures, value: Value, how: Resampling) -> float:
    """The true difference that a test on such texts would find in 80 of 100 cases, at p < 0.05.

    From the spread of the bootstrap: 2.80 standard errors, more of few units (Student's law). The
    test of right and wrong has its own, in `shares.py`. Source: Cohen 1988, chapter 2.
    """
    import numpy as np

    units = np.hstack((summed(a, how.clusters), summed(b, how.clusters)))
    count = len(units)
    if count < _FEWEST_TO_REJECT:
        return float("nan")
    spread = np.std(_gaps(value, a.shape[1])(_drawn_sums(units, how)))
    if spread == 0:
        return float("nan")  # texts that never differ do not tell what a difference would be
    wanted = student(count - 1, 0.975) + student(count - 1, 0.8)
    return float(wanted * spread * sqrt(count / (count - 1)))


def _each(value: Value, width: int) -> _Values:
    """The scores of several sums; a ratio of two figures, as every mean is, of all at once."""
    import numpy as np

    if width == len(_RATIOS[0]) and all(value(np.array(one)) == one[0] / one[1] for one in _RATIOS):
        return lambda rows: np.divide(
            rows[:, 0], rows[:, 1], out=np.zeros(len(rows)), where=rows[:, 1] != 0
        )
    return lambda rows: np.array([value(row) for row in rows], dtype=np.float64)


def _gaps(value: Value, width: int) -> _Values:
    """The differences of two systems whose figures stand side by side."""
    score = _each(value, width)
    return lambda rows: score(rows[:, :width]) - score(rows[:, width:])


def _interval(
    units: Figures, score: _Values, how: Resampling, *, studentised: bool = True
) -> Interval:
    import numpy as np

    total = units.sum(axis=0)
    whole = float(score(total[None, :])[0])
    if len(units) < FEWEST_UNITS:
        return Interval(whole, float("nan"), float("nan"))
    if (
        studentised
        and len(units) < _STUDENTISED_BELOW
        and (ends := _studentised(units, score, how))
    ):
        return Interval(whole, *ends)
    scores, without = score(_drawn_sums(units, how)), score(total - units)
    shares = _shares(whole, scores, without, how.confidence)
    low, high = np.quantile(scores, shares)
    return Interval(whole, float(low), float(high))


def _studentised(units: Figures, score: _Values, how: Resampling) -> tuple[float, float] | None:
    """Ends by the bootstrap-t: each resample is measured in its own standard errors.

    The standard errors are the jackknife's; None where many resamples have none. No end lies beyond
    the scores of all single units.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 12.5.
    """
    import numpy as np

    count, samples = len(units), min(how.samples, _STUDENTISED_SAMPLES)
    whole, error = _with_error(units, np.ones((1, count), dtype=np.int64), score)
    drawn = np.random.default_rng(how.seed).integers(0, count, size=(samples, count))
    places = np.array_split(_counts(drawn, count), 1 + samples * units.size // _AT_ONCE)
    parts = [_with_error(units, counts, score) for counts in places]
    scores, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
    told = errors > 0
    if not error[0] or 2 * told.sum() < samples:
        return None
    tail = (1 - how.confidence) / 2
    below, above = np.quantile((scores[told] - whole) / errors[told], [tail, 1 - tail])
    alone = score(units)
    return (
        max(float(whole[0] - above * error[0]), float(alone.min())),
        min(float(whole[0] - below * error[0]), float(alone.max())),
    )


def _with_error(
    units: Figures, counts: NDArray[np.int64], score: _Values
) -> tuple[Figures, Figures]:
    """Scores of units that were drawn so often, and their errors, by leaving out each."""
    import numpy as np

    totals, drawn = counts @ units, counts > 0  # (samples, figures), (samples, units)
    without = np.zeros(counts.shape)
    without[drawn] = score((totals[:, None, :] - units)[drawn])
    number = counts.sum(axis=1)
    apart = without - ((counts * without).sum(axis=1) / number)[:, None]
    errors = np.sqrt((number - 1) / number * (counts * apart**2).sum(axis=1))
    return score(totals), errors


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
