"""Attempts to override the application's rules, in German and English.

Each word is looked up once in one table, so the time grows with the text and not with the number
of rules. A rule names kinds of words that must all stand close together, in any order: "ignore",
"previous" and "instructions"; one or two of them alone are ordinary language.
"""

from __future__ import annotations

import re
import unicodedata

_WINDOW = 9  # words; an override says it in one breath

_KINDS = {
    "drop": """ignore ignoring disregard forget override bypass overrule discard neglect
        ignoriere ignorier ignorieren ignorierst vergiss vergesse vergessen missachte missachten
        überschreibe überschreiben umgehe umgehen verwirf""",
    "all": """all any every previous prior above preceding earlier former foregoing your these those
        system initial original existing given told said
        alle alles allen sämtliche vorherige vorherigen vorigen bisherige bisherigen obige obigen
        früheren vorangegangenen deine deinen dein ihre ihren system ursprünglichen diese""",
    "rules": """instructions instruction rules rule prompt prompts directives directive guidelines
        guardrails restrictions constraints programming safeguards filters
        anweisung anweisungen regel regeln vorgaben vorgabe instruktionen befehle richtlinien
        einschränkungen beschränkungen systemprompt systemanweisung systemanweisungen prompt""",
    "show": """reveal show print repeat output display leak expose dump tell write recite disclose
        zeige zeig verrate verrat nenne gib wiederhole drucke schreibe offenbare enthülle""",
    "own": """your system hidden secret initial developer
        deine deinen deinem dein ihre ihren geheime geheimen versteckte versteckten internen""",
    "prompt": """prompt systemprompt preprompt instructions systemanweisung systemanweisungen
        anweisungen instruktionen""",
    "become": """pretend roleplay act behave become simulate enter enable activate now
        tue benimm verhalte spiele simuliere aktiviere jetzt nun""",
    "unbound": """dan jailbreak jailbroken unrestricted unfiltered uncensored godmode
        uneingeschränkt ungefiltert unzensiert hemmungslos""",
    "you": "you du sie dich ai assistant chatbot ki assistent model modell",
    "without": "without no free ohne keine keinen frei",
    "everything": "everything anything alles",
    "before": "above before previously earlier prior davor bisher oben zuvor vorher",
    "told": "told said instructed given gesagt angewiesen mitgeteilt",
}  # fmt: skip
_RULES = (
    ({"drop", "all", "rules"}, "tries to override the rules"),
    ({"drop", "everything", "before"}, "tries to override the rules"),
    ({"drop", "everything", "told"}, "tries to override the rules"),
    ({"show", "own", "prompt"}, "asks for the system prompt"),
    ({"become", "you", "unbound"}, "tries to switch the rules off"),
    ({"become", "you", "without", "rules"}, "tries to switch the rules off"),
)
_CONTROL = re.compile(
    r"<\|?(?:im_start|im_end|system|endoftext|eot_id|start_header_id)\|?>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
_LAST_LETTER = "\u024f"  # of the Latin letters; beyond are look-alikes and invisible marks
_AROUND = ".,:;!?\"'()[]{}<>*_`„“”‚‘’«»-–—/\\#~"


class InjectionGuard:
    """Objects to texts that try to replace the rules, to read them, or to forge a turn."""

    def __init__(self) -> None:
        kinds: dict[str, set[str]] = {}
        for kind, words in _KINDS.items():
            for word in words.split():
                kinds.setdefault(word, set()).add(kind)
        self._kinds = {word: frozenset(found) for word, found in kinds.items()}

    @property
    def name(self) -> str:
        """`injection`."""
        return "injection"

    def objection(self, text: str) -> str | None:
        """Say what the text tries to do."""
        plain = _plain(text) if _hides_words(text) else text
        if ("<" in plain or "[" in plain) and _CONTROL.search(plain):
            return "imitates the marks of a conversation"
        words = plain.casefold().split()
        known = self._kinds
        found = [
            (position, kinds)
            for position, word in enumerate(words)
            if (kinds := known.get(word) or known.get(word.strip(_AROUND)))
        ]
        return _first_broken_rule(found)


def _hides_words(text: str) -> bool:
    """True when a character stands in the text that no German or English word needs."""
    return not text.isascii() and (max(text) > _LAST_LETTER or "\u00ad" in text)


def _plain(text: str) -> str:
    """Without look-alike and invisible characters, which hide words from a reader of words."""
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE)


def _first_broken_rule(found: list[tuple[int, frozenset[str]]]) -> str | None:
    last: dict[str, int] = {}
    for position, kinds in found:
        last.update(dict.fromkeys(kinds, position))
        near = {kind for kind, seen in last.items() if position - seen <= _WINDOW}
        for rule, reason in _RULES:
            if rule <= near:
                return reason
    return None
