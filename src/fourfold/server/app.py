"""The server as an ASGI application: find the route, find the caller, keep the bounds, answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from fourfold.core.errors import FourfoldError
from fourfold.core.records import Role
from fourfold.server.api.loading import LazyApi
from fourfold.server.entry import Entry, require
from fourfold.server.errors import (
    TooBusy,
    TookTooLong,
    Unexpected,
    error_body,
    headers_of,
    status_of,
)
from fourfold.server.exchange import ClientLeft, Exchange, Receive, Scope, Send
from fourfold.server.health import HealthRoutes
from fourfold.server.metrics import Metrics
from fourfold.server.openai.routes import OpenAIRoutes
from fourfold.server.openai.scoring import ScoringRoutes
from fourfold.server.routes import Router, all_routes
from fourfold.server.services import Services

_log = logging.getLogger(__name__)

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def create_app(services: Services) -> ASGIApp:
    """The server over these services. Opens and closes nothing: that is the caller's."""
    return App(services)


class App:
    """Routes requests; what it lets through is known, allowed, bounded, counted."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._limits = services.limits
        self._entry = Entry(services.keys, services.entry)
        self._metrics = Metrics(services.tracer, in_flight=lambda: self._in_flight)
        openai = OpenAIRoutes(services, self._metrics)
        self._router = Router(
            all_routes(openai, ScoringRoutes(services), HealthRoutes(services, self._metrics))
        )
        self._api = LazyApi(services, self._metrics)
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(Exchange(scope, receive, send, self._limits))

    async def _serve(self, exchange: Exchange) -> None:
        start = time.perf_counter()
        route = "none"
        try:
            role, route, answer = self._find(exchange)
            await self._let_in(exchange, role, answer)
        except ClientLeft:
            exchange.status = 499  # as nginx counts them
        except FourfoldError as error:
            await _refuse(exchange, error)
        except Exception:  # noqa: BLE001 the outermost edge of a request
            _log.exception("%s %s failed", exchange.scope["method"], route)
            await _refuse(exchange, Unexpected())
        self._metrics.request(route, exchange.status, time.perf_counter() - start)

    def _find(
        self, exchange: Exchange
    ) -> tuple[Role | None, str, Callable[[Exchange], Awaitable[None]]]:
        if exchange.path == "/api" or exchange.path.startswith("/api/"):
            return "viewer", "/api", self._api
        route = self._router.find(exchange)
        return route.role, route.path, route.handler

    async def _let_in(
        self, exchange: Exchange, role: Role | None, answer: Callable[[Exchange], Awaitable[None]]
    ) -> None:
        if role is None:
            await answer(exchange)
            return
        if self._in_flight >= self._limits.concurrent_requests:
            raise TooBusy(self._limits.concurrent_requests)
        self._in_flight += 1
        try:
            async with asyncio.timeout(self._limits.request_seconds) as limit:
                exchange.caller = await self._entry.caller(exchange)
                require(exchange.caller.principal.role, role)
                await answer(exchange)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TookTooLong(
                f"The answer took more than {self._limits.request_seconds:g} seconds.",
                hint="Ask for less, or raise FOURFOLD_REQUEST_TIMEOUT_SECONDS.",
            ) from error
        finally:
            self._in_flight -= 1

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        loading = asyncio.create_task(self._api.load())
        preparing = asyncio.create_task(self._prepare())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        preparing.cancel()
        await asyncio.gather(loading, preparing, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _prepare(self) -> None:
        """What fails here is told again to the first request that needs it."""
        try:
            await self._services.prepare()
        except FourfoldError as error:
            _log.warning("not prepared: %s", error)
        except Exception:  # noqa: BLE001 the outermost edge of this task
            _log.exception("not prepared")


async def _refuse(exchange: Exchange, error: FourfoldError) -> None:
    """Tell the client; in the middle of a stream, where no status can be sent, as a last event."""
    if exchange.whole:
        return
    body = error_body(error, exchange.path)
    if not exchange.status:
        await exchange.answer(body, status=status_of(error), headers=headers_of(error))
        return
    await exchange.event(body)
    await exchange.end_events()
