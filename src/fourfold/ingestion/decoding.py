"""Turns the bytes of a text file into text, whatever wrote them."""

from __future__ import annotations

import codecs
import re

_MARKS = (  # the longer ones first: the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEVEN_BIT = ("iso-2022", "utf-7", "hz")  # these look like ASCII, hence like UTF-8
_TWICE_ENCODED = re.compile("[Â-ô][\x80-\xbf]")
_SAMPLE_BYTES = 64_000
# What the eight-bit encodings of western Europe are told apart by: which letters they give.
_LETTERS = set("äöüßÄÖÜéèêàâçñóíúáôîïëæøåœùûÉÈÀÇÑÅØÆ")
_SIGNS = set("€„“”‚‘’–—…§°«»·©®µ²³½¼¾±×•¿¡£¥´¨†‡")
_BETWEEN_LETTERS = re.compile(r"[^\W\d_][^\w\s.,;:!?'’/()&@+-][^\W\d_]")


def decode(data: bytes, *, declared: str | None = None) -> str:
    """The text of these bytes; never fails.

    A mark at the beginning decides, then UTF-8 if it fits, then `declared` (what the file says
    about itself), then which encoding gives the most ordinary words.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").removeprefix("\ufeff")
    if wide := _wide_encoding(data[:4_000]):
        return data.decode(wide, errors="replace")
    if declared and declared.lower().startswith(_SEVEN_BIT) and (text := _try(data, declared)):
        return text
    if (text := _try(data, "utf-8")) is not None:
        return _mended(text)
    if declared and (text := _try(data, declared)) is not None:
        return text
    if _nearly_utf8(data):
        return data.decode("utf-8", errors="replace")
    return data.decode(_guess(data[:_SAMPLE_BYTES]), errors="replace")


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError):
        return None


def _mended(text: str) -> str:
    """Undo a second UTF-8 encoding: `Ã¼` back to `ü`, where it explains the whole text."""
    if not _TWICE_ENCODED.search(text):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: every second (or all but every fourth) byte is zero."""
    if len(head) < 4 or len(head) % 2 or b"\x00" not in head:
        return None
    counts = [head[lane::4].count(0) / max(1, len(head[lane::4])) for lane in range(4)]
    zero = [share > 0.7 for share in counts]
    patterns = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    encoding = patterns.get((zero[0], zero[1], zero[2], zero[3]))
    return encoding if encoding and _try(head[: len(head) // 4 * 4], encoding) else None


def _nearly_utf8(data: bytes) -> bool:
    """True when only a few bytes are broken: a cut file, or two files joined."""
    sample = data[:_SAMPLE_BYTES]
    good = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", sample))
    return good >= 3 and sample.decode("utf-8", errors="replace").count("\ufffd") <= good // 10


def _guess(sample: bytes) -> str:
    scores = {name: _likeness(sample, name) for name in ("cp1252", "cp850", "mac-roman")}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= 0.5:
        return best
    from charset_normalizer import from_bytes

    found = from_bytes(sample).best()
    return found.encoding if found else best


def _likeness(sample: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII that western texts use, where they use them."""
    text = sample.decode(encoding, errors="replace")
    beyond = [char for char in text if char > "\x7f"]
    usual = sum(1.0 if char in _LETTERS else 0.6 * (char in _SIGNS) for char in beyond)
    misplaced = len(_BETWEEN_LETTERS.findall(text))
    return (usual - misplaced) / max(1, len(beyond))
