"""Accuracy and macro-F1 of labels: what a classifier or a sentiment prompt is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from unicodedata import normalize

from fourfold.core.errors import InvalidInput
from fourfold.metrics.base import averaged, count_of, mean

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


_MOST_LABELS = 500


class Accuracy:
    """Share of texts that are a reference, blanks around them apart; 0 to 1."""

    name = "accuracy"
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """Capital and small letters differ."""
        return f"accuracy|{count_of(references)}|case:mixed|strip:yes|norm:nfc"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """1 or 0 for each text."""
        pairs = zip(hypotheses, references, strict=True)
        return averaged(
            _label(text) in [_label(one) for one in accepted] for text, accepted in pairs
        )

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


class MacroF1:
    """F1 of each label, averaged over the labels, 0 to 1: a rare one counts as much as a frequent.

    As scikit-learn's `f1_score(average="macro")`: over the labels that either side uses. With
    several references the one that was hit counts, else the first.
    """

    name = "macro_f1"
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """Over which labels it is averaged."""
        return (
            f"macro_f1|{count_of(references)}|case:mixed|strip:yes|norm:nfc|avg:labels|labels:used"
        )

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """For each label: said rightly, said, and wanted."""
        import numpy as np

        said = [_label(text) for text in hypotheses]
        wanted = [_wanted(text, accepted) for text, accepted in zip(said, references, strict=True)]
        column = {label: 3 * place for place, label in enumerate(sorted({*said, *wanted}))}
        if len(column) > _MOST_LABELS:
            raise InvalidInput(
                f"There are {len(column):,} different labels; `macro_f1` takes {_MOST_LABELS:,}.",
                hint="For texts, take `f1`, `chrf` or a ROUGE.",
            )
        figures = np.zeros((len(said), 3 * len(column)))
        for row, (text, label) in enumerate(zip(said, wanted, strict=True)):
            figures[row, column[text]] += text == label
            figures[row, column[text] + 1] += 1
            figures[row, column[label] + 2] += 1
        return figures

    def value(self, figures: Figures) -> float:
        """The mean of `2 · right / (said + wanted)` over the labels that occur."""
        right, said, wanted = figures.reshape(-1, 3).T
        used = said + wanted > 0
        return float((2 * right[used] / (said + wanted)[used]).mean()) if used.any() else 0.0


def _wanted(text: str, accepted: Sequence[str]) -> str:
    labels = [_label(one) for one in accepted] or [""]
    return text if text in labels else labels[0]


def _label(text: str) -> str:
    return normalize("NFC", text).strip()
