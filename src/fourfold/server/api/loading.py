"""Loads the JSON API beside the start: FastAPI takes half a second that nobody should wait for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fourfold.server.exchange import Exchange
from fourfold.server.metrics import Metrics
from fourfold.server.services import Services

if TYPE_CHECKING:
    from fastapi import FastAPI


class LazyApi:
    """The JSON API, made at the first call of `load` or at the first request."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics
        self._loading: asyncio.Task[FastAPI] | None = None

    async def load(self) -> FastAPI:
        """Import and build it once, in a thread."""
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._build))
        return await asyncio.shield(self._loading)

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request below `/api`; its caller is known already."""
        api = await self.load()
        receive = exchange.replayed(await exchange.body())
        await api({**exchange.scope, "fourfold.exchange": exchange}, receive, exchange.send)

    def _build(self) -> FastAPI:
        from fourfold.server.api.routes import build_api

        return build_api(self._services, self._metrics)
