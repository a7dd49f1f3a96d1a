"""Is it alive, is it ready, and how much does it do: for the machines that look after it."""

from __future__ import annotations

import msgspec

from fourfold.core.errors import FourfoldError
from fourfold.server.exchange import Exchange
from fourfold.server.metrics import CONTENT_TYPE, Metrics
from fourfold.server.services import Services


class HealthRoutes:
    """The handlers of `/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics

    async def alive(self, exchange: Exchange) -> None:
        """The process answers."""
        await exchange.answer(b'{"status":"ok"}')

    async def ready(self, exchange: Exchange) -> None:
        """Every part that requests need answers too; which one does not is said, but not why."""
        failing = []
        for name, check in self._services.checks.items():
            try:
                await check()
            except FourfoldError:
                failing.append(name)
        body = {"status": "not ready" if failing else "ok", "failing": failing}
        await exchange.answer(msgspec.json.encode(body), status=503 if failing else 200)

    async def metrics(self, exchange: Exchange) -> None:
        """All figures for Prometheus."""
        await exchange.answer(self._metrics.text(), kind=((b"content-type", CONTENT_TYPE),))
