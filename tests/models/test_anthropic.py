"""Anthropic's Messages API against a local server, and beside the official SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from aiohttp import web
from pydantic import SecretStr

from fourfold.core.errors import (
    ContextTooLong,
    InvalidInput,
    InvalidOutput,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Message, Usage
from fourfold.models.anthropic import AnthropicModel
from fourfold.models.prices import published
from fourfold.models.remote import RemoteModel
from fourfold.testing.models import ChatModelContract

if TYPE_CHECKING:
    from tests.models.conftest import StandIn

KEY = "sk-ant-very-secret-4711"
TALK = [
    Message("system", "Answer in German."),
    Message("user", "Hello"),
    Message("assistant", "Guten Tag."),
    Message("user", "And now?"),
]
PLAIN = CompletionOptions()
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"n": {"type": "integer", "maximum": 9}},
    "required": ["n"],
}
USED = {
    "input_tokens": 12,
    "output_tokens": 5,
    "cache_read_input_tokens": 30,
    "cache_creation_input_tokens": 8,
}


@pytest.fixture
async def make(stand_in: StandIn) -> AsyncIterator[Callable[..., RemoteModel]]:
    made: list[RemoteModel] = []

    async def no_sleep(seconds: float) -> None:
        pass

    def make(**changes: Any) -> RemoteModel:
        usual = {"url": stand_in.url, "model": "claude-x", "api_key": SecretStr(KEY)}
        made.append(AnthropicModel(**{**usual, "sleep": no_sleep, **changes}))
        return made[-1]

    yield make
    for model in made:
        await model.close()


def message(text: str, stop_reason: str = "end_turn") -> dict[str, Any]:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [thought, {"type": "text", "text": text}],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": USED,
    }


def reply(body: Any, status: int = 200, **headers: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return answer


def events(*texts: str, stop_reason: str = "end_turn", end: bool = True) -> list[dict[str, Any]]:
    head = {**message(""), "content": [], "stop_reason": None}
    head["usage"] = {**USED, "output_tokens": 1}
    block = {"type": "text", "text": ""}
    said = [{"type": "text_delta", "text": text} for text in texts]
    found: list[dict[str, Any]] = [
        {"type": "message_start", "message": head},
        {"type": "ping"},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in said),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
    ]
    return [*found, {"type": "message_stop"}] if end else found


def streamed(parts: list[dict[str, Any]]) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in parts:
            line = f"event: {part['type']}\ndata: {json.dumps(part)}\n\n"
            await response.write(line.encode())
        return response

    return answer


async def deltas_of(model: RemoteModel, options: CompletionOptions = PLAIN) -> list[Any]:
    return [delta async for delta in model.stream(TALK, options)]


class TestAnthropicModel(ChatModelContract):
    too_long = "word " * 210_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Callable[..., RemoteModel]) -> RemoteModel:
        stand_in.then(_like_a_model)
        return make()


async def _like_a_model(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    if len(body["messages"][-1]["content"]) > 1_000_000:
        error = {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens"}
        return web.json_response({"type": "error", "error": error}, status=400)
    words = ['{"found":', " true}"] if "output_config" in body else [f"w{n} " for n in range(8)]
    most = body["max_tokens"]
    stop_reason = "end_turn" if most >= len(words) else "max_tokens"
    said = words[:most]
    if body.get("stream"):
        parts = events(*said, stop_reason=stop_reason)
        parts[-2]["usage"]["output_tokens"] = len(said)
        answer: web.StreamResponse = await streamed(parts)(request)
        return answer
    whole = message("".join(said), stop_reason)
    whole["usage"] = {**USED, "output_tokens": len(said)}
    return web.json_response(whole)


@pytest.mark.anyio
async def test_we_send_what_the_official_sdk_sends(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply(message("Ja.")))
    options = CompletionOptions(max_tokens=50, stop=("ENDE", "\n"), json_schema=SCHEMA, seed=7)
    narrow = anthropic.transform_schema({**SCHEMA})
    with pytest.raises(ModelError, match="not JSON"):
        await make().complete(TALK, options)
    sdk = anthropic.AsyncAnthropic(
        api_key=KEY, base_url=stand_in.url.removesuffix("/v1"), max_retries=0
    )
    async with sdk:
        await sdk.messages.create(
            model="claude-x",
            max_tokens=50,
            system="Answer in German.",
            messages=[
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Guten Tag."},
                {"role": "user", "content": "And now?"},
            ],
            stop_sequences=["ENDE"],
            output_config={"format": {"type": "json_schema", "schema": narrow}},
        )
    ours, theirs = stand_in.bodies
    assert ours == theirs
    sent = [{key.lower(): value for key, value in one.items()} for one in stand_in.headers]
    for name in ("authorization", "anthropic-version", "content-type"):
        assert sent[0][name] == sent[1][name]


@pytest.mark.anyio
async def test_we_read_what_the_official_sdk_reads(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply(message("Grüß Gott.", "max_tokens")), *[streamed(events("Grü", "ß"))] * 2)
    completion = await make().complete(TALK, PLAIN)
    assert (completion.text, completion.finish_reason) == ("Grüß Gott.", "length")
    assert completion.usage == Usage(
        prompt_tokens=50, completion_tokens=5, cached_tokens=30, cost_usd=None
    )
    deltas = await deltas_of(make())
    sdk = anthropic.AsyncAnthropic(
        api_key=KEY, base_url=stand_in.url.removesuffix("/v1"), max_retries=0
    )
    async with (
        sdk,
        sdk.messages.stream(
            model="claude-x", max_tokens=9, messages=[{"role": "user", "content": "x"}]
        ) as theirs,
    ):
        whole = await theirs.get_final_message()
        text = await theirs.get_final_text()
    assert "".join(delta.text for delta in deltas) == text == "Grüß"
    usage = deltas[-1].usage
    assert usage.completion_tokens == whole.usage.output_tokens
    assert usage.cached_tokens == whole.usage.cache_read_input_tokens
    fresh = whole.usage.input_tokens + (whole.usage.cache_creation_input_tokens or 0)
    assert usage.prompt_tokens == fresh + usage.cached_tokens


@pytest.mark.anyio
@pytest.mark.parametrize("as_stream", [False, True])
async def test_what_the_schema_says_in_words_alone_is_checked_here(
    stand_in: StandIn, make: Any, as_stream: bool
) -> None:
    text = '{"n": 12}'
    stand_in.then(streamed(events(text)) if as_stream else reply(message(text)))
    options = CompletionOptions(json_schema=SCHEMA)
    with pytest.raises(InvalidOutput, match=r"does not fit the JSON schema at `\$\.n`"):
        await (deltas_of(make(), options) if as_stream else make().complete(TALK, options))


@pytest.mark.anyio
async def test_an_answer_has_its_list_price(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply(message("Ja.")))
    tariff = published("claude-sonnet-4-5", "https://api.anthropic.com/v1")
    usage = (await make(tariff=tariff).complete(TALK, PLAIN)).usage
    # Claude Sonnet 4.5 as Anthropic listed it in 2025: 3 in, 0.30 read from a cache, 15 out.
    assert usage.cost_usd == pytest.approx((20 * 3 + 30 * 0.3 + 5 * 15) / 1e6)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "kind", "words", "error"),
    [
        (400, "invalid_request_error", "prompt is too long: 9 > 8", ContextTooLong),
        (400, "invalid_request_error", "max_tokens: too large", ModelRejected),
        (401, "authentication_error", "invalid x-api-key", ModelNotAllowed),
        (403, "permission_error", "no", ModelNotAllowed),
        (404, "not_found_error", "model: claude-x", ModelRejected),
        (413, "request_too_large", "too large", ModelRejected),
        (429, "rate_limit_error", "slow down", ModelRateLimited),
        (500, "api_error", "internal", ModelOverloaded),
        (529, "overloaded_error", "Overloaded", ModelOverloaded),
    ],
)
async def test_each_refusal_is_an_error_of_its_kind(
    stand_in: StandIn, make: Any, status: int, kind: str, words: str, error: type[ModelError]
) -> None:
    body = {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_1"}
    stand_in.then(reply(body, status))
    with pytest.raises(error) as caught:
        await make().complete(TALK, PLAIN)
    assert type(caught.value) is error
    tries = 5 if error in (ModelRateLimited, ModelOverloaded) else 1
    assert len(stand_in.bodies) == tries


@pytest.mark.anyio
async def test_an_error_in_the_middle_of_a_stream_is_raised(stand_in: StandIn, make: Any) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": f"Busy, {KEY}"}}
    stand_in.then(streamed([*events("Grüß", end=False)[:4], error]))
    with pytest.raises(ModelOverloaded, match="Busy") as caught:
        await deltas_of(make())
    assert "very-secret" not in caught.value.message


@pytest.mark.anyio
async def test_half_a_stream_is_no_answer(stand_in: StandIn, make: Any) -> None:
    stand_in.then(streamed(events("Grüß", end=False)[:4]))
    with pytest.raises(ModelOverloaded, match="in the middle"):
        await deltas_of(make())


@pytest.mark.anyio
@pytest.mark.parametrize("as_stream", [False, True])
async def test_the_safety_filter_is_an_error(stand_in: StandIn, make: Any, as_stream: bool) -> None:
    answer = streamed(events(stop_reason="refusal")) if as_stream else None
    stand_in.then(answer or reply(message("", "refusal")))
    with pytest.raises(ModelFiltered, match="safety filter"):
        await (deltas_of(make()) if as_stream else make().complete(TALK, PLAIN))


@pytest.mark.anyio
async def test_a_line_break_stops_it_although_the_protocol_takes_none(
    stand_in: StandIn, make: Any
) -> None:
    options = CompletionOptions(stop=("\n",))
    stand_in.then(reply(message("Ja.\nUnd mehr")), streamed(events("Ja", ".\nUnd", " mehr")))
    completion = await make().complete(TALK, options)
    assert (completion.text, completion.usage.completion_tokens) == ("Ja.", 5)
    deltas = await deltas_of(make(), options)
    assert "".join(delta.text for delta in deltas) == "Ja."
    assert (deltas[-1].finish_reason, deltas[-1].usage.cost_usd) == ("stop", None)
    assert "stop_sequences" not in stand_in.bodies[0]


@pytest.mark.anyio
@pytest.mark.parametrize("body", [[], {"content": "text"}, {"content": [{"text": 7}]}])
async def test_another_protocol_is_an_error_in_words(
    stand_in: StandIn, make: Any, body: Any
) -> None:
    stand_in.then(reply(body))
    with pytest.raises(ModelError, match="no reply of the Messages API"):
        await make().complete(TALK, PLAIN)


@pytest.mark.anyio
async def test_log_probabilities_are_refused_and_fields_can_be_replaced(
    stand_in: StandIn, make: Any
) -> None:
    with pytest.raises(InvalidInput, match="log probabilities"):
        await make().complete(TALK, CompletionOptions(top_logprobs=2))
    stand_in.then(reply(message("Ja.")))
    await make(extra={"temperature": 0, "system": None}).complete(TALK, PLAIN)
    assert stand_in.bodies[0]["temperature"] == 0
    assert "system" not in stand_in.bodies[0]
