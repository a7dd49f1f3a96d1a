"""The way to a model's server: one pool of connections, time-outs, retries, errors in our words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
from yarl import URL

from fourfold.core.errors import InvalidInput, ModelError, ModelOverloaded
from fourfold.models.retry import Retries
from fourfold.models.sse import EventDecoder
from fourfold.models.trouble import refusal, retry_after

if TYPE_CHECKING:
    from pydantic import SecretStr

_LARGEST_REPLY = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a server may be silent."""

    connect_seconds: float = 5.0
    first_byte_seconds: float = 120.0  # a long prompt on a slow machine
    idle_seconds: float = 60.0  # between two pieces of a stream
    total_seconds: float = 600.0


class Client:
    """Speaks JSON over HTTP with one server, by address or by unix socket.

    Connections are reused. A failed try is repeated as `retries` says, but never once a byte of
    the answer has arrived. The key stands in the request's header and nowhere else.
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: SecretStr | None = None,
        socket: Path | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._url = _checked(url)
        self._key = api_key
        self.socket = socket
        self._timeouts = timeouts or Timeouts()
        self._retries = retries or Retries()
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str) -> bytes:
        """The body of a resource."""
        async with self._answered("GET", path, None) as answer:
            return await self._whole(answer)

    async def post(self, path: str, body: Mapping[str, Any]) -> bytes:
        """The body of the reply to a JSON body."""
        async with self._answered("POST", path, body) as answer:
            return await self._whole(answer)

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
        """The events of the reply up to `[DONE]`; closing the iterator closes the connection."""
        decoder = EventDecoder()
        async with self._answered("POST", path, body) as answer:
            piece = answer.first
            while piece:
                for event in decoder.feed(piece):
                    if event == b"[DONE]":
                        await self._drain(answer)
                        return
                    yield event
                piece = await self._next(answer)
            for event in decoder.finish():
                yield event

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _answered(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> AsyncIterator[_Answer]:
        """An accepted request and the first bytes of its answer."""
        content = None if body is None else msgspec.json.encode(body)
        answer = await self._retries.run(lambda: self._try(method, path, content))
        try:
            yield answer
        finally:
            # Closed, not released, unless all was read: that is how the server learns to stop.
            if not answer.response.content.at_eof():
                answer.response.close()
            answer.response.release()

    async def _try(self, method: str, path: str, content: bytes | None) -> _Answer:
        limit = self._timeouts.first_byte_seconds
        deadline = asyncio.get_running_loop().time() + self._timeouts.total_seconds
        try:
            async with asyncio.timeout(limit), AsyncExitStack() as undo:
                response = await self._open().request(
                    method, f"{self._url}/{path}", data=content, headers=self._headers(),
                    allow_redirects=False,
                )  # fmt: skip
                undo.callback(response.close)
                if response.status != 200:
                    await self._refuse(response)
                first = await response.content.readany()
                undo.pop_all()
        except aiohttp.ServerTimeoutError as error:
            raise self._unreachable("no connection in time") from error
        except TimeoutError as error:
            raise self._too_slow("begin its answer", limit) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(_cause(error)) from error
        return _Answer(response, first, deadline)

    async def _refuse(self, response: aiohttp.ClientResponse) -> None:
        said = (await response.content.read(100_000)).decode(errors="replace")
        if self._key is not None and self._key.get_secret_value():
            said = said.replace(self._key.get_secret_value(), "[key]")
        raise refusal(response.status, said, self._place, retry_after(response.headers))

    async def _whole(self, answer: _Answer) -> bytes:
        pieces, size = [answer.first], len(answer.first)
        while piece := await self._next(answer):
            pieces.append(piece)
            size += len(piece)
            if size > _LARGEST_REPLY:
                raise ModelError(f"The model's server sent more than {_LARGEST_REPLY} bytes.")
        return b"".join(pieces)

    async def _drain(self, answer: _Answer) -> None:
        """Read the end that follows `[DONE]` at once, so that the connection can be used again."""
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(0.1):
                await answer.response.content.readany()

    async def _next(self, answer: _Answer) -> bytes:
        left = answer.deadline - asyncio.get_running_loop().time()
        limit = min(self._timeouts.idle_seconds, max(left, 0.0))
        try:
            async with asyncio.timeout(limit):
                return await answer.response.content.readany()
        except TimeoutError as error:
            raise self._too_slow("go on with its answer", limit) from error
        except (aiohttp.ClientError, OSError) as error:
            raise ModelOverloaded(
                f"The connection to {self._place} broke in the middle of an answer.",
                hint="Ask again; what had arrived is not complete.",
            ) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector: aiohttp.BaseConnector
            if self.socket:
                # llama.cpp closes after each stream; another connection costs some microseconds.
                connector = aiohttp.UnixConnector(path=str(self.socket), limit=0, force_close=True)
            else:
                connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=60)
            connect = self._timeouts.connect_seconds
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return headers

    @property
    def _place(self) -> str:
        """The address as it may be shown: without user, password and query."""
        return "the embedded model" if self.socket else f"`{URL(self._url).origin()}`"

    def _unreachable(self, cause: str) -> ModelOverloaded:
        return ModelOverloaded(
            f"The model's server at {self._place} cannot be reached: {cause}.",
            hint="Check that it runs and that the address is right.",
        )

    def _too_slow(self, what: str, seconds: float) -> ModelOverloaded:
        return ModelOverloaded(
            f"The model's server at {self._place} did not {what} within {seconds:g} seconds.",
            hint="Try again later, shorten the prompt, or allow more time.",
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    response: aiohttp.ClientResponse
    first: bytes
    deadline: float  # on the clock of the event loop


def _checked(url: str) -> str:
    """The address without a slash at its end; keys do not belong into it."""
    address = URL(url)
    if address.scheme not in {"http", "https"} or not address.host:
        raise InvalidInput(
            "The address of the model's server is not a web address.",
            hint="Write it like `http://localhost:8000/v1`.",
        )
    if address.user or address.password:
        raise InvalidInput(
            f"The address of the model's server `{address.host}` holds a user or a password.",
            hint="Give the key in the environment instead.",
        )
    return url.rstrip("/")


def _cause(error: Exception) -> str:
    """In words, without the address: it may hold a password."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
