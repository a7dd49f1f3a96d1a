"""The protocol of metrics: how good are texts beside those that a person approved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Figures: TypeAlias = NDArray[np.float64]
    """Of several texts (texts, figures); of one text, or of their sum, (figures,)."""


class Metric(Protocol):
    """Scores texts against references.

    A score comes from figures that add up over texts: matches, lengths, edits. So one metric
    serves a single text, a corpus, and every resample of a corpus that an interval is made of.

    Rules: pure, so the same texts have the same score everywhere; with several references of a
    text the best one counts; a text without references counts as wrong; the signature changes
    whenever a score could.
    """

    @property
    def name(self) -> str:
        """As users write it, `f1`."""
        ...

    @property
    def higher_is_better(self) -> bool:
        """False for rates of errors and edits."""
        ...

    def signature(self, references: int | None = 1) -> str:
        """What was computed, in enough detail to repeat it.

        `references` is their number for each text, `None` where it varies.
        """
        ...

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """What the score is computed from, a row for each text."""
        ...

    def value(self, figures: Figures) -> float:
        """The score of one row, or of the sum of several."""
        ...


def averaged(scores: Iterable[float]) -> Figures:
    """The figures of a metric whose score of a corpus is the mean of its texts."""
    import numpy as np

    return np.array([(score, 1.0) for score in scores], dtype=np.float64).reshape(-1, 2)


def mean(figures: Figures) -> float:
    """The value that belongs to `averaged`; 0 without texts."""
    return float(figures[0] / figures[1]) if figures[1] else 0.0


def count_of(references: int | None) -> str:
    """The number of references as signatures write it."""
    return f"nrefs:{'var' if references is None else references}"
