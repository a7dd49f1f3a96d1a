"""Choosing the sentences of the hits that may hold the answer: short prompts are fast prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import log

from fourfold.assistant.base import Candidate
from fourfold.assistant.cues import fits
from fourfold.assistant.words import content_words, covered, numbers
from fourfold.core.protocols import Embedder
from fourfold.core.records import Hit
from fourfold.core.sentences import split_sentences

_SHORTEST = 12  # characters; what is shorter is a heading or a stray mark
_FEWEST_NEW_WORDS = 3

# Tried on XQuAD's tuning half, 354 questions a language: with words, cues and the place of the hit
# the right sentence comes first in .70 (German) and .75 (English) and is among the first three in
# .91 and .93. On 60 of them a language the cosine added .10 in German and nothing in English.
_SIMILARITY_WEIGHT = 8.0
_RANK_WEIGHT = 0.1
_CUE_WEIGHT = 0.15
_ASKS_PENALTY = 0.5  # a sentence that asks does not answer
_BEFORE_WEIGHT = 0.4  # of words that only the question before a follow-up holds
# A sentence in another language shares no words with the question and its cosine is about 0.04
# lower: what that costs on the demo company's documents.
_FOREIGN_BONUS = 0.6


class Selection:
    """Ranks the sentences of the hits by likeness to the question.

    Words decide first, because they cost nothing; the embedder judges only the best `embedded`,
    half of them in other languages than the question's where there are any.
    """

    def __init__(self, embedder: Embedder, *, limit: int = 8, embedded: int = 10) -> None:
        self.embedder = embedder
        self.limit = limit
        self.embedded = embedded

    async def select(
        self, question: str, hits: Sequence[Hit], *, focus: str = "", language: str = ""
    ) -> list[Candidate]:
        """Return the best candidates, best first; none without hits.

        `focus` is the part of the question that counts most: a follow-up without what it took
        from before. `language` is the question's.
        """
        rough = self._rough(by_words(question, hits, focus=focus), language)
        if not rough:
            return []
        wanted = await self.embedder.embed_query(question)
        vectors = await self.embedder.embed_passages([one.text for one in rough])
        similarities = (vectors @ wanted).tolist()  # (candidates,)
        scored = [
            replace(
                one,
                similarity=similarity,
                score=one.score
                + _SIMILARITY_WEIGHT * similarity
                + (_FOREIGN_BONUS if _is_foreign(one, language) else 0.0),
            )
            for one, similarity in zip(rough, similarities, strict=True)
        ]
        return sorted(scored, key=lambda one: -one.score)[: self.limit]

    def _rough(self, found: Sequence[Candidate], language: str) -> list[Candidate]:
        best = sorted(found, key=lambda one: -one.score)
        foreign = [one for one in best if _is_foreign(one, language)][: self.embedded // 2]
        own = [one for one in best if not _is_foreign(one, language)]
        return own[: self.embedded - len(foreign)] + foreign


def by_words(question: str, hits: Sequence[Hit], *, focus: str = "") -> list[Candidate]:
    """Every sentence of the hits that says something, scored by the question's words in it.

    A word weighs more the fewer of the sentences hold it. What the question asks for and the
    place of the hit count as well.
    """
    wanted = content_words(question)
    sentences = [
        (rank, hit, span, covered(wanted, content_words(f"{hit.chunk.context} {text}")))
        for rank, hit in enumerate(hits)
        for span in split_sentences(hit.chunk.text)
        if _says_something(text := hit.chunk.text[slice(*span)], wanted)
    ]
    weights = _weights(wanted, [held for _, _, _, held in sentences], content_words(focus))
    total = sum(weights.values()) or 1.0
    return [
        _candidate(question, rank, hit, span, sum(weights[word] for word in held) / total)
        for rank, hit, span, held in sentences
    ]


def _says_something(text: str, wanted: set[str]) -> bool:
    """False for headings and bare names: too few words that the question did not have."""
    new = content_words(text) - wanted
    return len(text) >= _SHORTEST and (len(new) >= _FEWEST_NEW_WORDS or bool(numbers(text)))


def _weights(wanted: set[str], sentences: Sequence[set[str]], focus: set[str]) -> dict[str, float]:
    counts = Counter(word for held in sentences for word in held)
    return {
        word: log(1 + (len(sentences) + 0.5) / (counts[word] + 0.5))
        * (1.0 if not focus or word in focus else _BEFORE_WEIGHT)
        for word in wanted
    }


def _candidate(
    question: str, rank: int, hit: Hit, span: tuple[int, int], overlap: float
) -> Candidate:
    start, end = span
    text, offset = hit.chunk.text[start:end], hit.chunk.place.start
    cue = _CUE_WEIGHT if fits(question, text) else 0.0
    asks = _ASKS_PENALTY if text.rstrip().endswith("?") else 0.0
    return Candidate(
        text=text,
        hit=hit,
        place=replace(hit.chunk.place, start=offset + start, end=offset + end),
        overlap=overlap,
        score=overlap + cue - asks - _RANK_WEIGHT * rank,
    )


def _is_foreign(candidate: Candidate, language: str) -> bool:
    return bool(language) and candidate.hit.chunk.language not in ("", language)
