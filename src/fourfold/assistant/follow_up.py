"""Turning a follow-up (`und für Akkus?`) into a question that stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fourfold.assistant.words import content_words
from fourfold.core.records import Message

_OPENING = re.compile(
    r"^\s*(?:(?:und|oder|aber|and|or|but|what about|how about|was ist mit|wie sieht es|gilt das|"
    r"does that|is that|auch)\b)",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:it|its|they|them|their|that|this|those|these|there|he|him|his|she|her|"
    r"er|ihn|ihm|sein\w*|sie|ihr\w*|es|das|dies\w*|dort|davon|dafür|damit|dazu|dabei|deren|dessen|"
    r"jene\w*)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 2


class CombiningFollowUp:
    """Puts the question before it in front of a follow-up: no model, no wait."""

    async def standalone(self, question: str, history: Sequence[Message]) -> str:
        """Return the question itself when it stands alone or nothing was asked before."""
        before = [message.content for message in history if message.role == "user"]
        if not before or not leans_on_history(question):
            return question
        return f"{before[-1].strip()} {question.strip()}"


def leans_on_history(question: str) -> bool:
    """True when a question can hardly be understood without the one before it."""
    few_words = len(content_words(question)) <= _FEW_WORDS
    return bool(
        _OPENING.match(question)
        or (few_words and _POINTING.search(question))
        or not content_words(question)
    )
