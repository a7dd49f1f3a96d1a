"""Reads archives without ever unpacking more than the limits allow."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO
from xml.etree import ElementTree

from fourfold.ingestion.base import Limits
from fourfold.ingestion.causes import unparsable

_CHUNK = 1 << 20
_MAX_DEPTH = 2_000  # elements within elements; no office program comes near
_ENCRYPTED_FLAG = 0x1
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)


class Archive:
    """A ZIP file whose members share one budget of unpacked bytes.

    What the headers say is not believed: bytes are counted while they are unpacked.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._left = limits.unpacked_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (*BROKEN, ValueError):
            raise unparsable("truncated") from None
        if len(self._zip.filelist) > limits.members:
            raise unparsable("too_large", f"It holds {len(self._zip.filelist):,} files.")
        self.names = {info.filename for info in self._zip.filelist if not info.is_dir()}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.names))

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises `Unparsable`."""
        info = self._zip.getinfo(name)
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise unparsable("encrypted")
        if info.file_size > self._left:
            raise unparsable("too_large", f"Unpacked it would take {info.file_size:,} bytes.")
        try:
            with self._zip.open(info) as stream:
                return b"".join(self._counted(stream))
        except (*BROKEN, RuntimeError):
            raise unparsable("truncated") from None

    def xml(self, name: str) -> ElementTree.Element | None:
        """The root of a member that is XML; `None` when there is no such member."""
        return read_xml(self.read(name)) if name in self.names else None

    def _counted(self, stream: IO[bytes]) -> Iterator[bytes]:
        while piece := stream.read(_CHUNK):
            self._left -= len(piece)
            if self._left < 0:
                raise unparsable("too_large")
            yield piece


def read_xml(data: bytes | str) -> ElementTree.Element:
    """Parse XML that may be hostile: no outside entities, bounded expansion, bounded depth.

    expat refuses expansions that blow up (since 2.4) and never fetches anything.
    """
    try:
        root = ElementTree.fromstring(data)  # noqa: S314
    except ElementTree.ParseError as error:
        raise unparsable("unreadable", f"Its XML is broken: {error}.") from None
    _check_depth(root)
    return root


def _check_depth(root: ElementTree.Element) -> None:
    level = [root]
    for _ in range(_MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise unparsable("nested_too_deep")


def harmless_name(name: str) -> str:
    """A member's name without `..`, drive letters and leading slashes: it can only lie inside."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    kept = [part.strip() for part in parts if part.strip(" ./\x00") and not part.endswith(":")]
    return "/".join(re.sub(r"\x00|!$", "_", part) for part in kept) or "member"
