"""HTTP/1.1 against servers that send just these bytes: sound ones, rude ones, broken ones."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from fourfold.core.errors import InvalidInput, ModelError, ModelOverloaded
from fourfold.models.client import Client, Timeouts
from fourfold.models.http import BrokenConnection, Pool
from fourfold.models.retry import Retries

OK = b"HTTP/1.1 200 OK\r\n"
HI = OK + b"Content-Length: 2\r\n\r\nhi"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

Talk = Callable[[asyncio.StreamWriter], Awaitable[object]]


@dataclass
class Wire:
    """A server of bytes: says the next of `talks` to each request."""

    port: int = 0
    talks: list[Talk] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def then(self, *talks: bytes | Talk) -> None:
        self.talks += [saying(one) if isinstance(one, bytes) else one for one in talks]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                await (self.talks.pop(0) if len(self.talks) > 1 else self.talks[0])(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()


def saying(*pieces: bytes, close: bool = False) -> Talk:
    async def talk(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)
        if close:
            writer.close()

    return talk


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    yield wire
    server.close()
    for writer in wire.connections:
        writer.close()
    await asyncio.sleep(0.01)


@pytest.fixture
async def pool(wire: Wire) -> AsyncIterator[Pool]:
    pool = pool_of(f"http://127.0.0.1:{wire.port}/v1")
    yield pool
    await pool.close()


def pool_of(url: str, **changes: Any) -> Pool:
    return Pool(url, **{"socket": None, "headers": {}, "connect_seconds": 2, **changes})


async def asked(pool: Pool, content: bytes = b"{}", seconds: float = 2) -> bytes:
    """The body of an answer."""
    deadline = asyncio.get_running_loop().time() + seconds
    connection = await pool.ask("POST", "chat", content, deadline=deadline)
    try:
        body = b""
        while piece := await connection.read(deadline):
            body += piece
        return body
    finally:
        pool.give_back(connection)


@pytest.mark.anyio
async def test_a_request_is_written_as_http_wants_it(wire: Wire) -> None:
    wire.then(HI)
    pool = pool_of(f"http://127.0.0.1:{wire.port}/ä/v1/?version=1", headers={"X": "y"})
    assert await asked(pool, b"body") == b"hi"
    await pool.close()
    assert wire.requests == [
        b"POST /%C3%A4/v1/chat?version=1 HTTP/1.1\r\n"
        + f"Host: 127.0.0.1:{wire.port}\r\n".encode()
        + b"Accept-Encoding: identity\r\nX: y\r\nContent-Length: 4\r\n\r\nbody"
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("talk", "body"),
    [
        (saying(HI), b"hi"),
        (saying(*[bytes([byte]) for byte in HI]), b"hi"),
        (saying(CHUNKED + b"1\r\nh\r\n", b"1;x=y\r\ni\r\n0\r\nTrailer: x\r\n\r\n"), b"hi"),
        (saying(b"HTTP/1.1 100 Continue\r\n\r\n", HI), b"hi"),
        (saying(OK + b"Content-Length: 0\r\n\r\n"), b""),
        (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), b""),
    ],
)
async def test_an_answer_is_read_however_it_comes_and_the_connection_kept(
    wire: Wire, pool: Pool, talk: Talk, body: bytes
) -> None:
    wire.then(talk)
    assert [await asked(pool) for _ in range(3)] == [body] * 3
    assert len(wire.connections) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    "talk",
    [
        saying(OK + b"\r\nhi", close=True),
        saying(b"HTTP/1.0 200 OK\r\n\r\nh", b"i", close=True),
        saying(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi"),
        saying(HI + HI),
        saying(HI, b"and more"),
    ],
)
async def test_a_connection_that_cannot_be_trusted_is_not_kept(
    wire: Wire, pool: Pool, talk: Talk
) -> None:
    wire.then(talk)
    for _ in range(2):
        assert await asked(pool) == b"hi"
        await asyncio.sleep(0.02)
    assert len(wire.connections) == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    "talk",
    [
        saying(OK + b"Content-Length: 5\r\n\r\nhi", close=True),
        saying(CHUNKED + b"2\r\nhi\r\n", close=True),
        saying(CHUNKED + b"nonsense\r\n"),
        saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
        saying(OK + b"X: " + b"x" * 100_000),
        saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        saying(close=True),
    ],
)
async def test_a_broken_answer_is_an_error(wire: Wire, pool: Pool, talk: Talk) -> None:
    wire.then(talk)
    with pytest.raises(BrokenConnection):
        await asked(pool)


@pytest.mark.anyio
async def test_a_connection_that_was_closed_while_it_was_quiet_costs_nothing(
    wire: Wire, pool: Pool
) -> None:
    wire.then(HI)
    await asked(pool)
    wire.connections[0].close()
    await asyncio.sleep(0.02)
    assert await asked(pool) == b"hi"
    assert len(wire.requests) == 2


@pytest.mark.anyio
async def test_a_request_that_crossed_with_the_close_is_sent_once_more(
    wire: Wire, pool: Pool
) -> None:
    wire.then(HI, saying(close=True), HI)
    await asked(pool)
    assert await asked(pool) == b"hi"
    assert len(wire.requests) == 3


@pytest.mark.anyio
async def test_a_fresh_connection_that_closes_is_not_asked_again(wire: Wire, pool: Pool) -> None:
    wire.then(HI, saying(close=True))
    await asked(pool)
    with pytest.raises(BrokenConnection):
        await asked(pool)
    assert len(wire.requests) == 3


@pytest.mark.anyio
async def test_once_an_answer_began_nothing_is_sent_again(wire: Wire, pool: Pool) -> None:
    wire.then(HI, saying(b"HTTP/1.1 2", close=True))
    await asked(pool)
    with pytest.raises(BrokenConnection):
        await asked(pool)
    assert len(wire.requests) == 2


@pytest.mark.anyio
async def test_a_silent_server_is_given_up_and_left(wire: Wire, pool: Pool) -> None:
    wire.then(saying())
    with pytest.raises(TimeoutError):
        await asked(pool, seconds=0.05)
    await asyncio.wait_for(wire.gone.wait(), 2)


@pytest.mark.anyio
async def test_a_cancelled_request_leaves_the_server(wire: Wire, pool: Pool) -> None:
    wire.then(saying(CHUNKED + b"2\r\nhi\r\n"))
    task = asyncio.create_task(asked(pool, seconds=30))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait_for(wire.gone.wait(), 2)


@pytest.mark.anyio
async def test_many_requests_at_once_do_not_mix(wire: Wire, pool: Pool) -> None:
    async def echo(writer: asyncio.StreamWriter) -> None:
        content = wire.requests[-1].rpartition(b"\r\n\r\n")[2]
        await asyncio.sleep(0.01)
        writer.write(OK + b"Content-Length: %d\r\n\r\n%b" % (len(content), content))

    wire.then(echo)
    contents = [b"%d" % number for number in range(50)]
    for _ in range(2):
        assert await asyncio.gather(*(asked(pool, one) for one in contents)) == contents
    assert len(wire.connections) == 50


@pytest.mark.anyio
async def test_a_large_answer_waits_for_a_slow_reader(wire: Wire, pool: Pool) -> None:
    size = 30_000_000
    sent = asyncio.Event()

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % size)
        for _ in range(30):
            writer.write(b"x" * (size // 30))
            await writer.drain()
        sent.set()

    wire.then(flood)
    deadline = asyncio.get_running_loop().time() + 10
    connection = await pool.ask("POST", "chat", b"", deadline=deadline)
    await asyncio.sleep(0.1)
    assert not sent.is_set()  # neither side holds it all
    received = 0
    while piece := await connection.read(deadline):
        received += len(piece)
    pool.give_back(connection)
    assert received == size


@pytest.mark.anyio
async def test_a_reply_without_end_is_cut_off(wire: Wire) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        while True:
            writer.write(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
            await writer.drain()

    wire.then(endless)
    client = Client(url=f"http://127.0.0.1:{wire.port}", retries=Retries(count=0))
    with pytest.raises(ModelError, match="more than"):
        await client.post("chat", {})
    await client.close()


@pytest.mark.anyio
async def test_a_compressed_answer_is_refused_in_words(wire: Wire) -> None:
    wire.then(OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx")
    client = Client(url=f"http://127.0.0.1:{wire.port}", retries=Retries(count=0))
    with pytest.raises(ModelError, match="gzip"):
        await client.post("chat", {})
    await client.close()


@pytest.mark.parametrize("key", ["sk-1\r\nX: y", "schlüssel"])
def test_a_key_that_would_begin_another_header_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Client(url="http://127.0.0.1/v1", api_key=SecretStr(key))
    assert key not in caught.value.message


@pytest.mark.anyio
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_cannot_be_reached_is_told_in_time(wire: Wire, scheme: str) -> None:
    port = wire.port if scheme == "https" else 1  # one that never answers the TLS handshake
    client = Client(
        url=f"{scheme}://127.0.0.1:{port}",
        timeouts=Timeouts(connect_seconds=0.1),
        retries=Retries(count=0),
    )
    with pytest.raises(ModelOverloaded, match="cannot be reached"):
        await client.post("chat", {})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's own, for `localhost`."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key)]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return certificate, key


@pytest.mark.anyio
async def test_https_checks_the_certificate_and_the_name(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(talks=[saying(HI)])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    stranger = pool_of(f"https://localhost:{port}")
    with pytest.raises(ssl.SSLCertVerificationError):
        await asked(stranger)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    other_name = pool_of(f"https://127.0.0.1:{port}")
    with pytest.raises(ssl.SSLCertVerificationError):
        await asked(other_name)
    friend = pool_of(f"https://localhost:{port}")
    assert [await asked(friend) for _ in range(2)] == [b"hi", b"hi"]
    assert len(wire.requests) == 2
    assert len([one for one in wire.connections if not one.is_closing()]) == 1
    await friend.close()
    server.close()
    await asyncio.sleep(0.05)
