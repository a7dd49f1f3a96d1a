"""What the server does beside its first requests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import httpx2
import pytest

from fourfold.core.errors import ModelError
from fourfold.server.app import create_app
from fourfold.server.exchange import Event
from fourfold.server.services import Services

pytestmark = pytest.mark.anyio


async def live(services: Services) -> list[str]:
    """Start the application, let it work for a moment, stop it; what it told the server."""
    told: list[str] = []
    orders = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Event:
        await asyncio.sleep(0.05)
        return {"type": next(orders)}

    async def send(event: Event) -> None:
        told.append(event["type"])

    await create_app(services)({"type": "lifespan"}, receive, send)
    return told


async def test_the_model_is_prepared_beside_the_first_requests(services: Services) -> None:
    steps: list[str] = []

    async def prepare() -> None:
        steps.append("begun")
        await asyncio.sleep(60)
        steps.append("ended")

    told = await live(replace(services, prepare=prepare))
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert steps == ["begun"]


async def test_a_model_that_cannot_be_prepared_costs_a_warning(
    services: Services,
    caplog: pytest.LogCaptureFixture,
    connect: Callable[..., httpx2.AsyncClient],
) -> None:
    async def prepare() -> None:
        raise ModelError("llama.cpp cannot load `broken.gguf`.", hint="Fetch it again.")

    broken = replace(services, prepare=prepare)
    assert await live(broken) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert "cannot load `broken.gguf`" in caplog.text
    async with connect(broken) as client:
        assert (await client.get("/healthz")).status_code == 200
