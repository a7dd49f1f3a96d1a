"""HTTP/1.1 with one server: connections that are kept, one request on each at a time.

Small, because calling a model is half of what a request costs (`benchmarks/server.md`): no
redirects, no cookies, no compression, no proxies.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import SOCK_STREAM
from typing import Final, TypeAlias, cast
from urllib.parse import quote, urlsplit

import httptools

_LARGEST_HEAD: Final = 64 * 2**10
_LARGEST_BUFFER: Final = 2**20  # of what has arrived and nobody has read yet
_KEPT_SECONDS: Final = 15.0  # a firewall forgets quiet connections without a word
_SURELY_KEPT_SECONDS: Final = 2.0  # no server is known that closes quiet connections sooner
_MOST_KEPT: Final = 256
_STAGGER_SECONDS: Final = 0.25  # before the next address is tried beside one that is silent

Signer: TypeAlias = Callable[[str, str, bytes], Mapping[str, str]]
"""Further headers for a request, by its method, its path as it is sent, and its body."""


class BrokenConnection(ConnectionError):
    """No connection, or one that ended or spoke nonsense before the answer was whole."""


class NoConnection(BrokenConnection):
    """No connection could be made: nothing of the request was sent."""


class Connection(asyncio.Protocol):
    """One connection: sends a request, then gives its answer piece by piece.

    Deadlines are on the clock of the event loop; what misses one raises `TimeoutError`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None
        self._lost: BrokenConnection | None = None
        self._may_be_kept = False
        self.kept_since = 0.0
        self._buffered = 0
        self._forget()

    def send(self, request: bytes) -> None:
        """Send a whole request; what the last one left behind is forgotten."""
        self._forget()
        self._transport.write(request)

    async def begin(self, deadline: float) -> None:
        """Wait until the head of the answer and a first piece of its body are there."""
        while not self._pieces and not self.ended:
            await self._wait(deadline)

    async def read(self, deadline: float) -> bytes:
        """What has arrived of the body, at least a byte; nothing after its end."""
        await self.begin(deadline)
        content = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        if self._buffered > _LARGEST_BUFFER and self._lost is None:
            self._transport.resume_reading()
        self._buffered = 0
        return content

    @property
    def can_be_kept(self) -> bool:
        """True when the answer is complete and the server stays on the line."""
        written = self._lost is None and self._transport.get_write_buffer_size() == 0
        return written and self.ended and self._may_be_kept and not self._pieces

    @property
    def is_open(self) -> bool:
        """False once the server or we have closed it."""
        return self._lost is None

    def close(self) -> None:
        """Close it now, whatever is on its way: that is how a server learns to stop."""
        self._lost = self._lost or BrokenConnection("closed")
        self._transport.abort()

    def _forget(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}  # lower-case names
        self.heard = False  # true with the first byte of the answer
        self.ended = False
        self._head_size = 0
        self._in_head = True
        self._pieces: list[bytes] = []
        self._buffered = 0

    async def _wait(self, deadline: float) -> None:
        if self._lost is not None:
            raise self._lost
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_at(deadline, _give_up, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take in what the server says; out of turn, or if it is no HTTP, hang up."""
        if self.ended or self._lost is not None:
            self.close()
            return
        self.heard = True
        self._head_size += len(data) if self._in_head else 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._lost = BrokenConnection("what it sends is not HTTP")
        if self._in_head and self._head_size > _LARGEST_HEAD:
            self._lost = BrokenConnection("its headers are too long")
        if self._lost is not None:
            self._transport.abort()
        elif self._buffered > _LARGEST_BUFFER:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """An answer that told no length ends so; any other is broken."""
        told = self.headers.keys() & {b"content-length", b"transfer-encoding"}
        if self._lost is None and error is None and not self._in_head and not told:
            self.ended = True
        strerror = error.strerror if isinstance(error, OSError) else None
        self._lost = self._lost or BrokenConnection(strerror or "the connection was closed")
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Refuse a second answer to one request."""
        if self.ended:
            raise BrokenConnection("it answers what was not asked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; what trails a body is not asked for."""
        if self._in_head:
            self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The answer begins, unless this was only a word on the way to it."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers = {}
            return
        self._in_head = False

    def on_body(self, piece: bytes) -> None:
        """Keep a piece until it is read."""
        self._pieces.append(piece)
        self._buffered += len(piece)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self.ended = not self._in_head
        self._may_be_kept = self._parser.should_keep_alive()


class Pool:
    """The connections to one server, by address or by unix socket.

    `headers` go with every request; what `sign` says, with just that one. A server may close a
    quiet connection while a request is on its way to it. Whether it read that request cannot be
    known: with `sends_twice` it is sent once more, on a new connection.
    """

    def __init__(
        self,
        url: str,
        *,
        socket: Path | None,
        headers: Mapping[str, str],
        connect_seconds: float,
        sign: Signer | None = None,
        sends_twice: bool = True,
    ) -> None:
        address = urlsplit(url)
        self._secure = address.scheme == "https"
        self._host = _ascii(address.hostname or "")
        self._port = address.port or (443 if self._secure else 80)
        self._socket = socket
        self._path = quote(address.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        query = quote(address.query, safe="/?%:@!$&'()*+,;=~")
        self._query = f"?{query}" if query else ""
        named = {"Host": host_header(url), "Accept-Encoding": "identity"}
        self._headers = _lines({**named, **headers})
        self._sign = sign
        self._connect_seconds = connect_seconds
        self._sends_twice = sends_twice
        self._kept_seconds = _KEPT_SECONDS if sends_twice else _SURELY_KEPT_SECONDS
        self._idle: deque[Connection] = deque()  # the most recently used at the end
        self._tls: ssl.SSLContext | None = None

    async def ask(self, method: str, path: str, content: bytes, *, deadline: float) -> Connection:
        """A connection on which the answer to this request has begun; give it back at the end."""
        target = f"{self._path}/{path}{self._query}"
        line = f"{method} {target} HTTP/1.1\r\n".encode("ascii")
        signed = _lines(self._sign(method, target, content)) if self._sign else b""
        head = b"%b%b%bContent-Length: %d\r\n\r\n" % (line, self._headers, signed, len(content))
        request = head + content
        kept = self._take()
        if kept is not None:
            try:
                return await _begun(kept, request, deadline)
            except BrokenConnection:
                if kept.heard or not self._sends_twice:
                    raise
        return await _begun(await self._connect(), request, deadline)

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for the next request, or close it in the middle of an answer."""
        if not connection.can_be_kept or self._socket is not None:
            connection.close()  # llama.cpp, on the socket, closes after each stream anyway
            return
        connection.kept_since = now = asyncio.get_running_loop().time()
        self._idle.append(connection)
        while len(self._idle) > _MOST_KEPT or self._idle[0].kept_since < now - self._kept_seconds:
            self._idle.popleft().close()

    async def close(self) -> None:
        """Close the quiet connections; those in use close when they are given back."""
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # the event loop closes the sockets in its next round

    def _take(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - self._kept_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.kept_since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._open(loop)
        except TimeoutError as error:
            raise NoConnection("no connection in time") from error
        except ssl.SSLError:
            raise  # it is there, and not to be trusted
        except OSError as error:
            raise NoConnection(error.strerror or str(error) or type(error).__name__) from error

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Connection:
        if self._socket is not None:
            made = await loop.create_unix_connection(lambda: Connection(loop), str(self._socket))
            return made[1]
        from aiohappyeyeballs import start_connection  # uvloop tries one address after the other

        addresses = await loop.getaddrinfo(self._host, self._port, type=SOCK_STREAM)
        sock = await start_connection(addresses, happy_eyeballs_delay=_STAGGER_SECONDS, loop=loop)
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(loop), sock=sock, ssl=self._context(),
                server_hostname=self._host if self._secure else None,
            )  # fmt: skip
        except BaseException:
            sock.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext | None:
        if self._secure and self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


async def _begun(connection: Connection, request: bytes, deadline: float) -> Connection:
    connection.send(request)
    try:
        await connection.begin(deadline)
    except BaseException:
        connection.close()
        raise
    return connection


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def host_header(url: str) -> str:
    """What a request to this address says in `Host`."""
    address = urlsplit(url)
    host = _ascii(address.hostname or "")
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{address.port}" if address.port else name


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
