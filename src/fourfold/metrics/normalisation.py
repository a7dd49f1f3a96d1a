"""What counts as the same answer: case, punctuation, articles and blanks do not."""

from __future__ import annotations

import unicodedata

_ENGLISH_ARTICLES = {"a", "an", "the"}
_GERMAN_ARTICLES = set("der die das den dem des ein eine einen einem einer eines".split())  # noqa: SIM905
_ARTICLES = frozenset(_ENGLISH_ARTICLES | _GERMAN_ARTICLES)


def normalised_words(text: str) -> list[str]:
    """The words of an answer as SQuAD compares them, with German articles dropped as well.

    Source: `normalize_answer` of the SQuAD 1.1 evaluation script (Rajpurkar et al. 2016,
    https://arxiv.org/abs/1606.05250). It deletes ASCII punctuation; here all Unicode punctuation
    goes, so that „Köln“ equals Köln. An answer of articles alone keeps them.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(one for one in folded if not unicodedata.category(one).startswith("P"))
    words = letters.split()
    return [word for word in words if word not in _ARTICLES] or words
