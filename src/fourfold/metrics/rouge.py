"""ROUGE: how much of a reference stands in a text, by runs of words and by common order.

Source: Lin 2004, https://aclanthology.org/W04-1013. The figure is the F1 of precision and recall.
With `words="ascii"` every score equals that of the package `rouge-score`, which drops umlauts and
all other scripts; the default does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput
from fourfold.core.sentences import split_sentences
from fourfold.metrics.base import averaged, count_of, mean
from fourfold.metrics.lcs import common_length, common_places
from fourfold.metrics.rouge_words import WORDS

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures


class _Rouge:
    """F1 of each text with its best reference, averaged over the texts, 0 to 1."""

    name: str
    higher_is_better = True
    _splits = "no"

    def __init__(self, words: str = "unicode") -> None:
        if words not in WORDS:
            raise InvalidInput(
                f"`{self.name}` does not know the words `{words}`.",
                hint=f"Choose one of {', '.join(WORDS)}.",
            )
        self._mode = words
        self._words = WORDS[words]

    def signature(self, references: int | None = 1) -> str:
        """Which words were counted, and how a corpus is averaged."""
        split = f"|split:{self._splits}" if self._splits != "no" else ""
        return f"{self.name}|{count_of(references)}|tok:{self._mode}{split}|f:1|avg:texts|version:1"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """The F1 of each text."""
        return averaged(
            max((self._score(text, one) for one in accepted), default=0.0)
            for text, accepted in zip(hypotheses, references, strict=True)
        )

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)

    def _score(self, hypothesis: str, reference: str) -> float:
        raise NotImplementedError


class _RougeN(_Rouge):
    _length: int

    def _score(self, hypothesis: str, reference: str) -> float:
        said = Counter(_runs(self._words(hypothesis), self._length))
        wanted = Counter(_runs(self._words(reference), self._length))
        return _f1((said & wanted).total(), said.total(), wanted.total())


class Rouge1(_RougeN):
    """ROUGE-1, 0 to 1: words in common with a reference."""

    name = "rouge1"
    _length = 1


class Rouge2(_RougeN):
    """ROUGE-2, 0 to 1: pairs of neighbouring words in common with a reference."""

    name = "rouge2"
    _length = 2


class RougeL(_Rouge):
    """ROUGE-L, 0 to 1: the longest row of words that a reference has in the same order."""

    name = "rougeL"

    def _score(self, hypothesis: str, reference: str) -> float:
        said, wanted = self._words(hypothesis), self._words(reference)
        return _f1(common_length(wanted, said), len(said), len(wanted))


class RougeLsum(_Rouge):
    """ROUGE-Lsum, 0 to 1: ROUGE-L sentence by sentence, for summaries of several sentences."""

    name = "rougeLsum"

    def __init__(self, words: str = "unicode") -> None:
        super().__init__(words)
        self._splits = "sentences" if words == "unicode" else "lines"

    def _score(self, hypothesis: str, reference: str) -> float:
        said, wanted = self._sentences(hypothesis), self._sentences(reference)
        left_said, left_wanted = Counter(_all(said)), Counter(_all(wanted))
        total_said, total_wanted = left_said.total(), left_wanted.total()
        hits = 0
        for sentence in wanted:
            found = set[int]().union(*(common_places(sentence, one) for one in said))
            for word in (sentence[place] for place in sorted(found)):
                if left_said[word] > 0 and left_wanted[word] > 0:  # no word counts twice
                    hits += 1
                    left_said[word] -= 1
                    left_wanted[word] -= 1
        return _f1(hits, total_said, total_wanted)

    def _sentences(self, text: str) -> list[list[str]]:
        lines = [line for line in text.split("\n") if line]
        if self._splits == "sentences":
            lines = [line[slice(*span)] for line in lines for span in split_sentences(line)]
        return [self._words(line) for line in lines]


def _runs(words: Sequence[str], length: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(length)), strict=False)


def _all(sentences: Iterable[Sequence[str]]) -> Iterable[str]:
    return (word for sentence in sentences for word in sentence)


def _f1(common: int, said: int, wanted: int) -> float:
    precision, recall = common / max(said, 1), common / max(wanted, 1)
    return 2 * precision * recall / (precision + recall) if common else 0.0
