"""Why a file cannot become a document, in words that a product leader understands."""

from __future__ import annotations

from traceback import format_exception
from typing import Final

from fourfold.ingestion.base import Cause, Unparsable

_LONGEST_TRACEBACK: Final = 20_000  # characters
_WORDS: Final[dict[Cause, tuple[str, str]]] = {
    "encrypted": (
        "The file is protected by a password or encrypted.",
        "Save a copy without protection and ingest that.",
    ),
    "truncated": (
        "The file is incomplete or damaged: its end or its table of contents is missing.",
        "Copy it again from where it came from, and check that it opens.",
    ),
    "unsupported": (
        "This kind of file is not supported.",
        "Save it as PDF, DOCX, XLSX, PPTX or text.",
    ),
    "too_large": (
        "The file, or what is packed in it, is larger than the limit.",
        "Split it, or raise the limit for ingestion.",
    ),
    "took_too_long": (
        "Reading the file took longer than the limit.",
        "Split it, or raise the time limit and retry.",
    ),
    "out_of_memory": (
        "Reading the file needs more memory than the limit.",
        "Split it, or raise the memory limit and retry.",
    ),
    "empty": (
        "There is no text in the file.",
        "Nothing needs to be done, unless you expected text in it.",
    ),
    "nested_too_deep": (
        "The file holds files within files, or elements within elements, beyond the limit.",
        "Unpack the inner files and ingest them by themselves.",
    ),
    "needs_ocr": (
        "The file holds pictures of text, and text recognition is not installed.",
        "Type: pip install 'fourfold[ocr]', then `fourfold ingest --retry`.",
    ),
    "unreadable": (
        "The file is damaged, or is not what its name says.",
        "Open it in the program that made it and save it again.",
    ),
    "outside_folder": (
        "The file is a link that leads out of the folder of documents.",
        "Copy the file into the folder, or name its folder as a source of its own.",
    ),
    "missing": (
        "The link leads to a file or folder that does not exist.",
        "Delete the link, or put back what it led to.",
    ),
}


def unparsable(cause: Cause, detail: str = "") -> Unparsable:
    """The error for this cause; `detail` says in a sentence what is special about this file."""
    message, hint = _WORDS[cause]
    return Unparsable(cause, f"{message} {detail}".strip(), hint=hint)


def broken_by(error: Exception) -> Unparsable:
    """What a parser's own error means; where it came from is kept for the log.

    A `ValueError` tells of a damaged file. Anything else, nobody thought of.
    """
    traceback = "".join(format_exception(error))[-_LONGEST_TRACEBACK:]
    if isinstance(error, ValueError):
        message, hint = _WORDS["unreadable"]
        return Unparsable("unreadable", message, hint=hint, traceback=traceback)
    return Unparsable(
        "unreadable",
        "A bug of Fourfold keeps it from reading this file; the file may be whole.",
        hint="Report it with the lines that Fourfold's log has about this file.",
        traceback=traceback,
    )
