"""The shapes of `/v1`, as OpenAI has them: a contract, so they are written out here."""

import base64
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import httpx2
import pytest

from fourfold.core.errors import ContextTooLong, ModelOverloaded, ModelRateLimited
from fourfold.core.records import Message
from fourfold.core.tools import ToolCall
from fourfold.server import Services
from fourfold.testing.models import ScriptedModel

pytestmark = pytest.mark.anyio

ASK = {
    "model": "helpdesk",
    "messages": [{"role": "user", "content": "Wie lange ist die Garantie?"}],
}
CHAT = {"model": "small", "messages": [{"role": "user", "content": "Hallo"}]}
KINDS = {"helpdesk": "application", "small": "model", "letters": "embedder"}
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CALLED = ToolCall(id="call_1", name="weather", arguments={"city": "Köln"})
TOOL_TALK: list[dict[str, Any]] = [
    {"role": "user", "content": "Wie ist das Wetter?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Köln"}'},
                "extra_content": {"fourfold": {"signature": "signed"}},
            }
        ],
    },
    {"role": "tool", "content": "Regen", "tool_call_id": "call_1"},
]
CITATION = {
    "number": 1,
    "document": "garantie.pdf",
    "source": "documents",
    "place": {"page": 3, "heading": "", "start": 0, "end": 32},
    "quote": "zwei Jahre",
}


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    """Ids differ each time; that they are there is checked here."""
    assert body.pop("id").startswith(("chatcmpl-", "cmpl-"))
    if "fourfold" in body:
        assert len(body["fourfold"].pop("trace")) == 32
    return body


def events_of(response: httpx2.Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line for line in response.text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    return [without_ids(json.loads(line.removeprefix("data: "))) for line in lines[:-1]]


async def test_an_application_answers_with_citations(client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/chat/completions", json=ASK)
    assert response.status_code == 200
    assert without_ids(response.json()) == {
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "helpdesk",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Zwei Jahre [1].", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 50,
            "completion_tokens": 4,
            "total_tokens": 54,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
        "fourfold": {
            "citations": [CITATION],
            "refused": False,
            "refused_because": None,
            "notice": "",
        },
    }


async def test_the_last_chunk_of_a_stream_carries_the_citations(
    client: httpx2.AsyncClient,
) -> None:
    body = {**ASK, "stream": True, "stream_options": {"include_usage": True}}
    chunks = events_of(await client.post("/v1/chat/completions", json=body))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": "Zwei Jahre "},
        {"content": "[1]."},
        {},
    ]
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]]
    assert reasons == [None, None, None, "stop"]
    assert chunks[-2]["fourfold"]["citations"] == [CITATION]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 54


async def test_a_refusal_says_so(client: httpx2.AsyncClient) -> None:
    body = {**ASK, "messages": [{"role": "user", "content": "Wer wird Weltmeister?"}]}
    answer = (await client.post("/v1/chat/completions", json=body)).json()
    assert answer["fourfold"]["refused"] is True
    assert answer["fourfold"]["refused_because"] == "not found"
    assert answer["choices"][0]["message"]["content"] == "Das steht nicht in den Dokumenten."


async def test_hits_come_first_when_asked_for(client: httpx2.AsyncClient) -> None:
    body = {**ASK, "stream": True, "fourfold": {"hits": True}}
    chunks = events_of(await client.post("/v1/chat/completions", json=body))
    assert chunks[0]["fourfold"]["hits"][0]["document"] == "garantie.pdf"
    assert chunks[0]["choices"][0]["delta"]["content"] == ""


async def test_earlier_turns_are_the_history(
    services: Services, client: httpx2.AsyncClient
) -> None:
    turns = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Garantie?"},
        {"role": "assistant", "content": "Zwei Jahre."},
        {"role": "user", "content": [{"type": "text", "text": "Und die Garantie für Akkus?"}]},
    ]
    await client.post("/v1/chat/completions", json={**ASK, "messages": turns})
    application: Any = services.applications["helpdesk"]
    question, history = application.asked[-1]
    assert question == "Und die Garantie für Akkus?"
    assert [turn.role for turn in history] == ["system", "user", "assistant"]


async def test_a_plain_model_gets_the_conversation_and_the_options(
    services: Services, client: httpx2.AsyncClient
) -> None:
    schema = {"type": "object"}
    model = ScriptedModel(["{}"], name="small")
    services.models["small"] = model  # type: ignore[index]
    body = {
        "model": "small",
        "messages": [{"role": "developer", "content": "Sei kurz."}, *CHAT["messages"]],
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 42,
        "stop": "ENDE",
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        "user": "somebody",
        "unknown_field_of_the_future": {"x": 1},
    }
    response = await client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200
    assert [message.role for message in model.asked[0]] == ["system", "user"]
    options = model.options[0]
    assert (options.max_tokens, options.temperature, options.top_p) == (7, 0.5, 0.9)
    assert (options.seed, options.stop, options.json_schema) == (42, ("ENDE",), schema)


async def test_a_cut_answer_says_length(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/chat/completions", json={**CHAT, "max_tokens": 2})
    assert answer.json()["choices"][0]["finish_reason"] == "length"


async def test_a_plain_model_streams(client: httpx2.AsyncClient) -> None:
    chunks = events_of(await client.post("/v1/chat/completions", json={**CHAT, "stream": True}))
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == "Guten Tag, wie geht es?"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


async def test_a_prompt_is_completed(client: httpx2.AsyncClient) -> None:
    body = {"model": "small", "prompt": "Hallo"}
    answer = without_ids((await client.post("/v1/completions", json=body)).json())
    assert answer["object"] == "text_completion"
    assert answer["choices"] == [
        {"index": 0, "text": "Guten Tag, wie geht es?", "logprobs": None, "finish_reason": "stop"}
    ]
    chunks = events_of(await client.post("/v1/completions", json={**body, "stream": True}))
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == "Guten Tag, wie geht es?"


async def test_embeddings_come_as_numbers_or_as_base64(client: httpx2.AsyncClient) -> None:
    body = {"model": "letters", "input": ["aaa", "eee iii"]}
    plain = (await client.post("/v1/embeddings", json=body)).json()
    assert plain["object"] == "list"
    assert plain["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert [one["index"] for one in plain["data"]] == [0, 1]
    coded = await client.post("/v1/embeddings", json={**body, "encoding_format": "base64"})
    for one, other in zip(plain["data"], coded.json()["data"], strict=True):
        numbers = struct.unpack("<3f", base64.b64decode(other["embedding"]))
        assert one["embedding"] == pytest.approx(numbers)


async def test_models_are_listed_with_their_kind(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/v1/models")).json()
    assert listed == {
        "object": "list",
        "data": [
            {
                "id": name, "object": "model", "created": 1_800_000_000,
                "owned_by": "fourfold", "fourfold": {"kind": kind},
            }
            for name, kind in KINDS.items()
        ],
    }  # fmt: skip
    assert (await client.get("/v1/models/small")).json() == listed["data"][1]


async def test_an_unknown_model_is_named_with_a_suggestion(client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/chat/completions", json={**CHAT, "model": "smal"})
    assert response.status_code == 404
    assert response.json() == {
        "error": {
            "message": "There is no model called `smal`. Did you mean `small`?",
            "type": "invalid_request_error",
            "param": None,
            "code": "model_not_found",
        }
    }


@pytest.mark.parametrize(
    "more",
    [
        {"n": 2},
        {"tools": [{"type": "function"}]},
        {"functions": [{}]},
        {"temperature": 3},
        {"max_tokens": 0},
        {"max_tokens": "many"},
        {"messages": []},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": "x"}], "tool_choice": "weather"},
        {"tool_choice": "required"},
        {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "rain"}}},
        {"tools": [WEATHER], "parallel_tool_calls": False},
        {"tools": [{"type": "function", "function": {"name": "x", "parameters": {"type": 7}}}]},
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "1", "function": {"name": "x", "arguments": "{"}}],
                }
            ]
        },
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        {"response_format": {"type": "json_schema"}},
        {"response_format": {"type": "xml"}},
        {"fourfold": {"user": "anna"}},
        {"stop": ["x"] * 17},
        {"seed": 2**70},
        {"model": ""},
        {"model": None},
    ],
)
async def test_what_is_not_offered_or_not_valid_is_refused(
    client: httpx2.AsyncClient, more: dict[str, Any]
) -> None:
    response = await client.post("/v1/chat/completions", json={**CHAT, **more})
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"response_format": {"type": "json_object"}}, "`response_format`"),
        ({"logprobs": True}, "`logprobs`"),
        ({"tools": [WEATHER]}, "`tools`"),
        ({"messages": [*TOOL_TALK, {"role": "user", "content": "Und?"}]}, "results of tools"),
    ],
)
async def test_an_application_offers_no_options_of_plain_models(
    client: httpx2.AsyncClient, more: dict[str, Any], words: str
) -> None:
    response = await client.post("/v1/chat/completions", json={**ASK, **more})
    assert response.status_code == 400
    message = response.json()["error"]["message"]
    assert message.startswith(f"`helpdesk` is an application: it takes no {words}.")


@pytest.mark.parametrize("signature", ["", "signed"])
async def test_a_plain_model_asks_for_calls_of_tools(
    client: httpx2.AsyncClient, services: Services, signature: str
) -> None:
    said = replace(CALLED, signature=signature)
    cast("Any", services.models)["small"] = ScriptedModel([(said,), (said,)], name="small")
    whole = (await client.post("/v1/chat/completions", json={**CHAT, "tools": [WEATHER]})).json()
    call: dict[str, Any] = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Köln"}'},
    }
    if signature:
        call["extra_content"] = {"fourfold": {"signature": "signed"}}
    assert whole["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]},
        "logprobs": None,
        "finish_reason": "tool_calls",
    }
    body = {**CHAT, "tools": [WEATHER], "stream": True}
    chunks = events_of(await client.post("/v1/chat/completions", json=body))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert [one["tool_calls"] for one in deltas if "tool_calls" in one] == [[{"index": 0, **call}]]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


async def test_calls_and_results_reach_the_model_as_they_came(
    client: httpx2.AsyncClient, services: Services
) -> None:
    model = ScriptedModel(["Es regnet.", (CALLED,)], name="small")
    cast("Any", services.models)["small"] = model
    choice = {"type": "function", "function": {"name": "weather"}}
    body = {**CHAT, "messages": TOOL_TALK, "tools": [WEATHER], "tool_choice": "none"}
    response = await client.post("/v1/chat/completions", json=body)
    assert response.json()["choices"][0]["message"]["content"] == "Es regnet."
    signed = replace(CALLED, signature="signed")
    assert model.asked[0][1:] == (
        Message("assistant", "", tool_calls=(signed,)),
        Message("tool", "Regen", tool_call_id="call_1"),
    )
    assert model.options[0].tools[0].name == "weather"
    named = await client.post("/v1/chat/completions", json={**body, "tool_choice": choice})
    assert model.options[1].tool_choice == "weather"
    assert named.json()["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    "body",
    [
        {"model": "letters", "input": [[1, 2, 3]]},
        {"model": "letters", "input": []},
        {"model": "letters", "input": ["x"] * 2049},
        {"model": "letters", "input": "x", "dimensions": 2},
        {"model": "letters", "input": "x", "fourfold": {"input_type": "other"}},
    ],
)
async def test_texts_that_cannot_be_embedded_are_refused(
    client: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await client.post("/v1/embeddings", json=body)).status_code == 400


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ContextTooLong("too long"), 400, "invalid_request_error"),
        (ModelRateLimited("slow down", retry_after_seconds=7.0), 429, "rate_limit_error"),
        (ModelOverloaded("busy"), 503, "server_error"),
        (RuntimeError("a bug with a secret in it"), 500, "server_error"),
    ],
)
async def test_errors_have_the_status_and_shape_of_openai(
    services: Services,
    connect: Callable[..., httpx2.AsyncClient],
    error: Exception,
    status: int,
    kind: str,
) -> None:
    services.models["small"] = ScriptedModel([error, error])  # type: ignore[index]
    async with connect(services) as client:
        for stream in (False, True):
            response = await client.post("/v1/chat/completions", json={**CHAT, "stream": stream})
            assert response.status_code == status
            assert response.json()["error"]["type"] == kind
            assert "secret" not in response.text
    if status == 429:
        assert response.headers["retry-after"] == "7"
