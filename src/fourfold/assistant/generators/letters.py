"""What an e-mail or a letter says, without what stands around it: head, salutation, signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_HEAD = re.compile(
    r"(?:von|an|cc|bcc|kopie|datum|gesendet|betreff|antwort an|from|to|date|sent|subject|re"
    r"|reply-to|importance|priorität|anlagen?|attachments?)[ \t]*:",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"(?:betreff|subject|re)[ \t]*:", re.IGNORECASE)
_FORWARDED = re.compile(r"-{2,}.*\b(?:message|nachricht)\b.*-{2,}|[_=*-]{5,}", re.IGNORECASE)
_SALUTATION = re.compile(
    r"(?:sehr geehrte|liebe[rs]?\b|werte[rs]?\b|hallo\b|hi\b|hey\b|moin\b|servus\b|grüß gott"
    r"|guten (?:tag|morgen|abend)|dear\b|hello\b|good (?:morning|afternoon|evening)"
    r"|(?:good )?morning\b|to whom it may concern)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:mit )?(?:freundlichen?|besten?|herzlichen?|vielen?|lieben?|schönen?|sonnigen?)"
    r" (?:grü(?:ß|ss)en?|gruß|dank und gruß)|hochachtungsvoll|gruß|grüße|mfg|vg|lg"
    r"|(?:kind|best|warm|many|with (?:kind|best)) regards|regards|best(?: wishes)?|cheers"
    r"|(?:many )?thanks|yours (?:sincerely|faithfully|truly)|sincerely)[ \t]*[,.!]?",
    re.IGNORECASE,
)
_LONGEST_SALUTATION = 60  # characters; what is longer says something
_LONGEST_SIGNATURE = 8  # lines below the closing words; what is longer goes on after it


def body_of(text: str) -> str:
    """The text without mail heads, quoted lines, salutation and signature.

    A text that has nothing else is given back as it is.
    """
    lines = [line for line in _without_heads(text.splitlines()) if not line.startswith(">")]
    kept = "\n".join(_without_salutation(_without_signature(lines))).strip()
    return kept or text


def _without_heads(lines: list[str]) -> Iterator[str]:
    """A subject alone is a head too; other single lines of that form may be something else."""
    for is_head, run in groupby(lines, key=lambda line: bool(_HEAD.match(line.strip()))):
        block = list(run)
        if not is_head or (len(block) == 1 and not _SUBJECT.match(block[0].strip())):
            yield from (line for line in block if not _FORWARDED.fullmatch(line.strip()))


def _without_signature(lines: list[str]) -> list[str]:
    """Up to the closing words, where only few lines follow them."""
    for number in range(len(lines) - 1, 0, -1):
        line, below = lines[number].strip(), [one for one in lines[number + 1 :] if one.strip()]
        if len(below) > _LONGEST_SIGNATURE:
            break
        if line == "--" or _CLOSING.fullmatch(line):
            return lines[:number]
    return lines


def _without_salutation(lines: list[str]) -> list[str]:
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    line = lines[first].strip() if lines else ""
    if len(line) <= _LONGEST_SALUTATION and _SALUTATION.match(line) and not line.endswith("."):
        return lines[first + 1 :]
    return lines
