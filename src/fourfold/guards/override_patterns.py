"""A text as a row of signs, one for each word, and what attempts to override the rules look like.

A pattern names kinds of words: `ignore gap{0,6} earlier rules` is "ignore all of the previous
rules". Every repetition is bounded, so the time grows with the text alone.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import Final

from fourfold.guards.override_words import KINDS

_MARKS: Final = ("other", "pause", "end")  # any other word; `,` `;` `:`; the end of a sentence
_SIGNS: Final = dict(zip((*_MARKS, *KINDS), ascii_letters + digits + "äöüßéèêáàâóòô", strict=False))
_OTHER: Final = _SIGNS["other"]
_WORD_OR_MARK: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[.!?…](?!\w)|[,;:–—]")

_SETS: Final = {  # of kinds, to stand in brackets
    "drop": "ignore override forget ignoriere overwritegerman umgehen",
    "dropgerman": "ignoriere overwritegerman umgehen",  # which may stand at the end
    "gap": """filler all your their earlier system secret inner moral this the which and or you now
        to pause before""",
    "rule": "instructions rules prompt systemprompt systemanweisung",
    "instruction": "instructions prompt systemprompt systemanweisung",
    "quality": "system secret inner earlier filler",
    "said": "pause which what other you me are",
    "object": "filler the which all your their",
}
_PARTS: Final = {
    "actlike": "act like (?=[the if all you bot dan unbound])",
    "norules": "without [gap other]{0,2} [rules instructions filters]",
    "clause": "[^pause end and or]",
    "stop": "(?=pause|end|and|or|verbatim|filler|inside filler|$)",
    "described": "(?:pause? to|[about inside](?!now|this|the filler|filler))",
    "ownprompt": """(?:systemprompt|systemanweisung|system (?:prompt|instructions)
        |prompt (?:stop|inside|like))""",
}


def _pattern(*ways: str) -> re.Pattern[str]:
    """One pattern of all ways, with the sign of each kind in place of its name."""
    text = "|".join(f"(?:{way})" for way in ways)
    for names in (_PARTS, _SETS, _SIGNS):
        text = "".join(names.get(part, part) for part in re.split(r"([a-z]{2,})", text))
    return re.compile(re.sub(r"\s+", "", text))


_SPEAKS_OF_RULES: Final = _pattern("[rule everything all filters dan unbound]")
_DROPS: Final = _pattern("[drop ignoring]")
_HARMLESS: Final = _pattern(
    # "do not ignore", "unter keinen Umständen umgehen", "dürfen Sie nicht umgehen"
    "not [other filler all to show attempt]{0,3} [drop]",
    "not to? (?:[other drop] pause){0,2} [other drop] pause? or [drop]",
    "without [other filler]? ignoring",
    "without clause{0,6} about [dropgerman]",
    "(?:not pause?)? [other about]? (?:without|all) [other]? case pause? clause{0,8} [drop]",
    "nicht clause{0,8} [drop]",
    "[drop] (?= you? nicht | clause{1,8} nicht (?:pause|end|$))",
    "forbidden [^end]{0,9} [to about] [drop]",
    # "if you ignore", "wer … missachten", "Händler, die … missachten, verlieren"
    "(?:if|who) clause{0,8} [drop]",
    "other pause which clause{0,8} [drop] (?=pause)",
    "[drop] (?= [gap]{0,8} [rule] [earlier other]? pause? if (?!clause{0,6} bot))",
    "[all the which] attempt pause? clause{0,8} [to about] [drop]",
    "nicht other{0,2} pause clause{0,8} about [drop]",
    # "a supervisor can override", "Händler dürfen … ignorieren"
    "other may (?:[drop]|clause{0,8} [dropgerman])",
    # "may I ignore", "ich habe vergessen", "forget to read", "mit Regeln umgehen"
    "may me [^pause end and you to]{0,8} [drop]",
    "have clause{0,8} [dropgerman]",
    "ignoriere (?=have)",
    "forget (?=to)",
    "mit clause{0,8} umgehen",
    # "the override switch", "das Umgehen", "these terms override"
    "the [drop]",
    "[drop] (?=device)",
    "[this which the] [other rules earlier filler]{1,3} [override overwritegerman]"
    "(?=[all your their earlier the this])",
    "(?:^|end) other{2,3} override",
)
_OVERRIDES: Final = _pattern(
    # "ignore all of the previous rules", "the rules above", "the rules you were given"
    "[drop] [gap]{0,6} other? [gap]{0,3} earlier [gap other]{0,2} [rule]",
    "[drop] [gap]{0,4} other? [rule] [other which are you]{0,4} (?: earlier (?!the|which) | told )",
    "[drop] [gap]{0,4} [rule] [other you are]{0,2} before (?=pause|end|and|$)",
    # "ignore all rules", "forget your safety rules", but not "your return rules"
    "[drop] [gap]{0,6} other? [all your system] [gap]{0,3} [rule] (?!described)",
    "[drop] you [gap]{0,2} their [gap]{0,2} [rule] (?!described)",
    "[drop] [gap]{0,6} (?:systemprompt|systemanweisung|[moral system inner] filters)",
    "ignoring [gap]{0,6} [all your earlier] [gap]{0,3} [rule] (?=pause)",
    # as in German, "alle bisherigen Regeln ignorieren", and as in "these rules: ignore them"
    "[all your earlier] [gap]{0,3} [rule] filler{0,2} other? about? [dropgerman]",
    "you filler{0,2} other? (?:about|the)? their [gap]{0,2} [rule] [dropgerman]",
    "[your earlier] [gap]{0,3} [rule] [pause end]? [filler and]{0,2} (?:ignore|forget) filler",
    # "forget everything you were told"
    "[drop] [gap]{0,4} [everything all] [said filler earlier before]{0,6} told",
    "[drop] [gap]{0,4} [everything all] [said]{0,6} [earlier before](?=pause|end|and|$)",
)
_ASKS: Final = _pattern(
    "[show what] [^end]{0,6} [your their] [quality]{0,3} ownprompt",
    "[your their] [quality]{0,3} (?:systemprompt|system prompt) [^end]{0,4} show",
    "show [object]{0,5} (?:systemprompt|system prompt|secret [instruction])",
    "show [object]{0,5} your [quality]{1,3} [instruction] (?!about|pause? to)",
    "show [object]{0,5} their [secret earlier] [instruction] (?!described)",
    "show [object]{0,5} your [instruction] stop",
    "what are your [system secret inner earlier] [instruction] (?!described)",
    "show [object earlier this]{0,5} earlier [instruction] [other filler]{0,2} verbatim",
    "show [object this]{0,4} [instruction] earlier [other filler pause]{0,2} verbatim",
)
_UNBINDS: Final = _pattern(
    "(?: pretend | actlike | become | are [now filler] ) [^end]{0,5}"
    "(?: dan | unbound [^end]{0,2} bot | bot [^end]{0,5} unbound )",
    "now [about filler]? pause? you? are dan",
    "(?: are now | become ) [other filler]{0,2} unbound (?: pause | end | $ | and )",
    "(?: pretend | actlike ) [^end]{0,8} norules",
    "you? are [now filler]{1,2} [^end]{0,4} bot [^end]{0,4} norules",
)
_ATTEMPTS: Final = (
    (_OVERRIDES, "tries to override the rules"),
    (_ASKS, "asks for the system prompt"),
    (_UNBINDS, "tries to switch the rules off"),
)


def attempt(text: str, signs: dict[str, str]) -> str | None:
    """What the text, in small letters, tries to do, or nothing."""
    row = "".join([signs.get(word, _OTHER) for word in _WORD_OR_MARK.findall(text)])
    if not _SPEAKS_OF_RULES.search(row) or not _broken(row):
        return None  # as nearly always
    return _broken(_HARMLESS.sub(lambda found: _DROPS.sub(_OTHER, found[0]), row))


def signs_of_words() -> dict[str, str]:
    """The sign of each mark, and of each word of a known kind."""
    words = {word: _SIGNS[kind] for kind, words in KINDS.items() for word in words.split()}
    pauses = dict.fromkeys(",;:–—", _SIGNS["pause"])
    return words | pauses | dict.fromkeys(".!?…", _SIGNS["end"])


def _broken(row: str) -> str | None:
    return next((reason for pattern, reason in _ATTEMPTS if pattern.search(row)), None)
