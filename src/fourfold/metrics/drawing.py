"""Draws from texts and clusters, and what they score: the machinery of intervals and tests."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fourfold.metrics.base import Figures

Value: TypeAlias = "Callable[[Figures], float]"
Values: TypeAlias = "Callable[[Figures], Figures]"
"""Of rows: from (sums, figures) to (sums,)."""

AT_ONCE = 2_000_000  # drawn counts in memory
_RATIOS = ((1.0, 2.0), (0.0, 3.0), (70.0, 0.5))


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


def each(value: Value, width: int) -> Values:
    """The scores of several sums; a ratio of two figures, as every mean is, of all at once."""
    import numpy as np

    if width == len(_RATIOS[0]) and all(value(np.array(one)) == one[0] / one[1] for one in _RATIOS):
        return lambda rows: np.divide(
            rows[:, 0], rows[:, 1], out=np.zeros(len(rows)), where=rows[:, 1] != 0
        )
    return lambda rows: np.array([value(row) for row in rows], dtype=np.float64)


def gaps(value: Value, width: int) -> Values:
    """The differences of two systems whose figures stand side by side."""
    score = each(value, width)
    return lambda rows: score(rows[:, :width]) - score(rows[:, width:])


def drawn_sums(units: Figures, *, seed: int, samples: int) -> Figures:
    """The sums of as many units, drawn with replacement, (samples, figures)."""
    import numpy as np

    rng = np.random.default_rng(seed)
    count = len(units)
    return np.vstack(
        [
            counts_of(rng.integers(0, count, size=(batch, count)), count) @ units
            for batch in batches(count, samples)
        ]
    )


def counts_of(drawn: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How often each unit was drawn, (samples, units)."""
    import numpy as np

    offsets = np.arange(len(drawn))[:, None] * count
    return np.bincount((drawn + offsets).ravel(), minlength=drawn.size).reshape(drawn.shape)


def batches(units: int, samples: int) -> list[int]:
    """Samples in pieces that fit into memory."""
    at_once = max(1, AT_ONCE // max(units, 1))
    return [min(at_once, samples - done) for done in range(0, samples, at_once)]
