"""One request and its answer, directly on ASGI: bounded reading, JSON, events, leaving clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Final, TypeAlias

from fourfold.access import Caller
from fourfold.core.errors import InvalidInput
from fourfold.server.errors import BodyTooLarge, BodyTooSlow
from fourfold.server.services import LOCAL, Limits

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_JSON: Headers = ((b"content-type", b"application/json"),)
_EVENTS: Headers = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would hold the pieces back
)

_UNWATCHED_SECONDS: Final = 0.05  # most answers are there by then, and need no task beside them


class ClientLeft(asyncio.CancelledError):
    """Nobody waits for the answer any more: whatever works on it is cancelled."""


class Exchange:
    """A request, who sent it, and the way back. `status` is 0 until the answer begins."""

    __slots__ = (
        "_headers", "_limits", "_receive", "_send", "caller", "parameters", "scope", "status",
        "whole",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._limits = limits
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.caller: Caller = LOCAL  # replaced before any handler runs
        self.parameters: dict[str, str] = {}
        self.status = 0
        self.whole = False  # the answer was sent to its end by another application

    @property
    def path(self) -> str:
        """What was asked for, decoded."""
        path: str = self.scope["path"]
        return path

    def header(self, name: bytes) -> bytes | None:
        """The header of that lower-case name; sent twice, it is refused as a trick."""
        if len(self._headers) < len(self.scope["headers"]):
            times = sum(key == name for key, _ in self.scope["headers"])
            if times > 1:
                raise InvalidInput(
                    f"The header `{name.decode()}` came {times} times.", hint="Send it once."
                )
        return self._headers.get(name)

    async def body(self) -> bytes:
        """The whole body, within the limits of size and time."""
        self._refuse_announced_size()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._read()
        except TimeoutError as error:
            raise BodyTooSlow(
                f"The body did not arrive within {self._limits.body_seconds:g} seconds.",
                hint="Send it faster, or less of it.",
            ) from error

    def replayed(self, body: bytes) -> Receive:
        """The body once more, for another ASGI application, and then what follows it."""
        unread = [body]

        async def receive() -> Event:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await self._receive()

        return receive

    async def send(self, event: Event) -> None:
        """Pass an ASGI event on."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
        self.whole = event["type"] == "http.response.body" and not event.get("more_body", False)
        await self._send(event)

    async def answer(
        self, content: bytes, *, status: int = 200, headers: Headers = (), kind: Headers = _JSON
    ) -> None:
        """Send a whole answer, JSON unless said otherwise."""
        length = (b"content-length", str(len(content)).encode())
        await self._start(status, [*kind, length, *headers])
        await self._send({"type": "http.response.body", "body": content})

    async def event(self, data: bytes) -> None:
        """Send one server-sent event; the first begins the answer."""
        if not self.status:
            await self._start(200, _EVENTS)
        content = b"data: " + data + b"\n\n"
        await self._send({"type": "http.response.body", "body": content, "more_body": True})

    async def end_events(self) -> None:
        """Close the stream in the way that OpenAI's clients wait for."""
        await self._send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    def until_client_leaves(self) -> AbstractAsyncContextManager[None]:
        """Cancel what runs inside as soon as the client is gone, and raise `ClientLeft`."""
        return _UntilClientLeaves(self._receive)

    async def _start(self, status: int, headers: Headers) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _read(self) -> bytes:
        pieces: list[bytes] = []
        size, more = 0, True
        while more:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientLeft
            piece = event.get("body", b"")
            size += len(piece)
            self._refuse_size(size)
            pieces.append(piece)
            more = event.get("more_body", False)
        return b"".join(pieces)

    def _refuse_announced_size(self) -> None:
        announced = self.header(b"content-length")
        if announced is not None and announced.isdigit():
            self._refuse_size(int(announced[:20]))

    def _refuse_size(self, size: int) -> None:
        if size > self._limits.body_bytes:
            raise BodyTooLarge(
                f"The body is larger than {self._limits.body_bytes} bytes.",
                hint="Send less, or raise FOURFOLD_MAX_REQUEST_BYTES.",
            )


class _UntilClientLeaves:
    """Watches the connection beside the work on its answer, once that takes a while."""

    __slots__ = ("_left", "_receive", "_timer", "_watcher", "_worker")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = False
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        worker = asyncio.current_task()
        assert worker is not None
        self._worker = worker
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_UNWATCHED_SECONDS, self._begin)

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        cancelled = isinstance(error, asyncio.CancelledError)
        if cancelled and self._left and self._worker.uncancel() == 0:
            raise ClientLeft from None

    def _begin(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._worker.cancel()
