"""What a classifier is judged by: accuracy, and precision, recall and F1 over its labels."""

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
    is_share = True

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


class _OverLabels:
    """A figure of each label, averaged over the labels, 0 to 1: rare ones count as frequent ones.

    As scikit-learn with `average="macro", zero_division=0`: over the labels that either side uses.
    With several references the one that was hit counts, else the first.
    """

    name: str
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """Over which labels it is averaged."""
        kept = "case:mixed|strip:yes|norm:nfc"
        return f"{self.name}|{count_of(references)}|{kept}|avg:labels|labels:used"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """For each label: said rightly, said, and wanted."""
        import numpy as np

        said = [_label(text) for text in hypotheses]
        wanted = [_wanted(text, accepted) for text, accepted in zip(said, references, strict=True)]
        column = {label: 3 * place for place, label in enumerate(sorted({*said, *wanted}))}
        if len(column) > _MOST_LABELS:
            raise InvalidInput(
                f"There are {len(column):,} different labels; "
                f"`{self.name}` takes {_MOST_LABELS:,}.",
                hint="For texts, take `f1`, `chrf` or a ROUGE.",
            )
        figures = np.zeros((len(said), 3 * len(column)))
        for row, (text, label) in enumerate(zip(said, wanted, strict=True)):
            figures[row, column[text]] += text == label
            figures[row, column[text] + 1] += 1
            figures[row, column[label] + 2] += 1
        return figures

    def value(self, figures: Figures) -> float:
        """The mean of `_of_label` over the labels that occur."""
        right, said, wanted = figures.reshape(-1, 3).T
        used = said + wanted > 0
        if not used.any():
            return 0.0
        return float(self._of_label(right[used], said[used], wanted[used]).mean())

    def _of_label(self, right: Figures, said: Figures, wanted: Figures) -> Figures:
        raise NotImplementedError


class MacroPrecision(_OverLabels):
    """Share of the texts given a label that have it, averaged over the labels, 0 to 1."""

    name = "macro_precision"

    def _of_label(self, right: Figures, said: Figures, wanted: Figures) -> Figures:
        return _share(right, said)


class MacroRecall(_OverLabels):
    """Share of the texts of a label that were given it, averaged over the labels, 0 to 1."""

    name = "macro_recall"

    def _of_label(self, right: Figures, said: Figures, wanted: Figures) -> Figures:
        return _share(right, wanted)


class MacroF1(_OverLabels):
    """F1 of each label, averaged over the labels, 0 to 1: a rare one counts as much as a frequent.

    As scikit-learn's `f1_score(average="macro")`.
    """

    name = "macro_f1"

    def _of_label(self, right: Figures, said: Figures, wanted: Figures) -> Figures:
        return _share(2 * right, said + wanted)


def _share(part: Figures, whole: Figures) -> Figures:
    """Nothing of nothing is 0: a label that nobody said was not said rightly."""
    import numpy as np

    return part / np.where(whole > 0, whole, 1.0)


def _wanted(text: str, accepted: Sequence[str]) -> str:
    labels = [_label(one) for one in accepted] or [""]
    return text if text in labels else labels[0]


def _label(text: str) -> str:
    return normalize("NFC", text).strip()
