"""Google's Gemini API against a local server, and beside the official SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from google import genai
from google.genai import types
from pydantic import SecretStr

from fourfold.core.errors import (
    ContextTooLong,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Message, TokenLogprob, Usage
from fourfold.models.google import GoogleModel
from fourfold.models.prices import published
from fourfold.models.remote import RemoteModel
from fourfold.testing.models import ChatModelContract

if TYPE_CHECKING:
    from tests.models.conftest import StandIn

KEY = "AIza-very-secret-4711"
TALK = [
    Message("system", "Answer in German."),
    Message("user", "Hello"),
    Message("assistant", "Guten Tag."),
    Message("user", "And now?"),
]
PLAIN = CompletionOptions()
SDK_WARNS = "ignore:Inheritance class AiohttpClientSession:DeprecationWarning"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}
COUNTS = {
    "promptTokenCount": 50,
    "candidatesTokenCount": 5,
    "thoughtsTokenCount": 7,
    "cachedContentTokenCount": 30,
    "totalTokenCount": 62,
}


@pytest.fixture
async def make(stand_in: StandIn) -> AsyncIterator[Callable[..., RemoteModel]]:
    made: list[RemoteModel] = []

    async def no_sleep(seconds: float) -> None:
        pass

    def make(**changes: Any) -> RemoteModel:
        usual = {"url": stand_in.url, "model": "gemini-x", "api_key": SecretStr(KEY)}
        made.append(GoogleModel(**{**usual, "sleep": no_sleep, **changes}))
        return made[-1]

    yield make
    for model in made:
        await model.close()


@pytest.fixture
def sdk(stand_in: StandIn) -> genai.Client:
    options = types.HttpOptions(base_url=stand_in.url.removesuffix("/v1"), api_version="v1")
    return genai.Client(api_key=KEY, http_options=options)


def said(text: str, finish: str | None = "STOP", **more: Any) -> dict[str, Any]:
    thought = {"text": "Hm.", "thought": True}
    candidate = {"content": {"role": "model", "parts": [thought, {"text": text}]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [{**candidate, **more}], "usageMetadata": COUNTS, "modelVersion": "x"}


def reply(body: Any, status: int = 200) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


def streamed(*parts: dict[str, Any]) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.query["alt"] == "sse"
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in parts:
            await response.write(f"data: {json.dumps(part)}\r\n\r\n".encode())
        return response

    return answer


async def deltas_of(model: RemoteModel, options: CompletionOptions = PLAIN) -> list[Any]:
    return [delta async for delta in model.stream(TALK, options)]


class TestGoogleModel(ChatModelContract):
    too_long = "word " * 1_100_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Callable[..., RemoteModel]) -> RemoteModel:
        stand_in.then(_like_a_model)
        return make()


async def _like_a_model(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    config = body["generationConfig"]
    if len(body["contents"][-1]["parts"][0].get("text", "")) > 5_000_000:
        refused = (
            "The input token count (1100000) exceeds the maximum number of tokens allowed (1)."
        )
        error = {"code": 400, "message": refused, "status": "INVALID_ARGUMENT"}
        return web.json_response({"error": error}, status=400)
    words = (
        ['{"found":', " true}"] if "responseJsonSchema" in config else [f"w{n} " for n in range(8)]
    )
    most = config.get("maxOutputTokens", 99)
    finish = "STOP" if most >= len(words) else "MAX_TOKENS"
    counts = {"promptTokenCount": 5, "candidatesTokenCount": min(most, len(words))}
    if request.path.endswith(":generateContent"):
        return web.json_response({**said("".join(words[:most]), finish), "usageMetadata": counts})
    parts = [said(word, None) for word in words[:most]]
    last = {**said("", finish), "usageMetadata": counts}
    answer: web.StreamResponse = await streamed(*parts, last)(request)
    return answer


@pytest.mark.anyio
@pytest.mark.filterwarnings(SDK_WARNS)
async def test_we_send_what_the_official_sdk_sends(
    stand_in: StandIn, make: Any, sdk: genai.Client
) -> None:
    stand_in.then(reply(said('{"n": 3}')))
    options = CompletionOptions(
        max_tokens=50, stop=("ENDE", "\n"), json_schema=SCHEMA, seed=7, temperature=0.5, top_p=0.9,
        top_logprobs=2,
    )  # fmt: skip
    await make().complete(TALK, options)
    talk: Any = [
        types.Content(role="user", parts=[types.Part(text="Hello")]),
        types.Content(role="model", parts=[types.Part(text="Guten Tag.")]),
        types.Content(role="user", parts=[types.Part(text="And now?")]),
    ]
    config = types.GenerateContentConfig(
        system_instruction="Answer in German.",
        temperature=0.5,
        top_p=0.9,
        max_output_tokens=50,
        stop_sequences=["ENDE", "\n"],
        seed=7,
        response_mime_type="application/json",
        response_json_schema=SCHEMA,
        response_logprobs=True,
        logprobs=2,
    )
    await sdk.aio.models.generate_content(model="gemini-x", contents=talk, config=config)
    await sdk.aio.aclose()
    ours, theirs = stand_in.bodies
    assert ours == theirs
    sent = [{key.lower(): value for key, value in one.items()} for one in stand_in.headers]
    assert sent[0]["x-goog-api-key"] == sent[1]["x-goog-api-key"] == KEY
    assert "authorization" not in sent[0]


@pytest.mark.anyio
@pytest.mark.filterwarnings(SDK_WARNS)
async def test_we_read_what_the_official_sdk_reads(
    stand_in: StandIn, make: Any, sdk: genai.Client
) -> None:
    parts = [said("Grü", None), said("ß", None), said(" Gott.", "MAX_TOKENS")]
    stand_in.then(streamed(*parts))
    deltas = await deltas_of(make())
    chunks = [
        chunk
        async for chunk in await sdk.aio.models.generate_content_stream(
            model="gemini-x", contents="x"
        )
    ]
    await sdk.aio.aclose()
    assert "".join(delta.text for delta in deltas) == "".join(one.text or "" for one in chunks)
    theirs = chunks[-1].usage_metadata
    assert theirs is not None
    assert deltas[-1].finish_reason == "length"
    assert deltas[-1].usage == Usage(
        prompt_tokens=theirs.prompt_token_count or 0,
        completion_tokens=(theirs.candidates_token_count or 0) + (theirs.thoughts_token_count or 0),
        cached_tokens=theirs.cached_content_token_count or 0,
        cost_usd=None,
    )


@pytest.mark.anyio
async def test_log_probabilities_are_those_of_each_token(stand_in: StandIn, make: Any) -> None:
    chosen = {"token": "Ja", "tokenId": 3, "logProbability": -0.1}
    other = {"token": "Nein", "tokenId": 4, "logProbability": -2.5}
    result = {"chosenCandidates": [chosen], "topCandidates": [{"candidates": [chosen, other]}]}
    stand_in.then(reply(said("Ja", logprobsResult=result)))
    completion = await make().complete(TALK, CompletionOptions(top_logprobs=2))
    assert completion.logprobs == (
        TokenLogprob(token="Ja", logprob=-0.1, likeliest={"Ja": -0.1, "Nein": -2.5}),
    )


@pytest.mark.anyio
async def test_an_answer_has_its_list_price(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply(said("Ja.")))
    tariff = published("gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta")
    usage = (await make(tariff=tariff).complete(TALK, PLAIN)).usage
    assert usage.cost_usd is not None
    # Gemini 2.5 Flash as Google has listed it since June 2025: 0.30 in, 2.50 out, thoughts as out.
    fresh, written = 20 * 0.30, 12 * 2.50
    assert (fresh + written) / 1e6 < usage.cost_usd < (fresh + 30 * 0.30 + written) / 1e6


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "word", "words", "error"),
    [
        (400, "INVALID_ARGUMENT", "input exceeds the maximum number of tokens", ContextTooLong),
        (400, "INVALID_ARGUMENT", "unknown field", ModelRejected),
        (401, "UNAUTHENTICATED", "no key", ModelNotAllowed),
        (403, "PERMISSION_DENIED", "not enabled", ModelNotAllowed),
        (404, "NOT_FOUND", "models/gemini-x is not found", ModelRejected),
        (429, "RESOURCE_EXHAUSTED", "quota", ModelRateLimited),
        (500, "INTERNAL", "internal", ModelOverloaded),
        (503, "UNAVAILABLE", "overloaded", ModelOverloaded),
        (504, "DEADLINE_EXCEEDED", "too slow", ModelOverloaded),
    ],
)
async def test_each_refusal_is_an_error_of_its_kind(
    stand_in: StandIn, make: Any, status: int, word: str, words: str, error: type[ModelError]
) -> None:
    body = {"error": {"code": status, "message": words, "status": word}}
    stand_in.then(reply(body, status))
    with pytest.raises(error) as caught:
        await make().complete(TALK, PLAIN)
    assert type(caught.value) is error
    tries = 5 if error in (ModelRateLimited, ModelOverloaded) else 1
    assert len(stand_in.bodies) == tries


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body",
    [
        said("", "SAFETY"),
        said("halb", "RECITATION"),
        said("", "SPII"),
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
    ],
)
@pytest.mark.parametrize("as_stream", [False, True])
async def test_a_filter_is_an_error(
    stand_in: StandIn, make: Any, body: dict[str, Any], as_stream: bool
) -> None:
    stand_in.then(streamed(body) if as_stream else reply(body))
    with pytest.raises(ModelFiltered, match="stopped the answer"):
        await (deltas_of(make()) if as_stream else make().complete(TALK, PLAIN))


@pytest.mark.anyio
async def test_half_a_stream_and_an_error_within_it_are_raised(
    stand_in: StandIn, make: Any
) -> None:
    error = {"error": {"code": 503, "message": f"busy {KEY}", "status": "UNAVAILABLE"}}
    stand_in.then(streamed(said("Grüß", None)), streamed(said("Grüß", None), error))
    with pytest.raises(ModelOverloaded, match="in the middle"):
        await deltas_of(make())
    with pytest.raises(ModelError, match="busy") as caught:
        await deltas_of(make())
    assert "very-secret" not in caught.value.message


@pytest.mark.anyio
async def test_another_protocol_is_an_error_and_names_are_quoted(
    stand_in: StandIn, make: Any
) -> None:
    stand_in.then(reply([1]))
    with pytest.raises(ModelError, match="no reply of the Gemini API"):
        await make(model="../x?y").complete(TALK, PLAIN)
