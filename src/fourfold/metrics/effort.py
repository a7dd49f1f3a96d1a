"""Minutes and money: what corrections cost, from a few that somebody has timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput
from fourfold.metrics.corrections import Correction, correction
from fourfold.metrics.resampling import Resampling, expanded_shares
from fourfold.metrics.scoring import Score
from fourfold.metrics.statistics import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

FEWEST_TIMED = 5
_PER = 1_000  # texts


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
    for each edit: least squares over the timed ones, neither below 0. The interval draws both the
    timed ones and the texts anew (bootstrap, widened for few of them). It holds for people like
    those who were timed. Raises `InvalidInput` for fewer than 5 timed ones, or impossible times.
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
    rng = np.random.default_rng(how.seed)
    drawn = []
    for _ in range(how.samples):
        chosen = rng.integers(0, len(known), len(known))
        texts = load[rng.integers(0, len(load), len(load))]
        drawn.append(_minutes(texts, _fitted(known[chosen], seconds[chosen])))
    low, high = np.quantile(drawn, expanded_shares(len(known), how.confidence))
    per_word, per_edit = _fitted(known, seconds)
    return Score(
        metric="minutes_per_1000",
        interval=Interval(_minutes(load, (per_word, per_edit)), float(low), float(high)),
        count=len(load),
        signature=f"minutes_per_1000|timed:{len(timed)}|seconds_a_word:{per_word:.3g}"
        f"|seconds_an_edit:{per_edit:.3g}|fit:nnls",
    )


def money(minutes: Score, *, per_hour: float, currency: str) -> Score:
    """The same effort in money, at what an hour of those people costs."""
    value, low, high = (
        end * per_hour / 60
        for end in (minutes.interval.value, minutes.interval.low, minutes.interval.high)
    )
    return Score(
        metric="cost_per_1000",
        interval=Interval(value, low, high),
        count=minutes.count,
        signature=f"cost_per_1000|currency:{currency}|per_hour:{per_hour:g}|{minutes.signature}",
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


def _fitted(load: Matrix, seconds: Matrix) -> tuple[float, float]:
    """Seconds for a word and for an edit, neither below 0."""
    import numpy as np

    both = np.linalg.lstsq(load, seconds, rcond=None)[0]
    if (both >= 0).all():
        return float(both[0]), float(both[1])
    words, edits = (
        max(0.0, float(column @ seconds / (column @ column))) if column.any() else 0.0
        for column in load.T
    )
    without_edits = ((seconds - words * load[:, 0]) ** 2).sum()
    without_words = ((seconds - edits * load[:, 1]) ** 2).sum()
    return (words, 0.0) if without_edits <= without_words else (0.0, edits)


def _minutes(load: Matrix, seconds: tuple[float, float]) -> float:
    return float(_PER / 60 * (load.mean(axis=0) @ seconds))
