"""The codes of languages, from what people write: `de`, `de-AT`, `Deutsch`, `German`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

LANGUAGE_NAMES: Final[Mapping[str, str]] = {
    "german": "de", "deutsch": "de", "english": "en", "englisch": "en", "french": "fr",
    "französisch": "fr", "spanish": "es", "spanisch": "es", "italian": "it",
    "italienisch": "it", "portuguese": "pt", "portugiesisch": "pt", "dutch": "nl",
    "niederländisch": "nl", "polish": "pl", "polnisch": "pl", "turkish": "tr",
    "türkisch": "tr", "chinese": "zh", "chinesisch": "zh", "japanese": "ja",
    "japanisch": "ja", "russian": "ru", "russisch": "ru", "arabic": "ar", "arabisch": "ar",
}  # fmt: skip
"""Names in English and German, in small letters."""

_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")


def language_code(written: str) -> str | None:
    """The code without the country, `de` for `de-AT` and `Deutsch`; None for another word."""
    name = written.strip().lower()
    code = _CODE.fullmatch(name)
    return code[1] if code else LANGUAGE_NAMES.get(name, None if name else "")
