"""What ROUGE counts as a word: by Unicode, or as the package `rouge-score` does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias
from unicodedata import normalize

from fourfold.core.errors import MissingExtra

Words: TypeAlias = Callable[[str], list[str]]

_HAN_AND_KANA = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNICODE = re.compile(rf"[{_HAN_AND_KANA}]|[^\W_{_HAN_AND_KANA}]+")
_ASCII = re.compile(r"[a-z0-9]+")
_SHORTEST_STEMMED: Final = 4  # letters


def unicode_words(text: str) -> list[str]:
    """Runs of letters and digits of any script, folded; a Chinese or Japanese sign is a word."""
    return _UNICODE.findall(normalize("NFKC", text).casefold())


def ascii_words(text: str) -> list[str]:
    """Runs of `a` to `z` and digits: what `rouge-score` keeps. `Äpfel` and `Öpfel` are alike."""
    return _ASCII.findall(text.lower())


def stemmed_ascii_words(text: str) -> list[str]:
    """The same, with English endings cut off as `rouge-score` does it on request."""
    stem = _porter()
    words = [stem(word) if len(word) >= _SHORTEST_STEMMED else word for word in ascii_words(text)]
    return [word for word in words if word]


WORDS: Final[dict[str, Words]] = {
    "unicode": unicode_words,
    "ascii": ascii_words,
    "ascii-stem": stemmed_ascii_words,
}


@lru_cache(maxsize=1)
def _porter() -> Callable[[str], str]:
    try:
        from nltk.stem.porter import PorterStemmer
    except ImportError as error:
        raise MissingExtra("ROUGE with stems", "rouge-stem") from error
    stem: Callable[[str], str] = PorterStemmer().stem
    return lru_cache(maxsize=50_000)(stem)
