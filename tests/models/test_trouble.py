"""Each word of a provider about a failure is the error of its kind, whole or inside a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from fourfold.core.errors import (
    ContextTooLong,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Message
from fourfold.models.anthropic import AnthropicModel
from fourfold.models.fallback import FallbackModel
from fourfold.models.google_replies import ReplyReader
from fourfold.models.openai_replies import read_chunk, read_reply
from fourfold.models.trouble import refusal, stream_error
from fourfold.testing.models import ScriptedModel

WRONG_KEY = {
    "code": 400,
    "message": "API key not valid. Please pass a valid API key.",
    "status": "INVALID_ARGUMENT",
    "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
}
CONTEXT = "You passed 9 input tokens. However, the model's context length is only 8 tokens"


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, ModelOverloaded),  # Anthropic
        ({"type": "api_error", "message": "internal"}, ModelOverloaded),
        ({"type": "timeout_error", "message": "late"}, ModelOverloaded),
        ({"type": "rate_limit_error", "message": "slow down"}, ModelRateLimited),
        ({"type": "authentication_error", "message": "no"}, ModelNotAllowed),
        ({"type": "permission_error", "message": "no"}, ModelNotAllowed),
        ({"type": "invalid_request_error", "message": "bad"}, ModelRejected),
        ({"type": "invalid_request_error", "message": "prompt is too long"}, ContextTooLong),
        ({"code": 503, "status": "UNAVAILABLE", "message": "busy"}, ModelOverloaded),  # Google
        ({"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "q"}, ModelRateLimited),
        (WRONG_KEY, ModelNotAllowed),
        ({"type": "requests", "code": "rate_limit_exceeded"}, ModelRateLimited),  # OpenAI
        ({"type": "insufficient_quota", "code": "insufficient_quota"}, ModelRateLimited),
        ({"type": "server_error", "code": None, "message": "x"}, ModelOverloaded),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, ModelNotAllowed),
        ({"type": "BadRequestError", "code": 400, "message": CONTEXT}, ContextTooLong),  # vLLM
        ({"code": "502", "message": "upstream"}, ModelOverloaded),
        ({"code": "content_filter", "message": "x"}, ModelFiltered),
        ({"type": "odd", "code": 3505, "message": "x"}, ModelError),
        ({"message": "out of memory"}, ModelError),
        ("out of memory", ModelError),
    ],
)
def test_an_error_inside_a_stream_is_of_its_kind(told: Any, error: type[ModelError]) -> None:
    found = stream_error(told)
    assert type(found) is error
    assert not getattr(found, "is_unserved", False)  # the answer had begun: it may be charged


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": WRONG_KEY}, ModelNotAllowed),
        (400, {"error": {"message": CONTEXT}}, ContextTooLong),
        (
            400,
            {"error": {"message": "input length and `max_tokens` exceed context limit: 9 + 1 > 8"}},
            ContextTooLong,
        ),
        (
            400,
            {"message": "The prompt (length 9) is longer than the maximum model length of 8."},
            ContextTooLong,
        ),
        (400, {"error": {"message": "the model is not for this"}}, ModelRejected),
    ],
)
def test_a_refusal_is_of_its_kind(status: int, body: Any, error: type[ModelError]) -> None:
    assert type(refusal(status, json.dumps(body), "example.com", None)) is error


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("SAFETY", ModelFiltered),
        ("RECITATION", ModelFiltered),
        ("BLOCKLIST", ModelFiltered),
        ("PROHIBITED_CONTENT", ModelFiltered),
        ("SPII", ModelFiltered),
        ("ESCALATION", ModelFiltered),
        ("MODEL_ARMOR", ModelFiltered),
        ("LANGUAGE", ModelRejected),
        ("MISSING_THOUGHT_SIGNATURE", ModelRejected),
        ("PUP_LIMITED_DISABLED", ModelNotAllowed),
        ("OTHER", ModelError),
        ("A_NEW_REASON", ModelError),
    ],
)
def test_a_reason_of_geminis_is_of_its_kind(word: str, error: type[ModelError]) -> None:
    reply = json.dumps({"candidates": [{"finishReason": word}]}).encode()
    found = ReplyReader(is_whole=True)(reply).error
    assert type(found) is error
    assert word in str(found)


def test_a_refusal_of_an_openai_model_is_no_empty_answer() -> None:
    said = {"content": None, "refusal": "I can't help with that."}
    whole = {"choices": [{"message": said, "finish_reason": "stop"}]}
    event = {"choices": [{"delta": {"refusal": "I"}}]}
    assert type(read_reply(json.dumps(whole).encode()).error) is ModelFiltered
    assert type(read_chunk(json.dumps(event).encode()).error) is ModelFiltered
    said["refusal"] = None
    assert read_reply(json.dumps(whole).encode()).error is None


@pytest.mark.anyio
async def test_another_model_answers_where_a_stream_begins_with_an_overload(stand_in: Any) -> None:
    event = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    async def overloaded(request: web.Request) -> web.Response:
        text = f"event: error\ndata: {json.dumps(event)}\n\n"
        return web.Response(text=text, content_type="text/event-stream")

    stand_in.then(overloaded)
    claude = AnthropicModel(url=stand_in.url, model="claude-x", retries=0)
    both = FallbackModel([claude, ScriptedModel(["yes"], name="second")])
    talk = [Message("user", "hello")]
    deltas = [delta async for delta in both.stream(talk, CompletionOptions())]
    assert ("".join(one.text for one in deltas), deltas[-1].model) == ("yes", "second")
    await both.close()
