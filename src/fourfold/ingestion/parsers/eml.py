"""E-mails: the headers people look at, the body, and attachments as members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from mimetypes import guess_extension

from fourfold.ingestion.base import Content, Member
from fourfold.ingestion.builder import DocumentBuilder, clean
from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.parsers.html import add_html
from fourfold.ingestion.parsers.text import add_plain_text

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)


class EmlParser:
    """A mail as a reader sees it: subject, who wrote to whom and when, the text."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Malformed mails give what can be read of them."""
        data = content.data
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:200]:
            data = decode(data).encode("utf-8", errors="replace")
        mail = message_from_bytes(data.lstrip())
        if _is_encrypted(mail):
            raise unparsable("encrypted", "It is an encrypted mail.")
        add_mail_headers({name: header(mail, name) for name in _SHOWN}, into)
        for part in _bodies(mail):
            add_body(_text(part), into, is_html=part.get_content_type() == "text/html")
        return _attachments(mail)


def add_mail_headers(headers: dict[str, str], into: DocumentBuilder) -> None:
    """Metadata, the subject as title, and a readable line about who wrote to whom and when."""
    headers = {name: " ".join(value.split()) for name, value in headers.items() if value.strip()}
    into.metadata.update({name.lower(): value for name, value in headers.items()})
    into.heading(headers.get("Subject", ""))
    lines = [f"{name}: {value}" for name, value in headers.items() if name != "Subject"]
    into.add("note", "\n".join(lines))


def add_body(text: str, into: DocumentBuilder, *, is_html: bool) -> None:
    """The text of a mail."""
    if is_html:
        title = into.title
        add_html(text, into)
        into.title = title
        return
    add_plain_text(clean(text), into)


def header(mail: Message, name: str) -> str:
    """A header in readable letters; dates as `2026-03-04 09:15 +0100` where they can be read."""
    value = mail.get(name)
    if value is None:
        return ""
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, ValueError, UnicodeError, TypeError):
        text = str(value)
    return _readable_date(text) if name == "Date" else text


def _readable_date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).strftime("%Y-%m-%d %H:%M %z").strip()
    except (ValueError, TypeError, IndexError, OverflowError):
        return text


def _is_encrypted(mail: Message) -> bool:
    if mail.get_content_type() not in _ENCRYPTED:
        return False
    return "signed" not in str(mail.get_param("smime-type", "")).lower()


def _bodies(part: Message) -> Iterator[Message]:
    """The parts that are the text: of alternatives the plain one, if it says anything."""
    if part.get_content_type() == "multipart/alternative" and part.is_multipart():
        choices = [found for child in part.get_payload() for found in _bodies_of(child)]
        plain = [found for found in choices if found.get_content_type() == "text/plain"]
        said = [found for found in plain if _text(found).strip()]
        yield from said or [found for found in choices if found not in plain]
        return
    yield from _bodies_of(part)


def _bodies_of(part: object) -> Iterator[Message]:
    if not isinstance(part, Message):
        return
    if part.get_content_type() == "message/rfc822":
        return
    if part.is_multipart():
        if part.get_content_type() == "multipart/alternative":
            yield from _bodies(part)
            return
        for child in part.get_payload():
            yield from _bodies_of(child)
    elif part.get_content_type() in {"text/plain", "text/html"} and not _is_attachment(part):
        yield part


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return decode(payload, declared=part.get_content_charset())
    return str(part.get_payload())


def _is_attachment(part: Message) -> bool:
    disposition = part.get_content_disposition()
    return disposition == "attachment" or part.get_filename() is not None


def _attachments(part: Message) -> Iterator[Member]:
    """Attached files, and mails within the mail; those have attachments of their own."""
    if part.get_content_type() == "message/rfc822" and part.is_multipart():
        for inner in part.get_payload():
            if isinstance(inner, Message):
                yield Member(
                    name=_name(part, header(inner, "Subject"), ".eml"), content=_bytes(inner)
                )
    elif part.is_multipart():
        for child in part.get_payload():
            if isinstance(child, Message):
                yield from _attachments(child)
    elif _is_document(part):
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload.strip():
            yield Member(name=_name(part, "attachment", ""), content=payload)


def _is_document(part: Message) -> bool:
    """Not the text of the mail, not a picture or signature that belongs to its look."""
    main = part.get_content_maintype()
    if part.get_content_disposition() == "attachment":
        return part.get_content_type() != "application/pgp-signature"
    if main in {"image", "audio", "video"}:
        return part.get("Content-ID") is None
    if part.get_content_type() in {"application/pkcs7-signature", "application/pgp-signature"}:
        return False
    return main != "text" or part.get_filename() is not None


def _name(part: Message, otherwise: str, suffix: str) -> str:
    try:
        name = str(make_header(decode_header(part.get_filename() or "")))
    except (LookupError, ValueError, UnicodeError, TypeError):
        name = str(part.get_filename())
    if name.strip():
        return name
    guessed = suffix or (guess_extension(part.get_content_type()) or "")
    return f"{otherwise.strip()[:60].replace('/', '-') or 'mail'}{guessed}"


def _bytes(mail: Message) -> bytes:
    try:
        return mail.as_bytes()
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError):
        return mail.as_string().encode("utf-8", errors="replace")
