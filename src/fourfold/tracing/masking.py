"""Secrets and account numbers are masked before a text is kept in a trace.

What a text must contain is looked up first, which costs next to nothing for nearly all texts,
those that have none of it.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[masked]"

_SECRETS: Final = (
    # what must stand in the lower-cased text, and the pattern of what is masked
    ("ff_", re.compile(r"\bff_[\w-]{20,}")),
    ("sk-", re.compile(r"\bsk-[\w-]{16,}")),
    ("akia", re.compile(r"\bAKIA[0-9A-Z]{16}\b")),
    ("aiza", re.compile(r"\bAIza[\w-]{30,}")),
    ("gh", re.compile(r"\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}")),
    ("glpat-", re.compile(r"\bglpat-[\w-]{16,}")),
    ("xox", re.compile(r"\bxox[abprs]-[\w-]{10,}")),
    ("eyj", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    ("bearer ", re.compile(r"(?i)(?<=\bbearer )[\w.~+/-]{12,}=*")),
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^\"]*?(?:-----END [A-Z ]*-----|$)"),
    ),
    ("://", re.compile(r"(?<=://)[^\s/:@\"\\]{1,200}:[^\s/@\"\\]{1,200}(?=@)")),
    ("key", re.compile(r"(?i)(?<=\bapi.key)\s{0,3}[:=]\s{0,3}[^\s\"\\]{8,}")),
    ("secret", re.compile(r"(?i)(?<=\bsecret)\s{0,3}[:=]\s{0,3}[^\s\"\\]{8,}")),
)
_VERB: Final = r"(?:is|ist|lautet|was|war|heißt)"
_PASSWORD: Final = re.compile(
    r"(?i)(?P<before>(?:passwor[dt]|kennwort|passphrase|passcode)(?:"
    # `Passwort: geheim`, `password is = geheim`, `"password": "geheim"`
    rf"[\"'\\]{{0,4}}\s{{0,3}}{_VERB}?\s{{0,3}}[:=]\s{{0,3}}[\"'\\]{{0,4}}"
    # `password for the shop is hunter22`: a digit or a sign tells it from a word of the sentence
    r"|(?:\s{1,3}[^\s\"'\\.,:;=!?]{1,20}){0,5}?(?:"
    rf"\s{{1,3}}{_VERB}\s{{1,3}}['\"\\]{{0,4}}(?=[^\s\"\\]{{0,80}}(?:\d|[@#$%^&*_+=~!?]\w))"
    r"|\s{0,3}[:=]\s{0,3}(?=[^\s\"\\]{0,80}(?:[^\W\d]\d|\d[^\W\d]|[@#$%^&*_+=~!?]\w))"
    r")))[^\s\"\\]{4,}"
)
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD: Final = re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-])")
_DIGITS: Final = re.compile(r"\d\d")


def masked(text: str) -> str:
    """The text without keys, passwords, tokens, IBANs and card numbers."""
    lower = text.lower()
    for marker, pattern in _SECRETS:
        if marker in lower:
            text = pattern.sub(MASK, text)
    if "pass" in lower or "kennwort" in lower:
        text = _PASSWORD.sub(rf"\g<before>{MASK}", text)
    if _DIGITS.search(text):
        text = _IBAN.sub(_mask_iban, text)
        text = _CARD.sub(_mask_card, text)
    return text


def _mask_iban(found: re.Match[str]) -> str:
    number = found[0].replace(" ", "")
    digits = "".join(str(int(character, 36)) for character in number[4:] + number[:4])
    return MASK if int(digits) % 97 == 1 else found[0]


def _mask_card(found: re.Match[str]) -> str:
    digits = [int(character) for character in found[0] if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return MASK if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else found[0]
