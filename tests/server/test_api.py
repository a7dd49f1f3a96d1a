"""The JSON API: its description, and that it does what the description says."""

from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import text

from fourfold.server import Services
from fourfold.storage.database import Database

pytestmark = pytest.mark.anyio


async def test_a_question_is_answered_in_the_shape_of_the_command_line(
    client: httpx2.AsyncClient,
) -> None:
    answer = (await client.post("/api/ask", json={"question": "Garantie?"})).json()
    assert answer["question"] == "Garantie?"
    assert answer["answer"] == "Zwei Jahre [1]."
    assert answer["refused"] is False
    assert answer["citations"][0]["place"] == {"page": 3, "heading": "", "start": 0, "end": 32}
    assert answer["usage"]["prompt_tokens"] == 50
    assert len(answer["trace"]) == 32


async def test_a_text_may_be_called_a_text(client: httpx2.AsyncClient) -> None:
    answer = (await client.post("/api/ask", json={"text": "Garantie?"})).json()
    assert answer["question"] == "Garantie?"
    both = await client.post("/api/ask", json={"text": "a", "question": "b"})
    assert both.status_code == 400
    assert "body.text" in both.json()["error"]["message"]


async def test_a_long_text_reaches_the_application_that_refuses_it(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/api/ask", json={"question": "x" * 100_001})
    assert answer.status_code == 200


async def test_a_body_in_another_encoding_is_told_of_utf_8(client: httpx2.AsyncClient) -> None:
    body = '{"question": "Für wen?"}'.encode("cp1252")
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/api/ask", content=body, headers=headers)
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["error"]["message"]


async def test_a_trace_shows_the_request(client: httpx2.AsyncClient, services: Services) -> None:
    trace = (await client.post("/api/ask", json={"question": "Garantie?"})).json()["trace"]
    await services.tracer.flush()
    seen = (await client.get(f"/api/traces/{trace}")).json()
    assert seen["question"] == "Garantie?"
    assert [span["name"] for span in seen["spans"]] == ["retrieve"]
    assert [one["id"] for one in (await client.get("/api/traces")).json()] == [trace]


async def test_users_and_keys_are_made_listed_and_revoked(client: httpx2.AsyncClient) -> None:
    user = {"name": "Anna", "role": "engineer", "groups": ["sales"]}
    assert (await client.post("/api/users", json=user)).status_code == 201
    made = (await client.post("/api/keys", json={"name": "laptop", "user": "Anna"})).json()
    assert made["secret"].startswith(made["key"]["prefix"])
    assert made["key"]["groups"] == ["sales"]
    listed = await client.get("/api/keys")
    assert made["secret"] not in listed.text
    assert (await client.delete(f"/api/keys/{made['key']['id']}")).status_code == 204
    assert (await client.delete("/api/users/Anna")).status_code == 204
    assert (await client.delete("/api/users/Anna")).status_code == 404
    audit = (await client.get("/api/audit")).json()
    assert {one["actor"] for one in audit} == {"local"}
    assert len(audit) == 4


DOCUMENT = """
    INSERT INTO documents (id, source, file, path, title, text, content_hash, media_type,
                           language, groups, metadata)
    VALUES (:id, 's', :path, :path, 'T', :text, '', 'text/plain', 'de', :groups, '{}')
"""


async def test_a_passage_is_shown_in_its_document_to_those_who_may_see_it(
    client: httpx2.AsyncClient, connect: Any, guarded: Services, database: Database
) -> None:
    body = "ä" * 100 + "Zwei Jahre." + "z" * 100
    async with database.begin() as transaction:
        for number, groups in enumerate(([], ["board"])):
            values = {
                "id": f"{number:016x}",
                "path": f"{number}.md",
                "text": body,
                "groups": groups,
            }
            await transaction.execute(text(DOCUMENT), values)
    path = f"/api/documents/{1:016x}/text?start=100&end=111&margin=10"
    passage = (await client.get(path)).json()
    assert passage["text"][passage["start"] : passage["end"]] == "Zwei Jahre."
    assert (passage["before"], passage["after"]) == (90, 90)
    staff = await guarded.access.create_key("staff", groups=["staff"], actor="test")
    async with connect(guarded, staff.secret) as other:
        assert (await other.get(path)).status_code == 404
        assert [one["path"] for one in (await other.get("/api/documents")).json()] == ["0.md"]


async def test_failures_are_listed_with_their_cause(
    client: httpx2.AsyncClient, database: Database
) -> None:
    async with database.begin() as transaction:
        await transaction.execute(
            text("INSERT INTO failures VALUES ('s', 'a.pdf', 'a.pdf', 'encrypted', 'Locked.')")
        )
    (failure,) = (await client.get("/api/failures")).json()
    assert (failure["path"], failure["cause"]) == ("a.pdf", "encrypted")


async def test_the_documentation_needs_nothing_from_elsewhere(client: httpx2.AsyncClient) -> None:
    page = await client.get("/api/docs")
    assert "POST /api/ask" in page.text
    assert "src=" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


async def test_everything_wrong_is_said_at_once(client: httpx2.AsyncClient) -> None:
    response = await client.post("/api/search", json={"limit": 0, "colour": "red"})
    message = response.json()["error"]["message"]
    assert response.status_code == 400
    assert "query" in message
    assert "limit" in message
    assert "colour" in message


async def test_metrics_count_requests_tokens_and_refusals(client: httpx2.AsyncClient) -> None:
    await client.post("/api/ask", json={"question": "Garantie?"})
    await client.post("/api/ask", json={"question": "Wetter?"})
    await client.get("/nowhere")
    figures = (await client.get("/metrics")).text.splitlines()
    assert 'fourfold_requests_total{route="/api",status="200"} 2.0' in figures
    assert 'fourfold_requests_total{route="none",status="404"} 1.0' in figures
    assert 'fourfold_tokens_total{kind="prompt",model="helpdesk"} 50.0' in figures
    assert 'fourfold_refusals_total{model="helpdesk"} 1.0' in figures
    assert "fourfold_requests_in_flight 1.0" in figures


@pytest.mark.slow
def test_the_api_keeps_what_its_description_promises(live: Any) -> None:
    headers = {"Authorization": f"Bearer {live.secret}"}
    schema = schemathesis.openapi.from_url(f"{live.url}/api/openapi.json", headers=headers)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == 15
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=15, deadline=None, database=None, suppress_health_check=[*HealthCheck]
        )
        def check(case: Any) -> None:
            # Names must be printable and dates to come, which no JSON schema can say.
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

        check()
