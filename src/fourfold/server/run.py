"""Runs the server on a port until it is told to stop, and lets requests in work end first."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from asyncio import TimerHandle, Transport
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fourfold.server.app import ASGIApp

_HEADER_SECONDS = 15.0
_KEEP_ALIVE_SECONDS = 15
_MOST_CONNECTIONS = 2_000


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    drain_seconds: int = 30,
    started: Callable[[str, int], None] = lambda host, port: None,
) -> None:
    """Listen until SIGTERM or SIGINT, then accept nothing new and let what is in work end.

    `started` hears the address, once requests are accepted; port 0 has become a real one then.
    What still works after `drain_seconds` is cancelled. Returns normally, so that the caller can
    close what it opened, traces above all.
    """

    def ready(host: str, port: int) -> None:
        # What is loaded by now stays: the collector need not walk through it at each full round.
        gc.collect()
        gc.freeze()
        started(host, port)

    await server_for(app, host, port, drain_seconds=drain_seconds, started=ready).serve()
    gc.unfreeze()


def server_for(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    drain_seconds: int = 30,
    started: Callable[[str, int], None] = lambda host, port: None,
) -> DrainingServer:
    """The server before it runs; setting `should_exit` stops it as a signal does."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientHttp,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who asks is known by a key, never by an address that a client sends
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    return DrainingServer(config, started)


class PatientHttp(HttpToolsProtocol):
    """uvicorn's protocol, with a limit on the time that the headers of a request may take.

    Without it a client that sends a header a minute would hold a connection for ever.
    """

    _header_limit: TimerHandle | None = None
    _in_headers = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._header_limit = self.loop.call_later(_HEADER_SECONDS, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the headers; mostly they come in one piece and none is left."""
        super().data_received(data)
        if self._in_headers and self._header_limit is None:
            self._header_limit = self.loop.call_later(_HEADER_SECONDS, self.transport.close)

    def on_message_begin(self) -> None:
        """The headers of a request follow."""
        super().on_message_begin()
        self._in_headers = True

    def on_headers_complete(self) -> None:
        """All headers have come in time."""
        self._in_headers = False
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._header_limit is not None:
            self._header_limit.cancel()
            self._header_limit = None


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which says when it listens, and ends without ending its process."""

    def __init__(self, config: uvicorn.Config, started: Callable[[str, int], None]) -> None:
        super().__init__(config)
        self._when_started = started

    async def startup(self, sockets: Any = None) -> None:
        """Listen, and tell where."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._when_started(host, port)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop at a signal. uvicorn would send it once more afterwards, to end the process."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for one in signals:
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in signals:
                loop.remove_signal_handler(one)
