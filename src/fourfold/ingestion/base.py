"""What comes in, and what parsing makes of it: the protocols of connectors and parsers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from fourfold.core.errors import FourfoldError
from fourfold.core.records import Element

if TYPE_CHECKING:
    from fourfold.ingestion.builder import DocumentBuilder

Cause = Literal[
    "encrypted",
    "truncated",
    "unsupported",
    "too_large",
    "took_too_long",
    "out_of_memory",
    "empty",
    "nested_too_deep",
    "needs_ocr",
    "unreadable",
    "outside_folder",
    "missing",
]


class Unparsable(FourfoldError):
    """A file that cannot become a document; `cause` is one word, the message says it in words.

    `traceback` is for the log: where a parser failed as none should.
    """

    code = "unparsable"

    def __init__(self, cause: Cause, message: str, *, hint: str = "", traceback: str = "") -> None:
        super().__init__(message, hint=hint)
        self.cause: Cause = cause
        self.traceback = traceback


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that a connector offers. Its bytes are read by whoever parses it."""

    source: str
    path: str  # relative to the folder of the source, with `/`
    location: Path  # where the bytes lie on this machine
    size_bytes: int
    modified_ns: int
    groups: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """What parsing makes of a file, or of a member of one.

    `text` is the texts of the elements joined by blank lines; each element's place spans exactly
    its text in it. `member` is `""` for the file itself, `!/a.pdf` for an attachment or a
    file in an archive, `!/a.zip!/b.pdf` deeper down.
    """

    member: str
    title: str
    text: str
    elements: tuple[Element, ...]
    media_type: str
    content_hash: str  # SHA-256 of the bytes of the file or member
    language: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFailure:
    """A member that could not be parsed, while its file could."""

    member: str
    cause: Cause
    message: str
    traceback: str = ""  # for the log, where a parser failed as none should


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Everything that one file gave: documents (itself, members) and the members that failed."""

    documents: tuple[ParsedDocument, ...]
    failures: tuple[MemberFailure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may take, so that a hostile or broken one harms nothing else."""

    file_bytes: int = 200_000_000
    seconds: float = 120.0
    memory_bytes: int = 2_000_000_000
    nesting: int = 4  # archives and attachments within each other
    unpacked_bytes: int = 500_000_000
    members: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of a file or member, and the name it goes by."""

    name: str
    data: bytes
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Something inside a file that is a document of its own.

    `content` is its bytes, or why they cannot be had.
    """

    name: str
    content: bytes | Unparsable


class Parser(Protocol):
    """Understands one format.

    Rules: `parse` adds elements in reading order, raises nothing but `Unparsable`, `ValueError`
    and its relatives (they become `unreadable`), touches neither network nor disk, and never
    unpacks more than `content.limits` allows.
    """

    def parse(self, content: Content, into: DocumentBuilder) -> Iterable[Member]:
        """Put what a person would read into the builder; give what is a document of its own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A path of a source that is not read, and why."""

    path: str
    cause: Cause
    message: str
    groups: frozenset[str] = frozenset()


class Connector(Protocol):
    """Lists the files of a source.

    Rules: the same file has the same path every time; listing reads no contents; a file that
    may not be read (outside the folder through a symbolic link, not readable) raises nothing:
    it is offered through `refused`.
    """

    def files(self) -> Iterator[SourceFile]:
        """Every file of the source, in a stable order."""
        ...

    def refused(self) -> Iterator[Refusal]:
        """Paths that cannot be offered; complete after `files` ended."""
        ...

    def warnings(self) -> Iterator[str]:
        """What the owner of the project should look at; complete after `files` ended."""
        ...
