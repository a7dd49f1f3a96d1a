"""A bug of ours is answered in the usual shape, once, and is not told."""

from dataclasses import replace

import httpx2
import pytest

from fourfold.server import Services, create_app

pytestmark = pytest.mark.anyio


class Broken:
    """A retriever with a bug."""

    async def retrieve(self, *_: object, **__: object) -> None:
        raise ZeroDivisionError("inner detail")


async def test_a_bug_below_api_has_the_shape_of_other_errors(services: Services) -> None:
    app = create_app(replace(services, search=Broken()))  # type: ignore[arg-type]
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.post("/api/search", json={"query": "Garantie"})
    assert reply.status_code == 500
    assert set(reply.json()["error"]) == {"code", "message", "hint"}
    assert "inner detail" not in reply.text


async def test_a_question_of_a_megabyte_is_refused(services: Services) -> None:
    transport = httpx2.ASGITransport(app=create_app(services))
    body = {"model": "helpdesk", "messages": [{"role": "user", "content": "a " * 500_000}]}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.post("/v1/chat/completions", json=body)
    assert reply.status_code == 400
    assert "100,000" in reply.json()["error"]["message"]
