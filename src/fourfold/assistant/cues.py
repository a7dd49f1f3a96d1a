"""What kind of answer a question asks for, and whether a sentence could hold one."""

from __future__ import annotations

import re

from fourfold.assistant.words import names, number_of, numbers, tokens

_QUANTITY = re.compile(
    r"\b(?:wie\s?viele?[nrs]?|wieviel|wie (?:hoch|lange?|oft|weit|schwer|gro(?:ß|ss)|alt|schnell|"
    r"breit|tief|teuer)|was kostet|kosten|how (?:many|much|long|often|far|heavy|high|old|fast|"
    r"large|tall|wide|big|deep|quickly)|what (?:percentage|price|number|amount))\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:wann|seit wann|bis wann|in welchem jahr|in welchem monat|an welchem (?:tag|datum)|"
    r"when|(?:what|which) (?:year|date|day|month|century|decade))\b",
    re.IGNORECASE,
)
_PERSON_OR_PLACE = re.compile(
    r"\b(?:wer|wem|wen|wessen|wo|wohin|woher|who|whom|whose|where)\b", re.IGNORECASE
)
_CALENDAR = re.compile(
    r"\b(?:jan|feb|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec|mon|die|tue|mit|wed|"
    r"don|thu|fre|fri|sam|sat|son|sun)[a-zä]*\b|jahr|year|century|tag|day",
    re.IGNORECASE,
)


def asked_kind(question: str) -> str:
    """`quantity`, `time`, `person` (or place), or nothing that can be told from words."""
    kinds = {"quantity": _QUANTITY, "time": _TIME, "person": _PERSON_OR_PLACE}
    return next((kind for kind, pattern in kinds.items() if pattern.search(question)), "")


def fits(question: str, sentence: str) -> bool:
    """True when the sentence holds something new of the kind that the question asks for.

    A question that asks for no kind that can be told from words fits every sentence.
    """
    kind = asked_kind(question)
    if kind == "quantity":
        return bool(numbers(sentence) - numbers(question))
    if kind == "time":
        new_numbers = {one for one in numbers(sentence) - numbers(question) if one}
        return bool(new_numbers) or bool(_CALENDAR.search(sentence))
    if kind == "person":
        return bool(names(" ".join(_after_first(sentence))) - names(question))
    return True


def _after_first(sentence: str) -> list[str]:
    """Without the first word, whose capital letter says nothing."""
    words = tokens(sentence)
    return [word for word in words[1:] if not number_of(word)]
