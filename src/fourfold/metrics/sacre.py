"""BLEU, chrF, chrF++, TER and HTER, computed by sacrebleu and signed as it signs them.

Sources: Papineni et al. 2002 (BLEU), Popović 2015 and 2017 (chrF, chrF++), Snover et al. 2006 (TER
and HTER); Post 2018, https://aclanthology.org/W18-6319, for the signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np
from sacrebleu.metrics.base import Metric as SacreMetric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from fourfold.metrics.base import averaged, mean

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


class _Sacre:
    """A metric of sacrebleu. Its figures are those that its own significance tests resample."""

    name: str
    higher_is_better = True

    def __init__(self, metric: SacreMetric) -> None:
        self._metric = metric

    def signature(self, references: int | None = 1) -> str:
        """The one that sacrebleu prints."""
        self._metric.num_refs = -1 if references is None else references
        return str(self._metric.get_signature())

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """The statistics that sacrebleu takes of each text."""
        if not hypotheses:
            return np.zeros((0, 0))
        known = [accepted or ("",) for accepted in references]
        streams = list(zip_longest(*known))  # sacrebleu wants the first of all, the second …
        rows = self._metric._extract_corpus_statistics(hypotheses, streams)
        return np.array(rows, dtype=np.float64)

    def value(self, figures: Figures) -> float:
        """0 to 100."""
        return float(self._metric._compute_score_from_stats(figures.tolist()).score)


class Bleu(_Sacre):
    """BLEU, 0 to 100: runs of up to four words that the text has in common with a reference."""

    name = "bleu"

    def __init__(self) -> None:
        super().__init__(BLEU(force=True))
        self._of_one = BLEU(force=True, effective_order=True)

    def text_value(self, figures: Figures) -> float:
        """BLEU of one text, 0 to 100: without the runs that it is too short to have.

        As sacrebleu's `sentence_bleu`, whose signature has `eff:yes`.
        """
        return float(self._of_one._compute_score_from_stats(figures.tolist()).score)

    def text_signature(self, references: int | None = 1) -> str:
        """That of sacrebleu with `eff:yes`."""
        self._of_one.num_refs = -1 if references is None else references
        return str(self._of_one.get_signature())


class Chrf(_Sacre):
    """chrF, 0 to 100: the same with runs of up to six letters, fairer to compounds and endings."""

    name = "chrf"

    def __init__(self) -> None:
        super().__init__(CHRF())


class ChrfPlusPlus(_Sacre):
    """chrF++, 0 to 100: chrF that looks at runs of up to two words as well."""

    name = "chrf++"

    def __init__(self) -> None:
        super().__init__(CHRF(word_order=2))


class Ter(_Sacre):
    """TER, 0 and up: edits for each 100 words of the reference; moving a phrase is one edit."""

    name = "ter"
    higher_is_better = False

    def __init__(self) -> None:
        super().__init__(TER())


class Hter:
    """HTER, 0 to 1: the share of a text that a person changed before it was released.

    TER of the draft beside the released text, at most 1 for each text, averaged over the texts.
    Equal to the recorded rates of MLQE-PE (`benchmarks/metrics.md`).
    """

    name = "hter"
    higher_is_better = False

    def __init__(self) -> None:
        self._ter = Ter()

    def signature(self, references: int | None = 1) -> str:
        """TER's, with what is done to it."""
        return f"hter|clip:1|avg:texts|norm:nfc|{self._ter.signature(references)}"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """The clipped rate of each text; a letter is the same in one part or two."""
        rows = self._ter.figures(
            [normalize("NFC", text) for text in hypotheses],
            [[normalize("NFC", one) for one in accepted] for accepted in references],
        )
        return averaged(min(1.0, self._ter.value(row) / 100) for row in rows)

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)
