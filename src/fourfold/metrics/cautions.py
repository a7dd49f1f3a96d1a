"""What to know about texts before believing their figures: letters and words that mislead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from unicodedata import is_normalized

_AS_WRITTEN: Final = frozenset({"bleu", "chrf", "chrf++", "ter"})
_BY_BLANKS: Final = frozenset(
    {"bleu", "ter", "hter", "length", "insertions", "deletions", "substitutions", "shifts"}
)
_NO_BLANKS = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_MANY: Final = 0.3  # of the letters


def cautions(
    names: Sequence[str], hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> list[str]:
    """Sentences for the reader, each with what to do; none where all is well."""
    wanted = [one for known in references for one in known]
    found = []
    asked = [name for name in names if name in _AS_WRITTEN]
    if asked and _is_composed(hypotheses) is not _is_composed(wanted):
        found.append(
            "One side writes letters such as `ä` in two parts (Unicode NFD), the other in one: "
            f"{', '.join(asked)} take them for different. Convert the files to NFC."
        )
    asked = [name for name in names if name in _BY_BLANKS]
    if asked and _without_blanks(wanted) > _MANY:
        found.append(
            f"The texts have no blanks between words: {', '.join(asked)} take a whole sentence "
            "for a word. chrf and ROUGE count by letters there."
        )
    return found


def _is_composed(texts: Iterable[str]) -> bool:
    return all(is_normalized("NFC", text) for text in texts)


def _without_blanks(texts: Iterable[str]) -> float:
    """The share of letters of scripts that write no blanks: Thai, Lao, Chinese, Japanese."""
    whole = "".join(texts)
    letters = sum(map(str.isalpha, whole))
    return len(_NO_BLANKS.findall(whole)) / letters if letters else 0.0
