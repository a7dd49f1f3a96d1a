"""ZIP archives whose members may be packed with Zstandard, as Inspect writes them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self
from zipfile import ZipFile, ZipInfo

from fourfold.core.errors import InvalidInput, MissingExtra

_ZSTANDARD: Final = 93  # https://pkwaredownloads.blob.core.windows.net/pem/APPNOTE.txt, 4.4.5
_HEADER: Final = 30  # bytes of a local header before name and extra field
_LARGEST: Final = 4 * 1024**3  # bytes that an archive may hold unpacked


class Archive:
    """Reads an archive. Python's own `zipfile` knows Zstandard only from 3.14 on."""

    def __init__(self, file: Path) -> None:
        self._stream: BinaryIO = file.open("rb")
        try:
            self._zip = ZipFile(self._stream)
        except Exception:
            self._stream.close()
            raise
        self._members = {one.filename: one for one in self._zip.infolist()}
        if sum(one.file_size for one in self._members.values()) > _LARGEST:
            self._stream.close()
            raise InvalidInput(
                f"`{file}` unpacks to more than {_LARGEST // 1024**3} GiB.",
                hint="Write fewer samples into it.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    @property
    def names(self) -> list[str]:
        """The names of all members."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """The content of a member; never more than the archive says that it is."""
        member = self._members[name]
        if member.compress_type != _ZSTANDARD:
            return self._zip.read(member)
        return _unpacked(self._packed(member), member.file_size)

    def _packed(self, member: ZipInfo) -> bytes:
        self._stream.seek(member.header_offset)
        header = self._stream.read(_HEADER)
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        self._stream.seek(member.header_offset + _HEADER + name + extra)
        return self._stream.read(member.compress_size)


def _unpacked(packed: bytes, size: int) -> bytes:
    try:
        from zstandard import ZstdDecompressor, ZstdError
    except ImportError as error:
        raise MissingExtra("Reading `.eval` files of Inspect", "inspect") from error
    try:
        with ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
            return reader.read(size)
    except ZstdError as error:
        raise ValueError(str(error)) from error
