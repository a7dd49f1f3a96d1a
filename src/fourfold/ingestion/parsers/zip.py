"""ZIP archives: each member is a document of its own."""

from __future__ import annotations

from collections.abc import Iterator

from fourfold.ingestion.base import Content, Member, Unparsable
from fourfold.ingestion.builder import DocumentBuilder
from fourfold.ingestion.unpack import Archive

_NO_DOCUMENTS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class ZipParser:
    """Has no text itself; gives its members one after the other."""

    def parse(self, content: Content, into: DocumentBuilder) -> Iterator[Member]:
        """Members in the order of their names; those that cannot be unpacked carry the cause."""
        del into
        archive = Archive(content.data, content.limits)
        for name in archive:
            if not name.startswith(_NO_DOCUMENTS) and not name.endswith(_NO_DOCUMENTS):
                yield Member(name=name, content=_read(archive, name))


def _read(archive: Archive, name: str) -> bytes | Unparsable:
    try:
        return archive.read(name)
    except Unparsable as error:
        return error
