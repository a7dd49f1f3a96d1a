"""Do the documents hold an answer at all? Judged from what was found, before anything is read.

A logistic formula over figures that do not depend on how many documents there are: cosines of the
question with passages and with the best sentence, and how much of the question's words stand
there. Across languages words say little and names stand everywhere, so a formula of cosines alone
holds there.

The weights were fitted (maximum likelihood, ridge) on XQuAD's tuning half (google-deepmind/xquad,
CC-BY-SA-4.0; see `benchmarks/answers.md`): each question with its answer in the index, without its
paragraph (so that the documents are near and still have no answer) and, for a quarter of the
articles, without its article; and on every second question of the demo's golden set, counted
three times each. They belong to multilingual-e5-small; another embedder
needs a fit of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

from fourfold.assistant.base import Candidate, Evidence
from fourfold.assistant.words import STOP_WORDS, content_words, covered, stem, tokens
from fourfold.core.records import Hit

_USUAL = 0.83  # cosine of a question and a passage that has nothing to do with it
_USUAL_GAP = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """How much each figure says, and from which likelihood on there is enough to read."""

    constant: float
    gap: float  # from the nearest passage to the mean of the others
    sentence: float  # cosine of the best sentence
    in_context: float  # the same, with its headings
    coverage: float = 0.0  # of the best covered passage
    around: float = 0.0  # share of the question's word weight in and beside the best sentence
    missing: float = 0.0  # a noun, or two other words, that no hit has
    enough: float


# Chosen on the tuning half: .08 (German) and .07 (English) of the answerable questions are refused,
# .79 and .80 of those without their paragraph, .98 and 1.00 of those without their article.
SAME_LANGUAGE = Formula(
    constant=-4.24,
    gap=7.2,
    sentence=42.8,
    in_context=2.7,
    coverage=2.64,
    around=4.71,
    missing=-1.0,  # set by hand: a fit takes it for less, for XQuAD likes to word things anew
    enough=0.27,
)
# Alone, .07 of the answerable are refused at this threshold, .94 of those without their article,
# and .49 of those without their paragraph.
ACROSS_LANGUAGES = Formula(constant=0.67, gap=24.7, sentence=45.2, in_context=17.9, enough=0.27)
# Beside documents in the question's language, the others are seldom the ones that are meant.
BESIDE_OWN_LANGUAGE = replace(ACROSS_LANGUAGES, enough=0.7)


def evidence_of(
    question: str,
    language: str,
    hits: Sequence[Hit],
    candidates: Sequence[Candidate],
    formula: Formula,
) -> Evidence:
    """The candidates with the likelihood, 0 to 1, that they answer the question."""
    if not candidates:
        return Evidence()
    best = candidates[0]
    cosines = [hit.similarity for hit in hits]
    logit = (
        formula.constant
        + formula.gap * _gap(cosines)
        + formula.sentence * (best.similarity - _USUAL)
        + formula.in_context * (best.in_context - _USUAL)
        + formula.coverage * max(hit.coverage for hit in hits)
        + formula.around * _around(question, hits, best)
        + formula.missing * _misses_a_key_word(question, language, hits)
    )
    likelihood = 1 / (1 + exp(-logit))
    return Evidence(
        candidates=tuple(candidates), likelihood=likelihood, suffices=likelihood >= formula.enough
    )


def _gap(cosines: Sequence[float]) -> float:
    others = sorted(cosines)[:-1]
    return max(cosines) - sum(others) / len(others) if others else _USUAL_GAP


def _around(question: str, hits: Sequence[Hit], best: Candidate) -> float:
    """Share of the question's word weight in the best sentence, its neighbours and headings."""
    wanted = content_words(question)
    held = [covered(wanted, _words(hit)) for hit in hits]
    weights = {
        word: log(1 + (len(hits) + 0.5) / (sum(word in one for one in held) + 0.5))
        for word in wanted
    }
    near = covered(wanted, content_words(f"{best.hit.chunk.context} {best.surroundings}"))
    return sum(weights[word] for word in near) / (sum(weights.values()) or 1.0)


def _misses_a_key_word(question: str, language: str, hits: Sequence[Hit]) -> bool:
    """True when no hit has a German noun of the question, or two of its other words.

    The search by words would have found a passage that has it, so it stands nowhere.
    """
    wanted = content_words(question)
    missing = wanted - covered(wanted, set().union(*(_words(hit) for hit in hits)))
    nouns = {
        stem(word)
        for word in tokens(question)[1:]
        if word[0].isupper() and len(word) > 1 and word.casefold() not in STOP_WORDS
    }
    return len(missing) > 1 or (language == "de" and bool(missing & nouns))


def _words(hit: Hit) -> set[str]:
    return content_words(f"{hit.chunk.context} {hit.chunk.text}")
