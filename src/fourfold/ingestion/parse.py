"""Makes documents of one file: tells its format, parses it, and goes into what lies inside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fourfold.core.errors import MissingExtra
from fourfold.ingestion.base import (
    Content,
    Limits,
    Member,
    MemberFailure,
    Parsed,
    ParsedDocument,
    SourceFile,
    Unparsable,
)
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.causes import broken_by, unparsable
from fourfold.ingestion.detect import MEDIA_TYPES, detect
from fourfold.ingestion.parsers import PARSERS
from fourfold.ingestion.unpack import harmless_name


def parse_file(file: SourceFile, limits: Limits) -> Parsed:
    """Everything that the file gives. Raises `Unparsable` when that is nothing."""
    if file.location.stat().st_size > limits.file_bytes:
        raise unparsable("too_large", f"It has {file.location.stat().st_size:,} bytes.")
    return parse_bytes(file.location.read_bytes(), PurePosixPath(file.path).name, limits)


def parse_bytes(data: bytes, name: str, limits: Limits) -> Parsed:
    """Everything that these bytes give. Raises `Unparsable` when that is nothing."""
    walk = _Walk(limits)
    walk.enter(data, name, member="", depth=0)
    if not walk.documents and not walk.failures:
        raise unparsable("empty")
    return Parsed(documents=tuple(walk.documents), failures=tuple(walk.failures))


@dataclass
class _Walk:
    """The way through a file and its members; counts what was unpacked on the way."""

    limits: Limits
    documents: list[ParsedDocument] = field(default_factory=list)
    failures: list[MemberFailure] = field(default_factory=list)
    unpacked_bytes: int = 0
    members: int = 0

    def enter(self, data: bytes, name: str, *, member: str, depth: int) -> None:
        """Parse this file or member, then what lies in it."""
        builder = DocumentBuilder()
        names: Counter[str] = Counter()
        position = len(self.documents)  # before its members
        try:
            format_name = detect(data, name)
            parser = PARSERS.load(format_name)()
            content = Content(name=name, data=data, limits=self.limits)
            for inner in parser.parse(content, builder):
                self._try_member(inner, _unique(inner.name, names), within=member, depth=depth + 1)
        except (Unparsable, MemoryError):
            raise
        except MissingExtra as error:
            raise unparsable("needs_ocr", error.message) from error
        except RecursionError:
            raise unparsable("nested_too_deep") from None
        except Exception as error:
            raise broken_by(error) from error
        if not builder.is_empty:
            media_type = MEDIA_TYPES[format_name]
            document = builder.finish(member=member, data=data, media_type=media_type, name=name)
            self.documents.insert(position, document)
        elif not names:
            raise unparsable("empty")

    def _try_member(self, inner: Member, name: str, *, within: str, depth: int) -> None:
        """A member that fails is named and stops nothing."""
        member = f"{within}!/{name}"
        try:
            if isinstance(inner.content, Unparsable):
                raise inner.content
            self._count(len(inner.content), depth)
            self.enter(inner.content, name, member=member, depth=depth)
        except Unparsable as error:
            self.failures.append(
                MemberFailure(
                    member=member,
                    cause=error.cause,
                    message=error.message,
                    traceback=error.traceback,
                )
            )

    def _count(self, size: int, depth: int) -> None:
        self.members += 1
        self.unpacked_bytes += size
        if depth > self.limits.nesting:
            raise unparsable("nested_too_deep")
        if self.members > self.limits.members or self.unpacked_bytes > self.limits.unpacked_bytes:
            raise unparsable("too_large")


def _unique(name: str, seen: Counter[str]) -> str:
    """A harmless name that no other member of the same container has."""
    harmless = harmless_name(name)
    seen[harmless] += 1
    if seen[harmless] == 1:
        return harmless
    path = PurePosixPath(harmless)
    return str(path.with_name(f"{path.stem} ({seen[harmless]}){path.suffix}"))
