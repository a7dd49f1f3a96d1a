"""What a text says in single words: folded content words, numbers and names."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+)")
_MINUS = re.compile(r"(?:(?:^|[\s(])[-\u2212]|\bminus )\Z", re.IGNORECASE)
_FOLDED = str.maketrans("äöüàáâèéêëìíîïòóôùúûñç", "aouaaaeeeeiiiiooouuunc")
_ENDINGS = (
    "ungen", "ments", "ingly", "ung", "ern", "ing", "ies", "est", "end", "tes", "ten", "ter", "tem",
    "en", "er", "es", "em", "ed", "ly", "te", "st", "e", "s", "n", "y",
)  # fmt: skip
_SHORTEST_STEM = 4

_STOP_WORDS = """
    a about after all also am an and any are as at be been before being between but by can could did
    do does doing done during each for from get give gives given had has have having he her here him
    his how i if in into is it its itself just kind many may me might more most much must my name no
    nor not of off on one only or other our out over own please same shall she should so some such
    tell than that the their them then there these they this those through to too under until up us
    use used very was we were what when where which while who whom whose why will with would you
    your long often type types
    ab aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis
    bist bitte da dabei dafür damit dann das dass dein deine dem den denn der deren des dessen dich
    die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer
    eines einige er es etwa etwas euch euer eure für gab gegen geben gibt habe haben hat hatte
    hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in ins ist ja jede
    jedem jeden jeder jedes jene kann kannst kein keine keinem keinen keiner können könnte lange
    machen man mehr mein meine mich mir mit muss müssen nach nicht noch nun nur ob oder ohne oft
    sehr sein seine seinem seinen seiner seit sich sie sind so soll sollte sondern sonst über um und
    uns unser unsere unter viel viele vielen vom von vor wann war waren warum was wegen weil welche
    welchem welchen welcher welches wem wen wenig wenn wer werde werden weshalb wessen wie wieder
    will wir wird wo wofür wohin woher worden wozu wurde wurden während zu zum zur zwischen
    art arten name namen heißt genannt
    """
STOP_WORDS = frozenset(_STOP_WORDS.split())
_NUMBER_WORDS = {
    word: str(number)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    )
    for number, word in enumerate(words.split())
}


def tokens(text: str) -> list[str]:
    """Words and numbers as they stand in the text."""
    return _WORD.findall(text)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Fold case, umlauts and the commonest German and English endings."""
    folded = word.casefold().translate(_FOLDED)
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= _SHORTEST_STEM:
            return folded[: -len(ending)]
    return folded


def content_words(text: str) -> set[str]:
    """Stems of the words that carry meaning; numbers in digits, `vier` as `4`."""
    return {
        number_of(word) or stem(word)
        for word in tokens(text)
        if (len(word) > 1 or word.isdigit()) and word.casefold() not in STOP_WORDS
    }


def numbers(text: str) -> set[str]:
    """Numbers in digits with their sign, written alike: see `number_of`."""
    return {
        f"-{number}" if _MINUS.search(text[max(0, word.start() - 7) : word.start()]) else number
        for word in _WORD.finditer(text)
        if (number := number_of(word.group()))
    }


def number_of(word: str) -> str:
    """The number that a word stands for, the same in both languages; empty for other words.

    `1.000` and `1,000` are 1000, `2,50` and `2.5` are 2.5, `vier` is 4; dates keep their parts.
    """
    if not word[0].isdigit():
        return "" if word.casefold() in STOP_WORDS else _NUMBER_WORDS.get(word.casefold(), "")
    if _THOUSANDS.fullmatch(word):
        return re.sub("[.,]", "", word)
    *whole, last = re.split("[.,:/]", word)
    if not whole:
        return word
    if len(whole) == 1 or ("." in word and "," in word):
        return f"{int(''.join(whole))}.{last}".rstrip("0").rstrip(".")
    return "/".join(part.lstrip("0") for part in (*whole, last))


def names(text: str) -> set[str]:
    """Stems of words with a capital letter within the sentence: names, and German nouns."""
    return {
        stem(word)
        for word in tokens(text)
        if word[0].isupper() and len(word) > 1 and word.casefold() not in STOP_WORDS
    }


def covered(wanted: set[str], offered: set[str]) -> set[str]:
    """The wanted stems that stand in the text, also within a compound (`Garantie` in
    `Garantiezeit`, and the other way round).
    """
    direct = wanted & offered
    return direct | {
        word
        for word in wanted - direct
        if len(word) > _SHORTEST_STEM
        and not word[0].isdigit()
        and any(_compound(word, other) for other in offered)
    }


def _compound(word: str, other: str) -> bool:
    return len(other) > _SHORTEST_STEM and (
        other.startswith(word) or other.endswith(word) or word.startswith(other)
    )
