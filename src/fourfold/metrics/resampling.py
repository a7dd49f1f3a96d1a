"""Intervals and tests for any metric, by resampling the figures of its texts.

Texts that belong together (several questions on one document) are drawn together: name their
cluster, and the intervals and tests know how much really was observed.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import TYPE_CHECKING, Final

from fourfold.metrics.bootstrap import Few, bootstrap
from fourfold.metrics.drawing import Value, batches, drawn_sums, each, gaps, summed
from fourfold.metrics.statistics import Difference, Interval, student

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures

_FEWEST_TO_REJECT: Final = 6  # with five, the smallest p-value that signs can have is 0.0625


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How often, from which seed, how sure, and which texts belong together."""

    seed: int = 0
    samples: int = 2_000
    confidence: float = 0.95
    clusters: Sequence[Hashable] | None = None


def interval(
    figures: Figures, value: Value, how: Resampling, *, few: Few = "bootstrap-t"
) -> Interval:
    """The score of all texts, and where it would plausibly lie on other texts of the kind.

    By the bootstrap; of fewer than 8 texts or clusters both ends are NaN. `few` is "bca" for what a
    single text has no score of, such as a correlation.
    """
    return bootstrap(
        summed(figures, how.clusters),
        each(value, figures.shape[1]),
        seed=how.seed,
        samples=how.samples,
        confidence=how.confidence,
        few=few,
    )


def difference(a: Figures, b: Figures, value: Value, how: Resampling) -> Difference:
    """How much higher `a` scores than `b` on the same texts: interval, and two-sided p-value."""
    import numpy as np

    p = chance(a, b, value, how)
    units = np.hstack((summed(a, how.clusters), summed(b, how.clusters)))
    found = bootstrap(
        units,
        gaps(value, a.shape[1]),
        seed=how.seed,
        samples=how.samples,
        confidence=how.confidence,
        few="jackknife-t",
    )
    return Difference(found, p)


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
    score = each(value, a.shape[1])
    found = abs(value(total_a) - value(total_b))
    rng = np.random.default_rng(how.seed)
    extreme = 0
    for count in batches(len(ours), how.samples):
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
        return nan
    spread = np.std(gaps(value, a.shape[1])(drawn_sums(units, seed=how.seed, samples=how.samples)))
    if spread == 0:
        return nan  # texts that never differ do not tell what a difference would be
    wanted = student(count - 1, 0.975) + student(count - 1, 0.8)
    return float(wanted * spread * sqrt(count / (count - 1)))
