"""Who gets in, as whom, and what is turned away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from fourfold.access import Access, KeyRing
from fourfold.server import EntryRules, Limits, Services
from fourfold.server.services import is_loopback
from fourfold.storage.database import Database

pytestmark = pytest.mark.anyio

Connect = Callable[..., httpx2.AsyncClient]
PROTECTED = ["/v1/models", "/metrics", "/api/me", "/api/docs", "/api/openapi.json", "/api/keys"]
SEARCH = {"query": "Garantie"}


async def status(client: httpx2.AsyncClient, path: str = "/api/me", **more: Any) -> int:
    async with client:
        return int((await client.get(path, **more)).status_code)


@pytest.mark.parametrize("path", PROTECTED)
async def test_without_a_key_nothing_is_shown(
    guarded: Services, connect: Connect, path: str
) -> None:
    async with connect(guarded) as client:
        response = await client.get(path)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "error" in response.json()


async def test_health_needs_no_key(guarded: Services, connect: Connect) -> None:
    assert await status(connect(guarded), "/healthz") == 200
    assert await status(connect(guarded), "/readyz") == 200


@pytest.mark.parametrize("wrong", ["ff_wrong", "x", "ff_" + "k" * 43, "ff_\xff", "a" * 60_000])
async def test_a_wrong_key_is_turned_away(guarded: Services, connect: Connect, wrong: str) -> None:
    header = [("Authorization", b"Bearer " + wrong.encode("latin-1"))]
    assert await status(connect(guarded), headers=header) == 401


async def test_a_key_in_another_scheme_is_no_key(
    guarded: Services, connect: Connect, secret: str
) -> None:
    assert await status(connect(guarded), headers={"Authorization": f"Basic {secret}"}) == 401
    assert await status(connect(guarded), headers={"Authorization": secret}) == 401
    assert await status(connect(guarded), "/api/me?api_key=" + secret) == 401


async def test_a_revoked_key_is_turned_away(guarded: Services, connect: Connect) -> None:
    made = await guarded.access.create_key("app", actor="test")
    assert await status(connect(guarded, made.secret)) == 200
    await guarded.access.revoke_key(made.key.id, actor="test")
    fresh = replace(guarded, keys=KeyRing(guarded.access._database))
    assert await status(connect(fresh, made.secret)) == 401


async def test_an_expired_key_is_turned_away(
    guarded: Services, connect: Connect, database: Database
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = await guarded.access.create_key("app", expires_at=soon, actor="test")
    later = KeyRing(database, now=lambda: soon + timedelta(seconds=1))
    assert await status(connect(replace(guarded, keys=later), made.secret)) == 401


OWNERS = [
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("DELETE", "/api/users/anna"),
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("DELETE", "/api/keys/key_1"),
    ("GET", "/api/audit"),
]


@pytest.mark.parametrize("role", ["viewer", "reviewer", "engineer"])
@pytest.mark.parametrize(("method", "path"), OWNERS)
async def test_users_and_keys_are_for_owners_only(
    guarded: Services, connect: Connect, role: Any, method: str, path: str
) -> None:
    made = await guarded.access.create_key("low", role=role, actor="test")
    async with connect(guarded, made.secret) as client:
        body = {"name": "x", "role": "owner"} if method == "POST" else None
        response = await client.request(method, path, json=body)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "not_allowed"


async def test_failures_are_for_engineers(guarded: Services, connect: Connect) -> None:
    for role, expected in (("reviewer", 403), ("engineer", 200)):
        made = await guarded.access.create_key(role, role=role, actor="test")  # type: ignore[arg-type]
        assert await status(connect(guarded, made.secret), "/api/failures") == expected


async def found(client: httpx2.AsyncClient) -> set[str]:
    async with client:
        response = await client.post("/api/search", json=SEARCH)
    assert response.status_code == 200
    return {hit["document"] for hit in response.json()["hits"]}


async def test_two_people_find_nothing_of_the_others(guarded: Services, connect: Connect) -> None:
    access = guarded.access
    board = await access.create_key("board", groups=["board"], actor="test")
    staff = await access.create_key("staff", groups=["staff"], actor="test")
    assert await found(connect(guarded, board.secret)) == {"garantie.pdf", "board.pdf"}
    assert await found(connect(guarded, staff.secret)) == {"garantie.pdf"}


async def test_even_an_owner_sees_only_the_documents_of_their_groups(
    guarded: Services, connect: Connect, secret: str
) -> None:
    assert await found(connect(guarded, secret)) == {"garantie.pdf"}


async def test_an_application_acts_for_its_users(guarded: Services, connect: Connect) -> None:
    made = await guarded.access.create_key(
        "app", role="owner", groups=["board"], act_for_users=True, actor="test"
    )

    def acting(**headers: str) -> httpx2.AsyncClient:
        return connect(guarded, made.secret, **headers)

    anna = {"X-Fourfold-User": "Anna%20M%C3%BCller", "X-Fourfold-Groups": "board, other"}
    ben = {"X-Fourfold-User": "ben"}
    assert await found(acting(**anna)) == {"garantie.pdf", "board.pdf"}
    assert await found(acting(**ben)) == {"garantie.pdf"}
    assert await status(acting(**ben), "/api/keys") == 403
    async with acting(**anna) as client:
        me = (await client.get("/api/me")).json()
    assert me["id"] == f"{made.key.id}/Anna M%C3%BCller"
    assert me["groups"] == ["board"]
    assert me["role"] == "viewer"
    assert me["act_for_users"] is False


async def test_the_trusted_headers_need_the_right(
    guarded: Services, connect: Connect, secret: str
) -> None:
    assert await status(connect(guarded, secret, **{"X-Fourfold-User": "anna"})) == 403
    assert await status(connect(guarded, secret, **{"X-Fourfold-Groups": "board"})) == 400


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Fourfold-User", b"anna"), ("X-Fourfold-User", b"ben")],
        [("X-Fourfold-User", b"")],
        [("X-Fourfold-User", b"\xff")],
        [("X-Fourfold-User", b"%FF")],
        [("X-Fourfold-User", b"a%0Ab")],
        [("X-Fourfold-User", b"x" * 201)],
        [("X-Fourfold-User", b"anna"), ("X-Fourfold-Groups", b"a%00b")],
    ],
)
async def test_a_trusted_header_that_is_no_name_is_refused(
    guarded: Services, connect: Connect, headers: Any
) -> None:
    made = await guarded.access.create_key("app", act_for_users=True, actor="test")
    assert await status(connect(guarded, made.secret), headers=headers) == 400


async def test_the_field_user_of_openai_changes_nothing(
    guarded: Services, connect: Connect
) -> None:
    made = await guarded.access.create_key("app", act_for_users=True, actor="test")
    ask = {
        "model": "helpdesk",
        "messages": [{"role": "user", "content": "Garantie?"}],
        "user": "board-member",
    }
    async with connect(guarded, made.secret) as client:
        answer = (await client.post("/v1/chat/completions", json=ask)).json()
    await guarded.tracer.flush()
    async with guarded.access._database.begin() as transaction:
        rows = await transaction.execute(text("SELECT principal FROM traces"))
        assert rows.scalars().all() == [made.key.id]
    assert answer["fourfold"]["refused"] is False


async def test_two_authorization_headers_are_refused(
    guarded: Services, connect: Connect, secret: str
) -> None:
    twice = [("Authorization", f"Bearer {secret}"), ("Authorization", "Bearer x")]
    assert await status(connect(guarded), headers=twice) == 400


async def test_on_loopback_the_person_at_the_machine_is_the_owner(
    services: Services, connect: Connect
) -> None:
    async with connect(services) as client:
        me = (await client.get("/api/me")).json()
    assert (me["id"], me["role"], me["sees_all_groups"]) == ("local", "owner", True)
    assert await status(connect(services, "no-key-of-ours")) == 200
    assert await status(connect(services, "ff_wrong")) == 401


async def test_loopback_can_ask_for_keys_too(
    services: Services, connect: Connect, secret: str
) -> None:
    strict = replace(services, entry=EntryRules.for_host("localhost", require_keys=True))
    assert await status(connect(strict)) == 401
    assert await status(connect(strict, secret)) == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_what_comes_through_a_proxy_is_not_the_person_at_the_machine(
    services: Services, connect: Connect, header: str
) -> None:
    assert await status(connect(services, **{header: "203.0.113.7"})) == 401


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "localhost:8400"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "[::1]:8400"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8400"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:8400", "Origin": "http://localhost:8400"}, 200),
        ({"Host": "localhost:8400", "Origin": "http://localhost:3000"}, 403),
        ({"Host": "localhost:8400", "Origin": "https://evil.example"}, 403),
        ({"Host": "localhost:8400", "Origin": "null"}, 403),
    ],
)
async def test_a_web_page_elsewhere_cannot_use_the_server_of_its_visitor(
    services: Services, connect: Connect, headers: dict[str, str], expected: int
) -> None:
    assert await status(connect(services, **headers)) == expected


async def test_no_answer_invites_other_origins(client: httpx2.AsyncClient) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = await client.options("/v1/chat/completions", headers=preflight)
    assert response.status_code >= 400
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("example.com", False),
        ("localhost.example.com", False), ("", False),
    ],
)  # fmt: skip
def test_only_loopback_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
    assert (EntryRules.for_host(host).keyless is not None) is expected


async def test_a_search_of_one_is_no_trace_of_another(guarded: Services, connect: Connect) -> None:
    keys = [await guarded.access.create_key(name, actor="test") for name in ("anna", "ben")]
    async with connect(guarded, keys[0].secret) as client:
        trace = (await client.post("/api/ask", json={"question": "Garantie?"})).json()["trace"]
    await guarded.tracer.flush()
    assert await status(connect(guarded, keys[0].secret), f"/api/traces/{trace}") == 200
    assert await status(connect(guarded, keys[1].secret), f"/api/traces/{trace}") == 404


async def test_a_broken_database_lets_nobody_in(
    guarded: Services, connect: Connect, secret: str, database: Database
) -> None:
    async with database.begin() as transaction:
        await transaction.execute(text("ALTER TABLE api_keys RENAME TO away"))
    try:
        assert await status(connect(guarded, secret)) == 503
    finally:
        async with database.begin() as transaction:
            await transaction.execute(text("ALTER TABLE away RENAME TO api_keys"))


def test_the_limits_have_defaults_for_a_laptop() -> None:
    assert Limits().concurrent_requests == 64


def test_access_is_one_class() -> None:
    assert Access.__doc__
