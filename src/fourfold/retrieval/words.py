"""From text to the words that lexical search counts; every store uses the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from fourfold.retrieval.stopwords import ENGLISH, GERMAN

# A code or a number stays whole: AX-200, 3,5, v1.2.3; so does a word with an apostrophe.
WORD = re.compile(r"[^\W_]+(?:[-.,'’/:+&_][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
ACCENTS = str.maketrans("äöüàáâãçèéêëìíîïñòóôõøùúûýå", "aouaaaaceeeeiiiinooooouuuya")
SPELT_OUT = re.compile(r"(?<![aeoqu])([aou])e")  # `fuer`; not in `neue`, `Quelle`, `Frauen`

TERM_IDS = 1_000_000_000  # what a `sparsevec` of pgvector can index
LONGEST_TERM = 60
K1, B, USUAL_LENGTH = 0.8, 0.75, 60.0  # BM25; the length is fixed, so writing needs no average


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question, folded, and the terms it may have in the index."""

    surface: str
    terms: tuple[str, ...]
    has_parts: bool = False  # `print-server`: the parts are words of the question too


def terms_of(text: str, language: str) -> list[str]:
    """The terms of a passage without its stopwords; both stems when the language is unknown."""
    stopwords = _stopwords(language)
    return [
        term
        for surface in _surfaces(text)
        if fold_german(surface) not in stopwords
        for term in stems(surface, language)
    ]


def words_of(question: str) -> list[Word]:
    """The telling words of a question, each once; all of them when none is telling."""
    surfaces = list(dict.fromkeys(_surfaces(question)))
    stopwords = _stopwords(_likely_language(surfaces))
    telling = [surface for surface in surfaces if fold_german(surface) not in stopwords]
    return [
        Word(surface, stems(surface, ""), has_parts=len(_parts(surface)) > 1)
        for surface in telling or surfaces
    ]


def weights_of(terms: Iterable[str]) -> dict[str, float]:
    """BM25's weight of each term in a passage; times its `idf` it is the term's score."""
    counts: dict[str, int] = {}
    for term in terms:
        counts[term] = counts.get(term, 0) + 1
    penalty = K1 * (1 - B + B * sum(counts.values()) / USUAL_LENGTH)
    return {term: count * (K1 + 1) / (count + penalty) for term, count in counts.items()}


@lru_cache(maxsize=65_536)
def term_id(term: str) -> int:
    """A number from 1 that is the same on every machine."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest()) % TERM_IDS + 1


@lru_cache(maxsize=131_072)
def stems(surface: str, language: str) -> tuple[str, ...]:
    """The stem in that language; of an unknown one, both, or one where they agree."""
    if not surface.isalpha():
        return (surface,)
    if language == "de":
        return (_german(surface),)
    if language == "en":
        return (_english(surface),)
    return tuple(dict.fromkeys((_german(surface), _english(surface))))


def fold_german(surface: str) -> str:
    """`fuer` like `für`: both `fur`."""
    return SPELT_OUT.sub(r"\1", surface)


def _surfaces(text: str) -> Iterator[str]:
    """Every word, folded; of `AX-200` and `Print-Server` also the parts."""
    for match in WORD.finditer(text):
        whole = _fold(match.group())
        if len(whole) <= LONGEST_TERM:
            yield whole
        parts = _parts(whole)
        if len(parts) > 1:
            yield from (part for part in parts if len(part) <= LONGEST_TERM)


def _parts(surface: str) -> list[str]:
    return [] if NUMBER.fullmatch(surface) else PART.findall(surface)


@lru_cache(maxsize=131_072)
def _fold(word: str) -> str:
    folded = word.casefold().replace("’", "'")  # casefold: `ß` becomes `ss`
    if NUMBER.fullmatch(folded):
        return folded.replace(",", ".")
    return folded.removesuffix("'s").translate(ACCENTS)


def _stopwords(language: str) -> frozenset[str]:
    if language == "de":
        return GERMAN
    if language == "en":
        return ENGLISH
    return GERMAN & ENGLISH


def _likely_language(surfaces: Iterable[str]) -> str:
    """By its small words: the language of a question, empty when they do not say."""
    folded = {fold_german(surface) for surface in surfaces}
    german, english = len(folded & GERMAN), len(folded & ENGLISH)
    if german == english:
        return ""
    return "de" if german > english else "en"


@lru_cache(maxsize=1)
def _stemmers():  # type: ignore[no-untyped-def]
    import Stemmer

    return Stemmer.Stemmer("german"), Stemmer.Stemmer("english")


def _german(surface: str) -> str:
    return str(_stemmers()[0].stemWord(fold_german(surface)))


def _english(surface: str) -> str:
    return str(_stemmers()[1].stemWord(surface))
