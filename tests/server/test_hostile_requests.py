"""What a careless or hostile client may send, and what it may not do with it."""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from fourfold.server import Limits, Services, create_app
from fourfold.server.run import PatientHttp

pytestmark = pytest.mark.anyio

Connect = Callable[..., httpx2.AsyncClient]
POSTS = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/api/ask", "/api/search"]
DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"\xff\xfe", b'{"model": "\xff"}', b"[]", b"null", b"1e999",
        b'{"model": "small", "prompt": "\\ud800"}', DEEP, b'{"model": "x", "y": ' + DEEP + b"}",
        b'{"question": "\\ud800"}', b'{"query": "\\ud800"}', b'{"query": ' + DEEP + b"}",
        b'{"query": NaN}', b'{"query": "x", "limit": 1e400}', b'{"query": "x", "where": {"": "x"}}',
    ],
)  # fmt: skip
async def test_a_broken_body_is_the_clients_mistake(
    client: httpx2.AsyncClient, path: str, body: bytes
) -> None:
    response = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/search"])
async def test_a_body_that_is_too_large_is_refused(
    services: Services, connect: Connect, path: str
) -> None:
    small = replace(services, limits=Limits(body_bytes=1_000))

    async def unannounced() -> Any:
        for _ in range(100):
            yield b"x" * 100

    async with connect(small) as client:
        for content in (b"x" * 1_001, unannounced()):
            response = await client.post(path, content=content)
            assert response.status_code == 413
            assert response.json()["error"]["code"] == "body_too_large"


async def call(app: Any, receive: Any, path: str = "/v1/chat/completions") -> list[Any]:
    """Send a request by hand, as no client would."""
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "http_version": "1.1", "scheme": "http", "root_path": "", "server": ("localhost", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/search"])
async def test_a_body_that_never_ends_is_not_waited_for(services: Services, path: str) -> None:
    app = create_app(replace(services, limits=Limits(body_seconds=0.05)))

    async def drip() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    sent = await call(app, drip, path)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def request_then_leave(body: bytes, left: asyncio.Event) -> Any:
    events = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if events:
            return events.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    return receive


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_stops_the_work(services: Services, stream: bool) -> None:
    left, never = asyncio.Event(), asyncio.Event()
    application: Any = services.applications["helpdesk"]
    application.wait = never.wait
    body = {
        "model": "helpdesk",
        "stream": stream,
        "messages": [{"role": "user", "content": "Garantie?"}],
    }
    receive = request_then_leave(json.dumps(body).encode(), left)
    request = asyncio.create_task(call(create_app(services), receive))
    await asyncio.wait_for(application.all_working.wait(), 10)
    left.set()
    await asyncio.wait_for(request, 5)
    assert application.working == 0
    await services.tracer.flush()
    (view,) = await services.traces.recent(visible_to=services.entry.keyless.principal)  # type: ignore[union-attr]
    assert view.outcome == "cancelled"


async def test_a_client_that_leaves_the_json_api_stops_the_work(services: Services) -> None:
    left, never = asyncio.Event(), asyncio.Event()
    application: Any = services.applications["helpdesk"]
    application.wait = never.wait
    receive = request_then_leave(b'{"question": "Garantie?"}', left)
    request = asyncio.create_task(call(create_app(services), receive, "/api/ask"))
    await asyncio.wait_for(application.all_working.wait(), 10)
    left.set()
    await asyncio.wait_for(request, 5)
    assert application.working == 0


async def test_a_request_that_takes_too_long_is_ended(services: Services, connect: Connect) -> None:
    application: Any = services.applications["helpdesk"]
    application.wait = asyncio.Event().wait
    hasty = replace(services, limits=Limits(request_seconds=0.05))
    ask: dict[str, Any] = {
        "model": "helpdesk",
        "messages": [{"role": "user", "content": "Garantie?"}],
    }
    async with connect(hasty) as client:
        response = await client.post("/v1/chat/completions", json=ask)
        assert response.status_code == 504
        stream = await client.post("/v1/chat/completions", json={**ask, "stream": True})
    assert application.working == 0
    events = [line for line in stream.text.split("\n\n") if line]
    assert "took_too_long" in events[-2]
    assert events[-1] == "data: [DONE]"


async def test_more_requests_than_allowed_are_asked_to_come_back(
    services: Services, connect: Connect
) -> None:
    application: Any = services.applications["helpdesk"]
    free = asyncio.Event()
    application.wait = free.wait
    application.expected = 2
    narrow = replace(services, limits=Limits(concurrent_requests=2))
    async with connect(narrow) as client:
        working = [
            asyncio.create_task(client.post("/api/ask", json={"question": "Garantie?"}))
            for _ in range(2)
        ]
        await asyncio.wait_for(application.all_working.wait(), 10)
        refused = await client.get("/v1/models")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert (await client.get("/healthz")).status_code == 200
        free.set()
        answers = await asyncio.gather(*working)
        assert [answer.status_code for answer in answers] == [200, 200]
        assert (await client.get("/v1/models")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "/../etc/passwd", "/v1/../../etc/passwd", "/v1/models/../../etc/passwd",
        "/v1/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/api/traces/..%2f..%2fetc%2fpasswd",
        "/api/documents/..%2f..%2fetc/text", "/v1/models/%00", "/v1/models/" + "x" * 10_000,
        "/api/documents/0123456789abcdef/text", "/api/nothing", "/api", "/",
    ],
)  # fmt: skip
async def test_a_path_leads_nowhere_else(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code in (400, 404)
    assert "root:" not in response.text
    assert len(response.content) < 2_000


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/chat/completions"), ("PUT", "/api/ask")])
async def test_a_wrong_method_is_said_to_be_one(
    client: httpx2.AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path)
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"


def exchanged(port: int, request: bytes, *, wait: float = 5.0) -> bytes:
    """What the server answers to these very bytes, until it closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except TimeoutError:
            pass
    return answer


SMUGGLED = [
    b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/keys HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost : localhost\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX: a\nAuthorization: Bearer x\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"NONSENSE\r\n\r\n",
]


@pytest.mark.parametrize("request_bytes", SMUGGLED)
def test_a_smuggled_request_is_never_answered(live: Any, request_bytes: bytes) -> None:
    answer = exchanged(live.port, request_bytes, wait=1.0)
    statuses = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1")]
    assert len(statuses) <= 1
    assert b" 200 " not in b"".join(statuses)


def test_headers_that_never_end_are_not_waited_for(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fourfold.server.run._HEADER_SECONDS", 0.3)
    assert issubclass(PatientHttp, object)
    with socket.create_connection(("127.0.0.1", live.port), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        assert connection.recv(1) == b""
    with socket.create_connection(("127.0.0.1", live.port), timeout=5) as connection:
        assert connection.recv(1) == b""
