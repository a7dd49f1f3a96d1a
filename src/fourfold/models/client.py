"""The way to a model's server: one pool of connections, time-outs, retries, errors in our words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, urlsplit

import msgspec
from pydantic import SecretStr

from fourfold.core.errors import InvalidInput, ModelError, ModelOverloaded
from fourfold.models.http import Connection, NoConnection, Pool, Signer
from fourfold.models.key import Key, key_of, sendable
from fourfold.models.retry import Retries
from fourfold.models.sse import EventDecoder, WholeAnswer
from fourfold.models.trouble import refusal, retry_after

_LARGEST_REPLY: Final = 64 * 2**20
_NO_HEADERS: Final[Mapping[str, str]] = {}
_SHORTEST_TELLING: Final = 8  # characters of a key that nobody may read
_LARGEST_REFUSAL: Final = 100_000  # of which only some words are shown
_DRAIN_SECONDS: Final = 0.1
_DONE: Final = b"[DONE]"
_KEYS_BEGIN: Final = ("sk-", "pk-", "key-", "AIza")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHORTEST_ROW: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a server may be silent."""

    connect_seconds: float = 5.0
    first_byte_seconds: float = 120.0  # a long prompt on a slow machine
    idle_seconds: float = 60.0  # between two pieces of a stream
    total_seconds: float = 600.0


class StreamDecoder(Protocol):
    """Cuts the bytes of a stream into events, wherever the network happened to cut them."""

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes."""
        ...

    def finish(self) -> list[bytes]:
        """The events that the end of the stream completes."""
        ...


class Client:
    """Speaks JSON over HTTP with one server, by address or by unix socket.

    Connections are reused. A failed try is repeated as `retries` says, but never once a byte of
    the answer has arrived. The key stands in the request's header and nowhere else: in
    `Authorization` behind `Bearer`, or alone in another one; or `sign` makes headers of it. Either
    is made anew for each try. `decoder` makes what reads a stream.
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: Key = None,
        socket: Path | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        key_header: str = "Authorization",
        headers: Mapping[str, str] = _NO_HEADERS,
        sign: Signer | None = None,
        decoder: Callable[[], StreamDecoder] = EventDecoder,
    ) -> None:
        self._origin = origin_of(_checked(url))
        self._key = api_key
        self._key_header = key_header
        self.socket = socket
        self._timeouts = timeouts or Timeouts()
        self._retries = retries or Retries()
        self._decoder = decoder
        sent = {"Content-Type": "application/json", **headers}
        if isinstance(api_key, SecretStr) and sign is None:
            sent |= self._proof(api_key)
        self._pool = Pool(
            url,
            socket=socket,
            headers=sent,
            connect_seconds=self._timeouts.connect_seconds,
            sign=sign or (self._present_proof if callable(api_key) else None),
            sends_twice=self._retries.resend == "failed",
        )

    async def post(self, path: str, body: Mapping[str, Any]) -> bytes:
        """The body of the reply to a JSON body."""
        answer = await self._answered(path, msgspec.json.encode(body))
        try:
            pieces, size = [], 0
            while piece := await self._next(answer):
                pieces.append(piece)
                size += len(piece)
                if size > _LARGEST_REPLY:
                    raise ModelError(f"The model's server sent more than {_LARGEST_REPLY} bytes.")
            return b"".join(pieces)
        finally:
            self._pool.give_back(answer.connection)

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[list[bytes], None]:
        """The events of the reply up to `[DONE]`, those together that arrived together.

        A server that does not stream answers with JSON, which is one event. Closing the iterator
        closes the connection.
        """
        decoder: StreamDecoder | None = None
        answer = await self._answered(path, msgspec.json.encode(body))
        try:
            while piece := await self._next(answer):
                if decoder is None:
                    decoder = WholeAnswer() if _is_json(answer, piece) else self._decoder()
                events = decoder.feed(piece)
                if _DONE in events:
                    yield events[: events.index(_DONE)]
                    await self._drain(answer)
                    return
                if events:
                    yield events
            if decoder is not None:
                yield [event for event in decoder.finish() if event != _DONE]
        finally:
            self._pool.give_back(answer.connection)

    @contextmanager
    def hiding_key(self) -> Iterator[None]:
        """Take the key out of what a server says in an error: some repeat it."""
        try:
            yield
        except ModelError as error:
            key = key_of(self._key)
            whole = key.get_secret_value() if key else ""
            for secret in (whole, *whole.split(":")):  # some keys are pairs
                for length in range(len(secret), _SHORTEST_TELLING - 1, -1):  # it may be cut off
                    error.message = error.message.replace(secret[:length], "[key]")
            error.args = (error.message,)
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    def _proof(self, key: SecretStr) -> dict[str, str]:
        scheme = "Bearer " if self._key_header == "Authorization" else ""
        return {self._key_header: f"{scheme}{sendable(key)}"}

    def _present_proof(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        key = key_of(self._key)
        return self._proof(key) if key else {}

    async def _answered(self, path: str, content: bytes) -> _Answer:
        """An accepted request whose answer has begun."""
        return await self._retries.run(lambda: self._try(path, content))

    async def _try(self, path: str, content: bytes) -> _Answer:
        now = asyncio.get_running_loop().time()
        limit = self._timeouts.first_byte_seconds
        try:
            connection = await self._pool.ask("POST", path, content, deadline=now + limit)
            if connection.status != 200:
                await self._refuse(connection, deadline=now + limit)
            self._refuse_encoding(connection)
        except TimeoutError as error:
            raise self._too_slow("begin its answer", limit) from error
        except OSError as error:
            unserved = isinstance(error, NoConnection)
            raise self._unreachable(_cause(error), is_unserved=unserved) from error
        return _Answer(connection, now + self._timeouts.total_seconds)

    async def _refuse(self, connection: Connection, *, deadline: float) -> None:
        said = b""
        try:
            while len(said) < _LARGEST_REFUSAL and (piece := await connection.read(deadline)):
                said += piece
        finally:
            self._pool.give_back(connection)
        words = said[:_LARGEST_REFUSAL].decode(errors="replace")
        asked = connection.headers.get(b"retry-after", b"").decode("latin-1")
        with self.hiding_key():
            raise refusal(connection.status, words, self._place, retry_after(asked))

    def _refuse_encoding(self, connection: Connection) -> None:
        encoding = connection.headers.get(b"content-encoding", b"identity")
        if encoding.lower() != b"identity":
            connection.close()
            raise ModelError(
                f"The model's server sent its answer as `{encoding.decode('latin-1')[:50]}`.",
                hint="We ask for plain text; look for a proxy that compresses all the same.",
            )

    async def _drain(self, answer: _Answer) -> None:
        """Read the end that follows `[DONE]` at once, so that the connection can be used again."""
        with suppress(OSError):  # which a time-out is too
            await answer.connection.read(asyncio.get_running_loop().time() + _DRAIN_SECONDS)

    async def _next(self, answer: _Answer) -> bytes:
        now = asyncio.get_running_loop().time()
        limit = min(self._timeouts.idle_seconds, max(answer.deadline - now, 0.0))
        try:
            return await answer.connection.read(now + limit)
        except TimeoutError as error:
            raise self._too_slow("go on with its answer", limit) from error
        except OSError as error:
            raise ModelOverloaded(
                f"The connection to {self._place} broke in the middle of an answer.",
                hint="Ask again; what had arrived is not complete.",
            ) from error

    @property
    def _place(self) -> str:
        """The address as it may be shown: without user, password and query."""
        return "the embedded model" if self.socket else f"`{self._origin}`"

    def _unreachable(self, cause: str, *, is_unserved: bool) -> ModelOverloaded:
        return ModelOverloaded(
            f"The model's server at {self._place} cannot be reached: {cause}.",
            hint="Check that it runs and that the address is right.",
            is_unserved=is_unserved,
        )

    def _too_slow(self, what: str, seconds: float) -> ModelOverloaded:
        return ModelOverloaded(
            f"The model's server at {self._place} did not {what} within {seconds:g} seconds.",
            hint="Try again later, shorten the prompt, or allow more time.",
        )


@dataclass(slots=True)
class _Answer:
    connection: Connection
    deadline: float  # on the clock of the event loop


def _is_json(answer: _Answer, first_piece: bytes) -> bool:
    """Whether it is no stream; some servers call one JSON too, but its events begin otherwise."""
    kind = answer.connection.headers.get(b"content-type", b"")
    is_object = first_piece.lstrip().startswith(b"{")
    return is_object and kind.split(b";")[0].strip().lower() == b"application/json"


def origin_of(address: SplitResult) -> str:
    """The address as it may be shown: without user, password, path and query."""
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://{host}{port}"


def told_address(url: str) -> str:
    """The address as it may be kept: without user, password and query, and what stands in its path
    like a key only as a mark of it, so that two keys stay two addresses.
    """
    address = urlsplit(url)
    parts = [_marked(part) if _is_like_a_key(part) else part for part in address.path.split("/")]
    return origin_of(address) + "/".join(parts)


def _is_like_a_key(part: str) -> bool:
    """Letters and digits in one long row, as in no name of a model, a project or a region."""
    if part.startswith(_KEYS_BEGIN) or _UUID.fullmatch(part):
        return True
    return any(
        len(row) >= _SHORTEST_ROW and re.search("[A-Za-z]", row) and re.search("[0-9]", row)
        for row in re.findall("[A-Za-z0-9]+", part)
    )


def _marked(part: str) -> str:
    return f"[key {sha256(part.encode()).hexdigest()[:8]}]"


def _checked(url: str) -> SplitResult:
    """The parts of the address; keys do not belong into it."""
    try:
        address = urlsplit(url)
        usable = address.scheme in {"http", "https"} and address.hostname and address.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise InvalidInput(
            "The address of the model's server is not a web address.",
            hint="Write it like `http://localhost:8000/v1`.",
        )
    if address.username or address.password:
        raise InvalidInput(
            f"The address of the model's server `{address.hostname}` holds a user or a password.",
            hint="Give the key in the environment instead.",
        )
    return address


def _cause(error: OSError) -> str:
    """In words, without the address: it may hold a password."""
    return error.strerror or str(error) or type(error).__name__
