"""Minutes and money: what corrections cost, from a few that somebody has timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isnan, nan, sqrt
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput
from fourfold.core.finite import require_finite
from fourfold.metrics.corrections import Correction, correction
from fourfold.metrics.drawing import summed
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import Score
from fourfold.metrics.statistics import Interval, student

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

FEWEST_TIMED = 5
_PER = 1_000  # texts
_FITTED = 2  # seconds for a word, seconds for an edit
_HALVINGS = 50
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A correction, and the seconds that it took a person who was at it."""

    draft: str
    released: str
    seconds: float


def effort(
    drafts: Sequence[str],
    released: Sequence[str],
    timed: Sequence[Timed],
    how: Resampling | None = None,
) -> Score:
    """Minutes of correcting for 1,000 texts like these.

    A correction takes so many seconds for each word of the draft, which has to be read, and so many
    for each edit, neither below 0; the fitted times of the timed ones add up to the measured ones.
    The interval knows how few were timed and how few texts there are, of which those of a cluster
    count together. It holds for people like those who were timed. Raises `InvalidInput` for fewer
    than 5 timed ones, or impossible times.
    """
    import numpy as np

    _check(timed)
    how = how or Resampling()
    known = _load([correction(one.draft, one.released) for one in timed], [o.draft for o in timed])
    seconds = np.array([one.seconds for one in timed], dtype=np.float64)
    pairs = zip(drafts, released, strict=True)
    load = _load([correction(*pair) for pair in pairs], drafts)
    if not len(load):
        raise InvalidInput("There is nothing to score.", hint="The files hold no text.")
    per_word, per_edit = fitted(known, seconds)
    found = minutes_interval(load, known, seconds, how)
    return Score(
        metric="minutes_per_1000",
        interval=found,
        count=len(load),
        signature=f"minutes_per_1000|timed:{len(timed)}|seconds_a_word:{per_word:.3g}"
        f"|seconds_an_edit:{per_edit:.3g}|fit:poisson|version:2",
        note="no interval: too few texts, or none to read" if isnan(found.low) else "",
    )


def money(minutes: Score, *, per_hour: float, currency: str) -> Score:
    """The same effort in money, at what an hour of those people costs."""
    require_finite("per_hour", per_hour)
    value, low, high = (
        end * per_hour / 60
        for end in (minutes.interval.value, minutes.interval.low, minutes.interval.high)
    )
    return Score(
        metric="cost_per_1000",
        interval=Interval(value, low, high),
        count=minutes.count,
        signature=f"cost_per_1000|currency:{currency}|per_hour:{per_hour:g}|{minutes.signature}",
        note=minutes.note,
    )


def _check(timed: Sequence[Timed]) -> None:
    if len(timed) < FEWEST_TIMED:
        raise InvalidInput(
            f"{len(timed)} timed corrections are too few to calibrate with.",
            hint=f"Time at least {FEWEST_TIMED}, better 15: it takes about ten minutes.",
        )
    if not all(0 < one.seconds < 86_400 for one in timed):
        raise InvalidInput(
            "A timed correction took no time, or more than a day.",
            hint="Write the seconds that somebody was at it, without breaks.",
        )
    if not any(one.draft.split() for one in timed):
        raise InvalidInput("The timed drafts have no words.", hint="Time some that have.")


def _load(made: Sequence[Correction], drafts: Sequence[str]) -> Matrix:
    """Words to read and edits to make, a row for each text."""
    import numpy as np

    rows = [(len(draft.split()), one.edits) for draft, one in zip(drafts, made, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def fitted(load: Matrix, seconds: Matrix, taken: Matrix | None = None) -> Matrix:
    """Seconds for a word and for an edit, neither below 0.

    Quasi-likelihood with a variance that grows as the time does: long corrections vary more than
    short ones. Source: McCullagh & Nelder 1989, Generalized Linear Models, chapter 9. Its fitted
    times add up to the measured ones, so that only the part of the words is left to find. `taken`
    makes several fits at once: a row for each, with a 1 for every timed one that it rests on.
    """
    import numpy as np

    used = np.ones_like(seconds) if taken is None else taken  # (..., timed)
    totals = used @ load  # (..., 2)
    words, edits = (
        column / np.where(total > 0, total, 1)[..., None]
        for column, total in zip(load.T, np.moveaxis(totals, -1, 0), strict=True)
    )
    low, high = np.zeros(totals.shape[:-1]), np.ones(totals.shape[:-1])
    for _ in range(_HALVINGS):
        part = ((low + high) / 2)[..., None]
        pull = (words - edits) / np.maximum(part * words + (1 - part) * edits, _NOTHING)
        rising = (used * seconds * pull).sum(axis=-1) > 0
        low, high = np.where(rising, part[..., 0], low), np.where(rising, high, part[..., 0])
    of_words = np.where(totals[..., 1] == 0, 1.0, np.where(high > _NOTHING, high, 0.0))
    of_words = np.where(totals[..., 0] == 0, 0.0, of_words)
    parts = np.stack((of_words, 1 - of_words), axis=-1)
    fit: Matrix = parts * (used @ seconds)[..., None] / np.where(totals > 0, totals, 1)
    return fit


def minutes_interval(load: Matrix, known: Matrix, seconds: Matrix, how: Resampling) -> Interval:
    """Minutes for 1,000 texts of that load, by the timed ones, with what both leave open.

    On the scale of logarithms, for minutes are never negative: the jackknife over the timed ones
    (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 11) and the spread of the
    texts or their clusters, with the degrees of freedom of both (Satterthwaite 1946). What leaving
    out one of n changes is taken n / (n - 1) times: of few skewed times the plain jackknife holds
    the truth in 92 of 100 cases (`benchmarks/simulations.md`).
    """
    import numpy as np

    fit = fitted(known, seconds)
    value = _minutes(load, fit)
    spread, freedom = _of_texts(load @ fit, how)
    others = fitted(known, seconds, 1 - np.eye(len(known)))  # with one left out
    without = [_minutes(load, other) for other in others]
    if not value or not freedom or not min(without):
        return Interval(value, nan, nan)
    pulls = np.log(np.array(without) / value) * len(known) / (len(known) - 1)
    calibrated = float((pulls**2).sum())
    both = calibrated + spread
    if not both:
        return Interval(value, value, value)
    weight = calibrated**2 / (len(known) - _FITTED) + spread**2 / freedom
    wide = student(both**2 / weight, 0.5 + how.confidence / 2) * sqrt(both)
    return Interval(value, value * exp(-wide), value * exp(wide))


def _of_texts(seconds: Matrix, how: Resampling) -> tuple[float, int]:
    """Relative variance of the mean time of a text, and its degrees of freedom."""
    import numpy as np

    units = summed(np.stack((seconds, np.ones_like(seconds)), axis=1), how.clusters)
    count, mean = len(units), seconds.mean()
    if count < 2 or not mean:
        return 0.0, 0
    apart = units[:, 0] - mean * units[:, 1]
    return float(count / (count - 1) * (apart**2).sum() / seconds.sum() ** 2), count - 1


def _minutes(load: Matrix, seconds: Matrix) -> float:
    return float(_PER / 60 * (load.mean(axis=0) @ seconds))
