"""Choosing the sentences of the hits that may hold the answer: short prompts are fast prompts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

from fourfold.assistant.answerability import (
    ACROSS_LANGUAGES,
    BESIDE_OWN_LANGUAGE,
    SAME_LANGUAGE,
    evidence_of,
)
from fourfold.assistant.base import Candidate, Evidence
from fourfold.assistant.courtesies import courtesy
from fourfold.assistant.cues import asked_kind, fits
from fourfold.assistant.words import content_words, covered, numbers
from fourfold.core.protocols import Embedder
from fourfold.core.records import Hit
from fourfold.core.sentences import split_sentences

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

_SHORTEST = 12  # characters; what is shorter is a heading or a stray mark
_FEWEST_NEW_WORDS = 3
_FEWEST_WORDS = 4  # of a sentence
_LONGEST_WORD = 45  # characters; German compounds stay below
# How parsers begin a message: `Max (Vertrieb) (07.10.26, 12:51): `
_SENDER = re.compile(r"\A[^\n]{1,80}? \([^()\n]{0,40}?\d:\d\d[^()\n]{0,80}\): ")
_ROUGH_RANK = 0.1
_ROUGH_CUE = 0.15
_ROUGH_ASKS = 0.5
_NO_DOUBT = 0.9  # of the likelihood; then passages in other languages are not looked at
_BEFORE_WEIGHT = 0.4  # of words that only the question before a follow-up holds

# A conditional logit over the sentences of the hits, fitted (ridge 1) on XQuAD's tuning half, 578
# questions of both languages (google-deepmind/xquad, CC-BY-SA-4.0). Left-out articles: the right
# sentence comes first in .80 (German) and .82 (English), is among the first two in .89 and .93.
# The weight of the hit's similarity is half the fitted one: as good there, better where a document
# has many short passages; that of the words is 2 above it, which changes the first sentence of no
# question there, and lets rows of tables win by their words. `benchmarks/answers.md` has the rest.
_OVERLAP = 7.2
_SIMILARITY = 17.8
_IN_CONTEXT = 30.2
_HIT_SIMILARITY = 15.0
_RANK = -0.28
_CUES = {"quantity": 2.0, "time": 0.5, "person": 3.6, "": 0.0}
_ASKS = -3.0  # a sentence that asks does not answer; XQuAD has none, chats do


class Selection:
    """Ranks the sentences of the hits by likeness to the question, and says what they are worth.

    Words choose `embedded` sentences, which costs nothing; the embedder compares these with the
    question, and the best `in_context` again together with what stands above or before them.
    Passages in other languages than the question's are judged apart, because their cosines do not
    compare, and only when the others leave a doubt.
    """

    def __init__(
        self, embedder: Embedder, *, limit: int = 8, embedded: int = 10, in_context: int = 5
    ) -> None:
        self.embedder = embedder
        self.limit = limit
        self.embedded = embedded
        self.in_context = in_context

    async def select(
        self, question: str, hits: Sequence[Hit], *, focus: str = "", language: str = ""
    ) -> Evidence:
        """Return the best candidates, best first, of the language that likelier has the answer.

        `focus` is the part of the question that counts most: a follow-up without what it took
        from before. `language` is the question's; a passage of unknown language counts as in it.
        """
        foreign = [hit for hit in hits if is_foreign(hit, language)]
        own = [hit for hit in hits if not is_foreign(hit, language)]
        wanted = await self.embedder.embed_query(question)
        candidates = await self._candidates(question, own, wanted, focus)
        evidence = evidence_of(question, language, own, candidates, SAME_LANGUAGE)
        if not foreign or evidence.likelihood >= _NO_DOUBT:
            return evidence
        candidates = await self._candidates(question, foreign, wanted, focus)
        formula = BESIDE_OWN_LANGUAGE if own else ACROSS_LANGUAGES
        other = evidence_of(question, language, foreign, candidates, formula)
        return max(evidence, other, key=lambda one: (one.suffices, one.likelihood))

    async def _candidates(
        self, question: str, hits: Sequence[Hit], wanted: Vectors, focus: str
    ) -> list[Candidate]:
        rough = sorted(by_words(question, hits, focus=focus), key=_worst_last)[: self.embedded]
        alone = await self._cosines(wanted, [one.text for one in rough])
        near = sorted(
            (_scored(one, similarity=cosine) for one, cosine in zip(rough, alone, strict=True)),
            key=_worst_last,
        )
        first, rest = near[: self.in_context], near[self.in_context :]
        inside = await self._cosines(wanted, [_with_context(one) for one in first])
        again = [
            _scored(one, similarity=one.similarity, in_context=cosine)
            for one, cosine in zip(first, inside, strict=True)
        ]
        return sorted([*again, *rest], key=_worst_last)[: self.limit]

    async def _cosines(self, wanted: Vectors, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        vectors = await self.embedder.embed_passages(texts)
        cosines: list[float] = (vectors @ wanted).tolist()  # (texts,)
        return cosines


def is_foreign(hit: Hit, language: str) -> bool:
    """True for a passage that is known to be in another language than this one."""
    return bool(language) and hit.chunk.language not in ("", language)


def by_words(question: str, hits: Sequence[Hit], *, focus: str = "") -> list[Candidate]:
    """Every sentence of the hits that says something, scored by the question's words in it.

    A word weighs more the fewer of the sentences hold it. What the question asks for and the
    place of the hit count as well.
    """
    wanted = content_words(question)
    sentences = [
        (rank, spans, number, covered(wanted, content_words(f"{hit.chunk.context} {text}")))
        for rank, hit in enumerate(hits)
        for spans in [split_sentences(hit.chunk.text)]
        for number, span in enumerate(spans)
        if _says_something(text := hit.chunk.text[slice(*span)], wanted)
    ]
    weights = _weights(wanted, [held for *_, held in sentences], content_words(focus))
    total = sum(weights.values()) or 1.0
    closest = max((hit.similarity for hit in hits), default=0.0)
    return [
        _candidate(
            question,
            hits[rank],
            spans,
            number,
            rank=rank,
            behind=closest - hits[rank].similarity,
            overlap=sum(weights[word] for word in held) / total,
        )
        for rank, spans, number, held in sentences
    ]


def _says_something(text: str, wanted: set[str]) -> bool:
    """False for headings and bare names: too few words that the question did not have.

    Who wrote a message, and when, is nothing that it says; but a message may be brief, and so may
    a sentence that ends as one. What is mostly an address or a code is no sentence.
    """
    said = _SENDER.sub("", text, count=1)
    if courtesy(said) is not None or _is_code(said):
        return False
    is_brief = said != text or (said.rstrip().endswith(".") and len(said.split()) >= _FEWEST_WORDS)
    fewest = 1 if is_brief else _FEWEST_NEW_WORDS
    new = content_words(said) - wanted
    return len(said) >= _SHORTEST and (len(new) >= fewest or bool(numbers(said)))


def _is_code(text: str) -> bool:
    """True when most of it are words that nobody speaks: links, keys, encoded pictures."""
    return 2 * sum(len(word) for word in text.split() if len(word) > _LONGEST_WORD) > len(text)


def _weights(wanted: set[str], sentences: Sequence[set[str]], focus: set[str]) -> dict[str, float]:
    counts = Counter(word for held in sentences for word in held)
    return {
        word: log(1 + (len(sentences) + 0.5) / (counts[word] + 0.5))
        * (1.0 if not focus or word in focus else _BEFORE_WEIGHT)
        for word in wanted
    }


def _candidate(
    question: str,
    hit: Hit,
    spans: Sequence[tuple[int, int]],
    number: int,
    *,
    rank: int,
    behind: float,
    overlap: float,
) -> Candidate:
    start, end = spans[number]
    before = hit.chunk.text[slice(*spans[number - 1])] if number else ""
    text, offset = hit.chunk.text[start:end], hit.chunk.place.start
    kind = asked_kind(question)
    fitting = kind if kind and fits(question, text) else ""
    rough = overlap + (_ROUGH_CUE if fitting or not kind else 0.0) - _ROUGH_RANK * rank
    fixed = _OVERLAP * overlap - _HIT_SIMILARITY * behind + _RANK * rank + _CUES[fitting]
    asks = text.rstrip().endswith("?")
    return Candidate(
        text=text,
        hit=hit,
        place=hit.chunk.place.part(offset + start, offset + end),
        before=before,
        overlap=overlap,
        fixed=fixed + (_ASKS if asks else 0.0),
        score=rough - (_ROUGH_ASKS if asks else 0.0),
    )


def _scored(
    candidate: Candidate, *, similarity: float, in_context: float | None = None
) -> Candidate:
    context = similarity if in_context is None else in_context
    score = candidate.fixed + _SIMILARITY * similarity + _IN_CONTEXT * context
    return replace(candidate, similarity=similarity, in_context=context, score=score)


def _with_context(candidate: Candidate) -> str:
    """The sentence below its headings, or where there are none, behind the one before it."""
    above = candidate.hit.chunk.context
    return f"{above}\n{candidate.text}" if above else f"{candidate.before} {candidate.text}".strip()


def _worst_last(candidate: Candidate) -> float:
    return -candidate.score
