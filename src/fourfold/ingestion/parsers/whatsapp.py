"""Chats exported from WhatsApp, as Android and iOS write them, in German and in English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder, clean
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.parsers.chat import Message, add_messages

# `12.03.26, 09:15 - Anna: Hallo`, `[12.03.26, 09:15:04] Anna: Hallo`, `3/12/26, 9:15 AM - Anna: Hi`
_HEAD = re.compile(
    r"[\u200e\u200f]?\[?(?P<time>\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d{2}"
    r"(?:[:.]\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?)(?:\] | - )(?P<rest>.*)"
)
_SENDER = re.compile(r"(?P<sender>[^:\n]{1,80}): (?P<text>.*)", re.DOTALL)
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LEFT_OUT = re.compile(
    r"<(?:Media omitted|Medien ausgeschlossen|attached: [^<>]*|Anhang: [^<>]*)>"
    r"|(?:image|video|audio|sticker|GIF|document) omitted|(?:Bild|Video|Audio|Sticker) weggelassen",
    re.IGNORECASE,
)


class WhatsAppParser:
    """Every message is one element; a message of several lines stays whole."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Notices of the system (no sender) and pictures left out are skipped."""
        add_messages(_messages(clean(decode(content.data))), into)
        return ()


def _messages(text: str) -> Iterator[Message]:
    for number, time, body in _entries(_MARKS.sub("", text)):
        found = _SENDER.match(body)
        if found and (words := _LEFT_OUT.sub("", found["text"]).strip()):
            yield Message(sender=found["sender"].strip(), time=time, text=words, number=number)


def _entries(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, time and what follows, with the lines that belong to it."""
    entry: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        head = _HEAD.match(line)
        if head:
            if entry:
                yield entry[0], entry[1], "\n".join(entry[2])
            entry = (number, head["time"], [head["rest"]])
        elif entry:
            entry[2].append(line)
    if entry:
        yield entry[0], entry[1], "\n".join(entry[2])
