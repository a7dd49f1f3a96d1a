"""The bootstrap of a score: between which ends it lies on other texts of the kind."""

from __future__ import annotations

from math import nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from fourfold.metrics.drawing import AT_ONCE, Values, counts_of, drawn_sums
from fourfold.metrics.statistics import Interval, student

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fourfold.metrics.base import Figures

FEWEST_UNITS: Final = 8
"""Below so many texts or clusters an interval would hold the truth in fewer than 93 of 100 cases,
of skewed scores in fewer than 90 (`benchmarks/simulations.md`): then there is none."""

Few: TypeAlias = "Literal['bootstrap-t', 'jackknife-t', 'bca']"
"""How the ends are found for few units: of skewed scores, of differences, of correlations."""

_FEW: Final = 50
_STUDENTISED_SAMPLES: Final = 1_000


def bootstrap(
    units: Figures,
    score: Values,
    *,
    seed: int,
    samples: int,
    confidence: float,
    few: Few = "bootstrap-t",
) -> Interval:
    """The score of all units, a row each, and where it would plausibly lie on others.

    Corrected for bias and skew (BCa: Efron 1987, https://doi.org/10.1080/01621459.1987.10478410)
    and expanded for small samples (Hesterberg 2015,
    https://doi.org/10.1080/00031305.2015.1089789, section 3.2). Of fewer than 50 units as `few`
    says: the studentised bootstrap holds skewed scores better, Student's law with the jackknife's
    error the differences of two systems, whose law is nearly symmetric, with long tails
    (`benchmarks/simulations.md`). Of fewer than 8 both ends are NaN.
    """
    import numpy as np

    total, count = units.sum(axis=0), len(units)
    whole = float(score(total[None, :])[0])
    if count < FEWEST_UNITS:
        return Interval(whole, nan, nan)
    if count < _FEW and few == "jackknife-t":
        _, (error,) = _with_error(units, np.ones((1, count), dtype=np.int64), score)
        half = student(count - 1, 0.5 + confidence / 2) * float(error)
        return Interval(whole, whole - half, whole + half)
    if count < _FEW and few == "bootstrap-t":
        size = (min(samples, _STUDENTISED_SAMPLES), count)
        counts = counts_of(np.random.default_rng(seed).integers(0, count, size=size), count)
        if ends := _studentised(units, score, counts, confidence):
            return Interval(whole, *ends)
    scores = score(drawn_sums(units, seed=seed, samples=samples))
    shares = _shares(whole, scores, score(total - units), confidence)
    low, high = np.quantile(scores, shares)
    return Interval(whole, float(low), float(high))


def _studentised(
    units: Figures, score: Values, drawn: NDArray[np.int64], confidence: float
) -> tuple[float, float] | None:
    """Ends by the bootstrap-t: each resample is measured in its own standard errors.

    `drawn` says how often each unit is in each resample. The standard errors are the jackknife's;
    None where many resamples have none. No end lies beyond the scores of all single units and
    of the whole.
    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 12.5.
    """
    import numpy as np

    whole, error = _with_error(units, np.ones((1, len(units)), dtype=np.int64), score)
    pieces = np.array_split(drawn, 1 + len(drawn) * units.size // AT_ONCE)
    parts = [_with_error(units, counts, score) for counts in pieces]
    scores, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
    told = errors > 0
    if not error[0] or 2 * told.sum() < len(drawn):
        return None
    tail = (1 - confidence) / 2
    below, above = np.quantile((scores[told] - whole) / errors[told], [tail, 1 - tail])
    bounds = np.append(score(units), whole)  # a corpus can score beyond all of its texts
    return (
        max(float(whole[0] - above * error[0]), float(bounds.min())),
        min(float(whole[0] - below * error[0]), float(bounds.max())),
    )


def _with_error(
    units: Figures, counts: NDArray[np.int64], score: Values
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


def _wide(count: int, confidence: float) -> float:
    return sqrt(count / (count - 1)) * student(count - 1, 0.5 + confidence / 2)
