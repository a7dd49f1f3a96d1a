"""Tells the format of a file: by its content first, by its name where content leaves it open."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import PurePosixPath
from typing import Final

from fourfold.ingestion.causes import unparsable
from fourfold.ingestion.decoding import decode
from fourfold.ingestion.unpack import BROKEN

_MICROSOFT = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "docx": f"{_MICROSOFT}.wordprocessingml.document",
    "pptx": f"{_MICROSOFT}.presentationml.presentation",
    "xlsx": f"{_MICROSOFT}.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "zip": "application/zip",
    "eml": "message/rfc822",
    "msg": "application/vnd.ms-outlook",
    "html": "text/html",
    "xml": "application/xml",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "whatsapp": "text/plain",
    "text": "text/plain",
    "image": "image/*",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "rtf": "application/rtf",
    "epub": "application/epub+zip",
}
_SIGNATURES: Final = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
)
_FOREIGN: Final = (
    (b"\x1f\x8b", "It is a gzip archive."),
    (b"7z\xbc\xaf", "It is a 7-Zip archive."),
    (b"Rar!", "It is a RAR archive."),
    (b"BZh", "It is a bzip2 archive."),
    (b"\xfd7zXZ", "It is an xz archive."),
    (b"ID3", "It is a sound recording."),
    (b"OggS", "It is a sound or video recording."),
    (b"RIFF", "It is a sound or video recording."),
    (b"\x7fELF", "It is a program."),
    (b"MZ\x90", "It is a program."),
)
_OFFICE_PARTS: Final = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_OLE_STREAMS: Final = (
    ("__properties_version1.0", "msg"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("PowerPoint Document", "ppt"),
)
_EXTENSIONS: Final = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".htm": "html",
    ".html": "html",
    ".xhtml": "html",
    ".eml": "eml",
    ".xml": "xml",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_BINARY_EXTENSIONS: Final = frozenset(
    {".pdf", ".docx", ".pptx", ".xlsx", ".odt", ".zip", ".msg", ".doc", ".xls", ".ppt", ".epub"}
)
_MAIL_HEADER = re.compile(r"[A-Za-z][A-Za-z-]{1,40}:[ \t]?\S")
_MAIL_NAMES = re.compile(
    r"^(from|to|date|subject|received|return-path|message-id|mime-version|delivered-to|x-[\w-]+):",
    re.IGNORECASE | re.MULTILINE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WHATSAPP = re.compile(
    r"^[\u200e\u200f]?\[?\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
    r"(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?(?:\] | - )\S",
    re.MULTILINE,
)
_HEAD = 8_000  # bytes that are looked at


def detect(data: bytes, name: str) -> str:
    """The name of the parser for this file. Raises `Unparsable` where there is none."""
    if not data.strip(b"\x00 \r\n\t"):
        raise unparsable("empty")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _inside_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _inside_ole(data)
    if found := _by_signature(data):
        return found
    return _among_texts(data, name)


def _by_signature(data: bytes) -> str | None:
    if data[4:8] == b"ftyp":
        if data[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"}:
            raise unparsable("unsupported", "It is a HEIC photo; export it as JPEG or PNG.")
        raise unparsable("unsupported", "It is a sound or video recording.")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image"
    for signature, sentence in _FOREIGN:
        if data.startswith(signature):
            raise unparsable("unsupported", sentence)
    return next((name for signature, name in _SIGNATURES if data.startswith(signature)), None)


def _inside_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            kind = _declared_kind(archive) if "mimetype" in names else ""
    except (*BROKEN, ValueError, RuntimeError):
        raise unparsable("truncated") from None
    if "opendocument.text" in kind:
        return "odt"
    if "epub" in kind:
        return "epub"
    if "opendocument" in kind:
        raise unparsable("unsupported", "Of the OpenDocument formats only texts (ODT) are.")
    if "[Content_Types].xml" not in names:
        return "zip"
    for part, found in _OFFICE_PARTS:
        if any(name.startswith(part) for name in names):
            return found
    raise unparsable("unsupported", "It is a Microsoft format other than DOCX, XLSX and PPTX.")


def _declared_kind(archive: zipfile.ZipFile) -> str:
    """The first bytes of the member that names the format; the rest may be a bomb."""
    with archive.open("mimetype") as stream:
        return stream.read(100).decode("latin-1")


def _inside_ole(data: bytes) -> str:
    if _utf16("EncryptedPackage") in data or _utf16("EncryptionInfo") in data:
        raise unparsable("encrypted")
    for stream, name in _OLE_STREAMS:
        if _utf16(stream) in data:
            return name
    raise unparsable("unsupported", "It is an old Microsoft format without text.")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def _among_texts(data: bytes, name: str) -> str:
    text = decode(data[:_HEAD])
    extension = PurePosixPath(name.lower()).suffix
    if len(_CONTROL.findall(text)) > max(8, len(text) // 50):
        raise unparsable("unreadable" if extension in _BINARY_EXTENSIONS else "unsupported")
    start = text.lstrip("\ufeff \t\r\n")[:2_000]
    if re.match(r"<!doctype html|<html|<head\b|<body\b", start, re.IGNORECASE):
        return "html"
    if _is_mail(start):
        return "eml"
    if start.startswith("<?xml"):
        return "html" if re.search(r"<html[\s>]", start, re.IGNORECASE) else "xml"
    if len(_WHATSAPP.findall(text)) >= 2 and _WHATSAPP.match(start):
        return "whatsapp"
    if extension in {".json", ".jsonl", ".ndjson"} or start.startswith(("{", "[")):
        return _json_or_text(data, start)
    return _EXTENSIONS.get(extension, "text")


def _is_mail(start: str) -> bool:
    """True when the text begins with header lines of a mail."""
    lines = start.removeprefix("From ").splitlines()[:3] if start.startswith("From ") else []
    head = "\n".join(lines[1:]) + start if lines else start
    first = head.split("\n", 1)[0]
    names = {found.lower() for found in _MAIL_NAMES.findall(head.split("\n\n", 1)[0])}
    return bool(_MAIL_HEADER.match(first) or lines) and len(names) >= 2


def _json_or_text(data: bytes, start: str) -> str:
    first_line = start.split("\n", 1)[0].strip()
    if _is_json(first_line) and first_line.startswith("{") and start.count("\n") > 0:
        second = start.split("\n", 2)[1].strip()
        if not second or second.startswith("{"):
            return "jsonl"
    return "json" if _is_json(decode(data)) else "text"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:  # the parser names the cause
        return True
    return True
