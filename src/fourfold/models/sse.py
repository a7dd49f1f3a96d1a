"""Server-sent events: bytes as they arrive from the network in, the data of whole events out."""

from fourfold.core.errors import ModelError

_LARGEST_EVENT = 16 * 2**20  # a server that never ends its line must not fill our memory


class EventDecoder:
    """Cuts a stream of bytes into events, wherever the network happened to cut it.

    Lines may end in LF, CRLF or CR; comments (keep-alives) and fields other than `data` are
    skipped; several `data` lines of one event are joined by a line feed.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes."""
        if not self._rest and not self._data and (events := _simple(piece)):
            return events
        lines = (self._rest + piece).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not _is_whole(lines[-1]) else b""
        events = [
            event for line in lines if (event := self._take(line.rstrip(b"\r\n"))) is not None
        ]
        _check_size(len(self._rest) + self._size)
        return events

    def finish(self) -> list[bytes]:
        """The last event, when the stream ended without the empty line that ends an event."""
        events = self.feed(b"\n\n") if self._rest or self._data else []
        self._rest = b""
        return events

    def _take(self, line: bytes) -> bytes | None:
        if not line:
            event = b"\n".join(self._data) if self._data else None
            self._data, self._size = [], 0
            return event
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
        return None


class WholeAnswer:
    """Takes all there is for one event: the answer of a server that does not stream."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """None before the end."""
        self._pieces.append(piece)
        self._size += len(piece)
        _check_size(self._size)
        return []

    def finish(self) -> list[bytes]:
        """The one event."""
        return [b"".join(self._pieces)]


def _check_size(size: int) -> None:
    if size > _LARGEST_EVENT:
        raise ModelError(
            f"The model's server sent an event of more than {_LARGEST_EVENT} bytes.",
            hint="Look at the server: it does not speak its protocol as we know it.",
        )


def _simple(piece: bytes) -> list[bytes]:
    """The events of a piece as nearly all servers send it: whole ones, a line of data each.

    Nothing when it is not so. Ten times as fast as going line by line.
    """
    if not piece.endswith(b"\n\n") or b"\r" in piece:
        return []
    events = piece[:-2].split(b"\n\n")
    if any(not event.startswith(b"data: ") or b"\n" in event for event in events):
        return []
    return [event[6:] for event in events]


def _is_whole(line: bytes) -> bool:
    """A lone CR at the end may be the first half of a CRLF, so it has to wait."""
    return line.endswith(b"\n")
