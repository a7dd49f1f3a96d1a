"""Turning a follow-up (`und für Akkus?`) into a question that stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fourfold.assistant.language import language_of
from fourfold.assistant.words import content_words, names, numbers
from fourfold.core.records import Message

_OPENING = re.compile(
    r"^\s*(?:und|oder|aber|auch|and|or|but|also|what about|how about|was ist mit|"
    r"wie (?:ist|sieht) (?:das|es))\b[\s,]*",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:it|its|they|them|their|that|this|those|these|there|he|him|his|she|her|er|ihn|ihm|sie|"
    r"ihr|ihre[mnrs]?|ihnen|seine[mnrs]?|dies\w*|dort|davon|dafür|damit|dazu|dabei|darunter|"
    r"deren|dessen|das(?=\s*\?))\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(?:w(?:er|em|en|as|o\w*|ann|arum|ie|elche\w*|ieso|eshalb)|who|what|when|where|why|how|which)\b",
    re.IGNORECASE,
)
_PREPOSITION = r"(?:für|bei|mit|in|im|am|an|auf|von|nach|aus|for|with|at|of|to|by|from)"
_BEGINS_WITH_PREPOSITION = re.compile(rf"^({_PREPOSITION})\s+(.+)$", re.IGNORECASE | re.DOTALL)
_ARTICLE = re.compile(r"^(?:the|a|an|der|die|das|dem|den|des)\s+", re.IGNORECASE)
_CODE = r"(?:[A-Z]|\d+|[A-Z]*\d[\w/-]*)"  # what tells two things of one kind apart
_THING_WITH_CODE = re.compile(rf"^(?P<kind>[^\W\d_]+)\s+(?P<code>{_CODE})$")
# `bei privater Nutzung`, `in the United Kingdom`, `for tools`: up to a noun with a capital letter,
# or one word where there is none.
_NOUN_PHRASE = (
    r"(?:(?i:the|a|an|der|die|das|dem|den|des)\s+)?"
    r"(?:(?:[a-zäöüß]+\s+){0,2}[A-ZÄÖÜ0-9][\w/-]*(?:\s+[A-ZÄÖÜ0-9][\w/-]*)*|[\w/-]+(?:\s+\d+)?)"
)
_ABOUT = ("für", "auf", "von", "for", "on", "of")
_ENDINGS_OF_ADJECTIVES = ("er", "en", "em", "es")  # in German, behind a preposition
_FEW_WORDS = 4
_FEWEST_WHOLE = 3  # content words of a question that leans on nothing
_LONGEST_BEFORE = 300  # characters of an earlier question that are worth keeping
_TURNS = 4  # earlier questions that can matter


class CombiningFollowUp:
    """Resolves a follow-up by rules, without a model and without a wait.

    What it repeats from before is bounded: the last few questions of the user, each cut to a few
    sentences. Answers and system messages are never repeated, so nothing they say can steer.
    """

    async def standalone(self, question: str, history: Sequence[Message]) -> str:
        """Return the question itself when it stands alone or nothing was asked before."""
        asked = [message.content for message in history if message.role == "user"]
        before = ""
        for earlier in asked[-_TURNS:]:
            before = resolved(earlier[:_LONGEST_BEFORE].strip(), before)
        return resolved(question.strip(), before)


def resolved(question: str, before: str) -> str:
    """The question with what it leaves out taken from the question before it."""
    if not before or not leans_on_history(question):
        return question
    opening = _OPENING.match(question)
    rest = _without_ending(question[opening.end() :]) if opening else ""
    if rest and _is_whole(rest):
        return f"{rest[0].upper()}{rest[1:]}?"
    swap = _with_counted if _ASKING.match(rest) else _swapped
    if rest and (swapped := swap(before, rest)):
        return swapped
    asks = _ASKING.match(rest or question)
    return f"{question} ({_topic(before) if asks else before})"


def leans_on_history(question: str) -> bool:
    """True when a question can hardly be understood without the one before it."""
    words = content_words(question)
    points_back = len(words) <= _FEW_WORDS and _POINTING.search(question)
    return bool(_OPENING.match(question) or points_back or not words)


def _without_ending(rest: str) -> str:
    """Without the marks at the end, and without the `aus` of `wie sieht es mit … aus?`.

    Counted from the end: a pattern would try each place where the ending could begin.
    """
    end = len(rest)
    while end and (rest[end - 1].isspace() or rest[end - 1] in "?!."):
        end -= 1
    bare = rest[:end]
    if bare[-3:].casefold() == "aus" and bare[-4:-3].isspace():
        return bare[:-3].rstrip()
    return bare


def _is_whole(rest: str) -> bool:
    """True for `und ab wann ist der WS 18 lieferbar?`: it asks, and names what it asks about."""
    named = names(" ".join(rest.split()[1:])) | numbers(rest)
    asks = _ASKING.match(re.sub(r"^(?:ab|bis|seit|since|until)\s+", "", rest, flags=re.IGNORECASE))
    enough = len(content_words(rest)) >= _FEWEST_WHOLE and len(rest.split()) > _FEW_WORDS
    return bool(asks and named and enough and not _POINTING.search(rest))


def _topic(before: str) -> str:
    """What the question before was about: of a German one its nouns, else all of it."""
    words = before.rstrip("?").split()[1:]
    nouns = [word for word in words if word[0].isupper() or word[0].isdigit()]
    return " ".join(nouns) if nouns and language_of(before) == "de" else before


def _with_counted(before: str, rest: str) -> str:
    """`And how many dealers?` after `How many employees does it have?`; empty for others."""
    counted = re.match(r"(how many|how much|wie viele?|welche[rsn]?|which) (\S+)$", rest, re.I)
    if not counted:
        return ""
    same = re.compile(rf"({re.escape(counted[1])}) \S+", re.IGNORECASE)
    return same.sub(rf"\g<1> {counted[2]}", before, count=1) if same.match(before) else ""


def _swapped(before: str, rest: str) -> str:
    """The question before, with the part that the follow-up replaces; empty when none fits."""
    bare = _ARTICLE.sub("", re.sub(rf"^{_PREPOSITION}\s+", "", rest, flags=re.IGNORECASE))
    if thing := _THING_WITH_CODE.match(bare):
        same_kind = re.compile(rf"\b{re.escape(thing['kind'])}\s+{_CODE}\b", re.IGNORECASE)
        if same_kind.search(before):
            return same_kind.sub(lambda _: bare, before, count=1)
    if phrase := _BEGINS_WITH_PREPOSITION.match(rest):
        return _with_phrase(before, phrase[1], rest)
    return ""


def _with_phrase(before: str, preposition: str, rest: str) -> str:
    """Replace the last phrase with the same preposition, or the first that says what it is about.

    `Für Akkus` and `auf Geräte` both say what a warranty is about.
    """
    about = preposition.casefold() in _ABOUT
    wanted = "|".join(_ABOUT) if about else preposition
    found = list(re.finditer(rf"(?i:\b(?:{wanted})\s+){_NOUN_PHRASE}", before))
    if not found:
        return ""
    replaced = found[0] if about else found[-1]
    whole = f"{rest} {noun}" if (noun := _missing_noun(rest, replaced.group())) else rest
    return f"{before[: replaced.start()]}{whole}{before[replaced.end() :]}"


def _missing_noun(rest: str, replaced: str) -> str:
    """`Nutzung` for `bei gewerblicher` in place of `bei privater Nutzung`; empty where none is."""
    *_, adjective, noun = ["", *replaced.split()]
    was_described = adjective.endswith(_ENDINGS_OF_ADJECTIVES) and noun[0].isupper()
    now_lacks_it = rest.islower() and rest.endswith(_ENDINGS_OF_ADJECTIVES)
    return noun if was_described and now_lacks_it else ""
