"""Mails saved by Outlook (MSG), with their attachments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.parsers.eml import add_body, add_mail_headers

# Property tags: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops
_CLASS, _SUBJECT, _BODY, _HTML = "001A", "0037", "1000", "1013"
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = "0C1A", "0C1F", "5D01"
_TO, _CC = "0E04", "0E03"
_FILE, _LONG_NAME, _SHORT_NAME, _MIME = "3701", "3707", "3704", "370E"
_SENT = (0x00390040, 0x0E060040)  # when the sender sent it, when it came
_PROPERTIES = "__properties_version1.0"
_TOP_HEADER_BYTES = 32
_TICKS_PER_SECOND = 10_000_000  # since 1601


class MsgParser:
    """The same pieces as of any other mail."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Attached mails are named as unsupported: Outlook keeps them in a form of its own."""
        message = _open(content.data)
        attachments = list(_attachment_folders(message))
        if _is_encrypted(message, attachments):
            raise unparsable("encrypted", "It is an encrypted mail.")
        add_mail_headers(_headers(message), into)
        body = _text(message, _BODY)
        if body.strip():
            add_body(body, into, is_html=False)
        else:
            add_body(_text(message, _HTML), into, is_html=True)
        return [_attachment(message, path) for path in attachments]


def _open(data: bytes) -> Any:
    import olefile

    try:
        return olefile.OleFileIO(data)
    except OSError:
        raise unparsable("truncated") from None


def _headers(message: Any) -> dict[str, str]:
    name = _text(message, _SENDER)
    address = _text(message, _SENDER_SMTP) or _text(message, _SENDER_ADDRESS)
    sender = f"{name} <{address}>" if "@" in address and address != name else name
    return {
        "From": sender,
        "To": _text(message, _TO),
        "Cc": _text(message, _CC),
        "Date": _sent(message),
        "Subject": _text(message, _SUBJECT),
    }


def _text(message: Any, tag: str, folder: str = "") -> str:
    """A property that is text: UTF-16, or bytes in the encoding of the sender's machine."""
    wide = _stream(message, f"{folder}__substg1.0_{tag}001F")
    if wide:
        return wide.decode("utf-16-le", errors="replace")
    for kind in ("001E", "0102"):
        if narrow := _stream(message, f"{folder}__substg1.0_{tag}{kind}"):
            return decode(narrow)
    return ""


def _stream(message: Any, path: str) -> bytes:
    if not message.exists(path) or message.get_type(path) != 2:  # 2: a stream, not a folder
        return b""
    return bytes(message.openstream(path).read())


def _sent(message: Any) -> str:
    """The date from the table of fixed-size properties: tag, flags, value, 16 bytes each."""
    table = _stream(message, _PROPERTIES)[_TOP_HEADER_BYTES:]
    entries = (table[start : start + 16] for start in range(0, len(table) - 15, 16))
    values = {int.from_bytes(e[:4], "little"): int.from_bytes(e[8:16], "little") for e in entries}
    ticks = next((values[tag] for tag in _SENT if tag in values), 0)
    if not 0 < ticks < 2**62:
        return ""
    moment = datetime(1601, 1, 1) + timedelta(seconds=ticks // _TICKS_PER_SECOND)
    return moment.strftime("%Y-%m-%d %H:%M +0000")


def _attachment_folders(message: Any) -> Iterator[str]:
    folders = {entry[0] for entry in message.listdir(streams=True, storages=True)}
    yield from sorted(f"{name}/" for name in folders if name.startswith("__attach_version1.0"))


def _is_encrypted(message: Any, attachments: list[str]) -> bool:
    kind = _text(message, _CLASS).lower()
    if "smime" in kind and "signed" not in kind:
        return True
    return any("pgp-encrypted" in _text(message, _MIME, path) for path in attachments)


def _attachment(message: Any, folder: str) -> Member:
    name = _text(message, _LONG_NAME, folder) or _text(message, _SHORT_NAME, folder)
    data = _stream(message, f"{folder}__substg1.0_{_FILE}0102")
    if data:
        return Member(name=name or "attachment", content=data)
    if message.exists(f"{folder}__substg1.0_{_FILE}000D"):
        error = unparsable("unsupported", "It is a mail within a mail; save it by itself.")
        return Member(name=name or "mail", content=error)
    return Member(name=name or "attachment", content=unparsable("empty"))
