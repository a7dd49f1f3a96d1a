"""From what a reader proposes to what is shown: each sentence with a citation that holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fourfold.assistant.base import Candidate, Draft
from fourfold.assistant.support import SUPPORTED, support
from fourfold.core.records import Citation, Place
from fourfold.core.sentences import split_sentences

# On XQuAD's tuning half the best sentence holds the answer in .80 (German) and .84 (English) of the
# cases, with its neighbours in .90 and .94, at 1.8 sentences a quote; a whole passage has 5.
_ALIKE = 3.0  # of the score, below the sentence cited
_REACH = 2  # sentences to either side
_MARK = re.compile(r"\s*\[\d+\]")


class Citations:
    """The citations of one answer, numbered in the order in which they are first needed.

    A quote takes in up to `reach` sentences to either side that speak of the question as well.
    """

    def __init__(
        self, candidates: Sequence[Candidate], *, language: str = "", reach: int = _REACH
    ) -> None:
        self.candidates = tuple(candidates)
        self.language = language
        self.reach = reach
        self._numbers: dict[Candidate, int] = {}

    def cite(self, draft: Draft) -> str:
        """The sentence with its mark; empty when no candidate supports it."""
        sentence = _MARK.sub("", draft.text).strip()
        if not sentence or (source := self._source(sentence, draft.candidate)) is None:
            return ""
        number = self._numbers.setdefault(source, len(self._numbers) + 1)
        return _marked(sentence, number)

    def all(self) -> tuple[Citation, ...]:
        """Every citation used, in the order of its number."""
        return tuple(self._citation(source, number) for source, number in self._numbers.items())

    def _citation(self, source: Candidate, number: int) -> Citation:
        chunk = source.hit.chunk
        place = widened(source, self.candidates, reach=self.reach)
        return Citation(
            number=number,
            document=chunk.path,
            source=chunk.source,
            place=place,
            quote=chunk.text[place.start - chunk.place.start : place.end - chunk.place.start],
            chunk_id=chunk.id,
        )

    def _source(self, sentence: str, named: Candidate | None) -> Candidate | None:
        """What the reader named, if it holds, or else the candidate that supports most.

        Of several that support it alike, the one nearest to the question.
        """
        if named and self._support(sentence, named) >= SUPPORTED:
            return named
        best = max(self.candidates, key=lambda one: self._support(sentence, one), default=None)
        return best if best and self._support(sentence, best) >= SUPPORTED else None

    def _support(self, sentence: str, candidate: Candidate) -> float:
        chunk = candidate.hit.chunk
        across = bool(self.language and chunk.language) and self.language != chunk.language
        return support(sentence, candidate.text, context=chunk.context, across=across)


def widened(source: Candidate, candidates: Sequence[Candidate], *, reach: int = _REACH) -> Place:
    """The place of a sentence with those of its paragraph that speak of the question as well.

    So a reader sees what `it` means, and the answer when it stands one sentence further on.
    """
    chunk, start, end = source.hit.chunk, source.place.start, source.place.end
    near = [
        one.place
        for one in candidates
        if one.hit.chunk.id == chunk.id and source.score - one.score < _ALIKE
    ]
    sentences = [
        (chunk.place.start + first, chunk.place.start + last)
        for first, last in split_sentences(chunk.text)
    ]
    own = next((n for n, (first, _) in enumerate(sentences) if first == start), None)
    if own is None:
        return source.place
    for number in range(max(0, own - reach), min(len(sentences), own + reach + 1)):
        first, last = sentences[number]
        between = chunk.text[
            min(first, start) - chunk.place.start : max(last, end) - chunk.place.start
        ]
        if any(place.start == first for place in near) and "\n" not in between:
            start, end = min(start, first), max(end, last)
    return chunk.place.part(start, end)


def _marked(sentence: str, number: int) -> str:
    """The mark stands before the full stop, where a reader looks for it."""
    end = sentence[-1] if sentence[-1] in ".!?" else ""
    return f"{sentence[: len(sentence) - len(end)].rstrip()} [{number}]{end}"
