"""Greetings and thanks: what nobody asks, and what stands before or behind a question."""

from __future__ import annotations

import re
from typing import Final

_GERMAN = (
    r"hallo(?: zusammen)?|servus|moin(?: moin)?|grüß gott|grüezi|"
    r"guten (?:morgen|tag|abend)(?: zusammen)?|"
    r"gute nacht|tschüss|auf wiedersehen|bis (?:bald|dann)|dankeschön|danke (?:schön|sehr|dir)|"
    r"danke|(?:(?:vielen|lieben|besten|herzlichen) )?dank(?: für (?:die|deine|ihre) "
    r"(?:hilfe|antwort|auskunft))?|alles klar|in ordnung|verstanden|sehr gut|prima|gut|perfekt|"
    r"ja|nein|das hat (?:mir )?(?:sehr )?geholfen|bitte(?: schön| sehr)?"
)
_ENGLISH = (
    r"hello|hey|(?:hi|hello) there|good (?:morning|afternoon|evening|night|day)|goodbye|bye|"
    r"many thanks|thanks(?: a lot| so much)?|thank you(?: very much| so much)?"
    r"(?: for (?:the|your) (?:help|answer))?|all right|alright|got it|great|cool|nice|perfect|"
    r"understood|yes|that helped(?: a lot)?|you(?:'|’)re welcome"
)
_BOTH = r"hi|ok|okay|super|ciao"
_CALLS = (
    r"hallo(?: zusammen)?|hello|hi|hey|ok|okay|danke(?: schön| sehr)?|dankeschön|vielen dank|"
    r"thanks(?: a lot)?|thank you"
)
_ASKS = (
    r"und|oder|aber|and|or|but|wie|was|wer|wo|wann|warum|welche\w*|"
    r"how|what|who|where|when|why|which"
)
_THANKS = r"danke(?: schön| sehr)?|vielen dank|bitte|thanks(?: a lot)?|thank you|please"


def _row(phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\W*(?:(?:{phrases})\b\W*)+", re.IGNORECASE)


_ROWS: Final = {
    "": _row(_BOTH),
    "de": _row(f"{_GERMAN}|{_BOTH}"),
    "en": _row(f"{_ENGLISH}|{_BOTH}"),
}
_FIRST = f"{_GERMAN}|{_ENGLISH}|{_BOTH}"
_BEFORE: Final = re.compile(
    rf"\s*(?:(?:(?:{_FIRST})\b\s*[,.!;:][\s,.!;:]*)+|(?:{_CALLS})\s+(?=(?:{_ASKS})\b))(?=[\w„“\"(])",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(rf"(?:(?<=[?.!])|[,;])\s*(?:{_THANKS})[\s.!]*$", re.IGNORECASE)
_LONGEST: Final = 200  # characters


def courtesy(text: str) -> str | None:
    """The language of a text that is a greeting, thanks or an `ok` and nothing else.

    Empty where both languages say it; None for what asks or tells anything: no document answers
    a greeting.
    """
    if len(text) > _LONGEST or "?" in text:
        return None
    return next((language for language, row in _ROWS.items() if row.fullmatch(text)), None)


def without_courtesies(question: str) -> str:
    """`Danke, und für Akkus?` as `und für Akkus?`: what is left to search for."""
    before = _BEFORE.match(question[:_LONGEST])
    rest = question[before.end() :] if before else question
    behind = _BEHIND.search(rest, max(0, len(rest) - _LONGEST))
    return rest[: behind.start()] if behind and behind.start() else rest
