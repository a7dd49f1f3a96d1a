"""Amazon's event streams: bytes as they arrive from the network in, whole events out.

`application/vnd.amazon.eventstream`: two lengths and their checksum, headers, a payload, and a
checksum of all (https://smithy.io/2.0/aws/amazon-eventstream.html).
"""

import struct
from binascii import crc32
from collections.abc import Iterator
from typing import Final

import msgspec

from fourfold.core.errors import ModelError
from fourfold.models.trouble import broken_off

_LARGEST_EVENT: Final = 16 * 2**20
_PRELUDE: Final = struct.Struct("!III")  # length of all, length of the headers, checksum of both
_CHECKSUM: Final = struct.Struct("!I")
_SMALLEST_EVENT: Final = _PRELUDE.size + _CHECKSUM.size
_SIZES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # of values, by their type
_BYTES, _TEXT = 6, 7  # the types whose values begin with their length
_LENGTH: Final = struct.Struct("!H")


class EventStreamDecoder:
    """Cuts a stream of bytes into events, wherever the network happened to cut it.

    Each event is a JSON object with one field: the name of its kind, and its payload.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes."""
        self._rest += piece
        return list(self._whole())

    def finish(self) -> list[bytes]:
        """Nothing; raises `ModelOverloaded` when the stream ended within an event."""
        if self._rest:
            raise broken_off()
        return []

    def _whole(self) -> Iterator[bytes]:
        while len(self._rest) >= _PRELUDE.size:
            size, head_size, checksum = _PRELUDE.unpack_from(self._rest)
            if crc32(self._rest[:8]) != checksum:
                raise _damaged("the checksum of its lengths is wrong")
            if not _SMALLEST_EVENT + head_size <= size <= _LARGEST_EVENT:
                raise _damaged(f"it says that it has {size} bytes")
            if len(self._rest) < size:
                return
            message, self._rest = self._rest[:size], self._rest[size:]
            if crc32(message[:-4]) != _CHECKSUM.unpack(message[-4:])[0]:
                raise _damaged("its checksum is wrong")
            head_end = _PRELUDE.size + head_size
            yield _event(_headers(message[_PRELUDE.size : head_end]), message[head_end:-4])


def _event(headers: dict[str, str], payload: bytes) -> bytes:
    kind = headers.get(":event-type") or headers.get(":exception-type")
    if headers.get(":message-type") == "error" or kind is None:
        said = {"message": headers.get(":error-message") or headers.get(":error-code", "no cause")}
        return msgspec.json.encode({"error": said})
    return b"{%b:%b}" % (msgspec.json.encode(kind), payload or b"{}")


def _headers(data: bytes) -> dict[str, str]:
    """The headers whose values are texts: the others are not needed."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name, kind = data[at + 1 : name_end], data[name_end]
            at = name_end + 1
            size = _SIZES.get(kind)
            if size is None:
                if kind not in (_BYTES, _TEXT):
                    raise _damaged(f"a header has the unknown type {kind}")
                size, at = _LENGTH.unpack_from(data, at)[0], at + _LENGTH.size
            if at + size > len(data):
                raise _damaged("its headers are cut off")
            if kind == _TEXT:
                found[name.decode()] = data[at : at + size].decode()
            at += size
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise _damaged("its headers cannot be read") from error
    return found


def _damaged(cause: str) -> ModelError:
    return ModelError(
        f"The model's server sent what is no event of Amazon's event streams: {cause}.",
        hint="Check the address; a proxy in between must not change what passes.",
    )
