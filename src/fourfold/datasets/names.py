"""How the fields of a record are called: our names, those that others use, and German ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final
from unicodedata import normalize

from fourfold.datasets.records import OTHER_KEYS, REFERENCE_KEYS, TEXT_KEYS

_GERMAN: Final[Mapping[str, str]] = {
    "frage": "question",
    "eingabe": "input",
    "referenz": "reference",
    "referenzen": "references",
    "antwort": "answer",
    "antworten": "answers",
    "sprache": "language",
    "passagen": "passages",
    "schlagwörter": "tags",
}
_OURS: Final = frozenset({*TEXT_KEYS, *REFERENCE_KEYS, *OTHER_KEYS})
_ALIKE: Final = 0.7  # below, `Sprache` would be `source`


def our_name(written: str) -> str:
    """As we call the field, whatever the case; what is none of ours stays as it is."""
    name = normalize("NFC", written.strip()).casefold()
    return name if name in _OURS else _GERMAN.get(name, written)


def with_our_names(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object with our names; a field that we know by its exact name comes before the others.

    Raises `ValueError` when two fields mean the same.
    """
    found: dict[str, Any] = {}
    for written, item in value.items():
        name = our_name(written)
        name = written if name in value else name
        if name in found:
            raise ValueError(f"two of its fields are called `{name}`")
        found[name] = item
    return found


def unknown_names(written: Iterable[str]) -> str:
    """The names that are none of ours, each with the nearest that is; empty when there are none."""
    unknown = ", ".join(_unknown(name) for name in written if name and our_name(name) not in _OURS)
    return f"; unknown: {unknown}" if unknown else ""


def _unknown(name: str) -> str:
    known = sorted({*_OURS, *_GERMAN})
    close = get_close_matches(name.casefold(), known, n=1, cutoff=_ALIKE)
    return f"`{name}` (did you mean `{close[0]}`?)" if close else f"`{name}`"
