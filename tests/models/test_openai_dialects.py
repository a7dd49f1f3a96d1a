"""Providers that speak OpenAI's protocol in their own way, against servers as strict as they."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final

import openai
import pytest
from aiohttp import web
from pydantic import SecretStr

from fourfold.core.errors import (
    ContextTooLong,
    InvalidInput,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Message
from fourfold.models import CHAT_MODELS
from fourfold.models.remote import RemoteModel
from fourfold.testing.models import ChatModelContract

if TYPE_CHECKING:
    from tests.models.conftest import StandIn

KEY = "key-very-secret-4711"
TALK = [Message("system", "Antworte kurz."), Message("user", "Grüß Gott")]
PLAIN = CompletionOptions()
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"found": {"type": "boolean"}},
    "required": ["found"],
}
EVERYTHING = CompletionOptions(
    max_tokens=50, stop=("ENDE",), json_schema=SCHEMA, seed=7, temperature=0.5, top_p=0.9
)
Make = Callable[..., RemoteModel]

_COMMON: Final = {
    "model", "messages", "temperature", "top_p", "max_tokens", "stop", "stream", "response_format",
    "tools",
}  # fmt: skip
VERSION: Final = "2024-10-21"
KNOWN: Final = {  # the fields of a request that each documents, of those that we ever send
    "ai21": _COMMON,
    "azure": _COMMON
    | {
        "tool_choice",
        "max_completion_tokens",
        "seed",
        "stream_options",
        "logprobs",
        "top_logprobs",
    },
    "mistral": _COMMON | {"tool_choice", "random_seed"},
    "ollama": _COMMON | {"seed", "stream_options", "logprobs", "top_logprobs"},
    "vertex": _COMMON | {"tool_choice", "seed", "stream_options", "logprobs", "top_logprobs"},
    "vllm": _COMMON | {"tool_choice", "seed", "stream_options", "logprobs", "top_logprobs"},
}
TOO_LONG: Final = {  # as each says it; AI21 documents no words, Ollama says none
    "mistral": {"object": "error", "message": "Prompt contains 99 tokens and 0 draft tokens, too "
                "large for model with 32768 maximum context length", "code": "3051"},
    "vertex": [{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "The input token "
               "count (9) exceeds the maximum number of tokens allowed (8)."}}],
    "azure": {"error": {"message": "This model's maximum context length is 8192 tokens.",
                        "code": "context_length_exceeded"}},
    "vllm": {"error": {"message": "This model's maximum context length is 8192 tokens.",
                       "type": "BadRequestError", "code": 400}},
    "ai21": {"detail": "This model's maximum context length is 262144 tokens."},
}  # fmt: skip


def like(provider: str, longest: int) -> Any:
    """A server that refuses what the provider does not document, and streams or answers."""

    async def serve(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if unknown := body.keys() - KNOWN[provider]:
            error = [{"type": "extra_forbidden", "loc": ["body", *unknown]}]
            return web.json_response({"message": {"detail": error}}, status=422)
        if len(body["messages"][-1]["content"]) > longest and provider in TOO_LONG:
            return web.json_response(TOO_LONG[provider], status=400)
        words = (
            ['{"found":', " true}"] if "response_format" in body else [f"w{n} " for n in range(8)]
        )
        most = body.get("max_tokens", body.get("max_completion_tokens", 99))
        finish = "stop" if most >= len(words) else "length"
        read = {"prompt_tokens": 5, "completion_tokens": min(most, len(words))}
        usage = {**read, "total_tokens": sum(read.values())}
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(words[:most])}
            choices = [{"index": 0, "message": message, "finish_reason": finish}]
            return web.json_response({"choices": choices, "usage": usage})
        asked = "stream_options" in body
        last = {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": finish}]}
        chunks = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in words[:most]]
        ends = [last, {"choices": [], "usage": usage}] if asked else [{**last, "usage": usage}]
        answer: web.StreamResponse = await streamed(*chunks, *ends)(request)
        return answer

    return serve


def streamed(*chunks: Any) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        return response

    return answer


def reply(body: Any, status: int = 200) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


def said(content: Any, finish: str = "stop", usage: Any = None) -> dict[str, Any]:
    choices = [{"message": {"role": "assistant", "content": content}, "finish_reason": finish}]
    return {"choices": choices, "usage": usage}


@pytest.fixture
async def make(stand_in: StandIn) -> AsyncIterator[Make]:
    made: list[RemoteModel] = []

    async def no_sleep(seconds: float) -> None:
        pass

    def make(provider: str, **changes: Any) -> RemoteModel:
        usual = {"url": stand_in.url, "model": "m", "api_key": SecretStr(KEY), "sleep": no_sleep}
        create: Any = CHAT_MODELS.load(provider)
        made.append(create(**{**usual, **changes}))
        return made[-1]

    yield make
    for model in made:
        await model.close()


class TestAI21(ChatModelContract):
    too_long = "word " * 300_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(like("ai21", longest=1_000_000))
        return make("ai21")


class TestAzure(ChatModelContract):
    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(like("azure", longest=50_000))
        return make("azure", url=stand_in.url.replace("/v1", "/openai/v1"))


class TestMistral(ChatModelContract):
    too_long = "word " * 40_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(like("mistral", longest=150_000))
        return make("mistral")


class TestOllama(ChatModelContract):
    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(like("ollama", longest=0))  # it never refuses a long prompt: we do
        return make("ollama", api_key=None)


class TestVertex(ChatModelContract):
    too_long = "word " * 1_100_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(like("vertex", longest=5_000_000))
        return make("vertex", model="google/gemini-x")


class TestVLLM(ChatModelContract):
    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(like("vllm", longest=50_000))
        return make("vllm", api_key=None)


@pytest.mark.anyio
@pytest.mark.parametrize("provider", KNOWN)
async def test_each_is_sent_only_what_it_documents(
    stand_in: StandIn, make: Make, provider: str
) -> None:
    stand_in.then(like(provider, longest=1_000))
    model = make(provider)
    completion = await model.complete(TALK, EVERYTHING)
    deltas = [delta async for delta in model.stream(TALK, EVERYTHING)]
    assert model.name == f"{provider}:m"
    assert json.loads(completion.text) == {"found": True}
    assert "".join(delta.text for delta in deltas) == completion.text
    assert deltas[-1].usage == completion.usage
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (5, 2)
    proof = KEY if provider == "azure" else f"Bearer {KEY}"
    assert stand_in.headers[0]["api-key" if provider == "azure" else "Authorization"] == proof


@pytest.mark.anyio
async def test_mistral_knows_the_seed_by_another_name(stand_in: StandIn, make: Make) -> None:
    stand_in.then(like("mistral", longest=1_000))
    await make("mistral").complete(TALK, EVERYTHING)
    await make("mistral").complete(TALK, PLAIN)
    assert stand_in.bodies[0]["random_seed"] == 7
    assert "random_seed" not in stand_in.bodies[1]


@pytest.mark.anyio
async def test_ai21_is_told_the_schema_in_words(stand_in: StandIn, make: Make) -> None:
    stand_in.then(like("ai21", longest=1_000))
    await make("ai21").complete(TALK, EVERYTHING)
    system, user = stand_in.bodies[0]["messages"]
    assert stand_in.bodies[0]["response_format"] == {"type": "json_object"}
    assert system["role"] == "system"
    assert system["content"].startswith("Antworte kurz.\n\n")
    assert system["content"].endswith(json.dumps(SCHEMA))
    assert user == {"role": "user", "content": "Grüß Gott"}


@pytest.mark.anyio
@pytest.mark.parametrize("provider", ["ai21", "mistral"])
async def test_log_probabilities_are_refused_where_there_are_none(
    stand_in: StandIn, make: Make, provider: str
) -> None:
    with pytest.raises(InvalidInput, match="log probabilities"):
        await make(provider).complete(TALK, CompletionOptions(top_logprobs=2))
    assert stand_in.bodies == []


@pytest.mark.anyio
async def test_ollama_never_sees_a_prompt_that_it_would_cut(stand_in: StandIn, make: Make) -> None:
    stand_in.then(like("ollama", longest=0))
    talk = [Message("user", "Wort " * 60)]
    await make("ollama", context_tokens=60).complete(talk, PLAIN)
    with pytest.raises(ContextTooLong, match="60 words, and the model reads 59 tokens"):
        await make("ollama", context_tokens=59).complete(talk, PLAIN)
    assert len(stand_in.bodies) == 1


@pytest.mark.anyio
async def test_what_mistral_says_in_pieces_is_one_text(stand_in: StandIn, make: Make) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    content = [thought, {"type": "text", "text": "Grüß "}, {"type": "text", "text": "Gott"}]
    stand_in.then(reply(said(content, "model_length")), reply(said("", "error")))
    completion = await make("mistral").complete(TALK, PLAIN)
    assert (completion.text, completion.finish_reason) == ("Grüß Gott", "length")
    with pytest.raises(ModelError, match="reported an error"):
        await make("mistral").complete(TALK, PLAIN)


@pytest.mark.anyio
async def test_thoughts_that_vertex_counts_in_the_total_alone_are_counted(
    stand_in: StandIn, make: Make
) -> None:
    cached = {"cached_tokens": 12}
    counts = {"prompt_tokens": 20, "completion_tokens": 24, "total_tokens": 116}
    stand_in.then(reply(said("Ja", usage={**counts, "prompt_tokens_details": cached})))
    usage = (await make("vertex").complete(TALK, PLAIN)).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (20, 96, 12)


@pytest.mark.anyio
@pytest.mark.parametrize("provider", KNOWN)
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, said("", "content_filter"), ModelFiltered),
        (400, {"error": {"code": "content_filter", "message": "no"}}, ModelFiltered),
        (401, [{"error": {"code": 401, "status": "UNAUTHENTICATED"}}], ModelNotAllowed),
        (404, {"error": {"message": "model 'm' not found"}}, ModelRejected),
        (422, {"detail": [{"loc": ["body", "x"]}]}, ModelRejected),
    ],
)
async def test_refusals_are_errors_of_their_kind(
    stand_in: StandIn, make: Make, provider: str, status: int, body: Any, kind: type[ModelError]
) -> None:
    stand_in.then(reply(body, status))
    with pytest.raises(ModelError) as caught:
        await make(provider).complete(TALK, PLAIN)
    assert type(caught.value) is kind
    assert len(stand_in.bodies) == 1


@pytest.mark.anyio
async def test_a_filter_in_the_middle_of_a_stream_is_an_error(
    stand_in: StandIn, make: Make
) -> None:
    begun = {"choices": [{"delta": {"content": "Halb"}}]}
    error = {"error": {"code": "content_filter", "message": "The response was filtered"}}
    stand_in.then(streamed(begun, error))
    with pytest.raises(ModelFiltered, match="response was filtered"):
        async for _ in make("vllm").stream(TALK, PLAIN):
            pass


def azure_sdk(stand_in: StandIn) -> openai.AsyncAzureOpenAI:
    """The official client; it asks `/openai/deployments/MODEL/chat/completions?api-version=…`."""
    return openai.AsyncAzureOpenAI(
        azure_endpoint=stand_in.url.removesuffix("/v1"),
        api_key=KEY,
        api_version=VERSION,
        max_retries=0,
    )


@pytest.mark.anyio
async def test_azure_is_sent_what_the_official_sdk_sends(stand_in: StandIn, make: Make) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.json_response(said('{"found": true}'))

    stand_in.then(answer)
    deployment = f"/openai/deployments/gpt-x?api-version={VERSION}"
    model = make("azure", url=stand_in.url.replace("/v1", deployment), model="gpt-x")
    await model.complete(TALK, EVERYTHING)
    async with azure_sdk(stand_in) as sdk:
        await sdk.chat.completions.create(
            model="gpt-x",
            messages=[
                {"role": "system", "content": "Antworte kurz."},
                {"role": "user", "content": "Grüß Gott"},
            ],
            temperature=0.5,
            top_p=0.9,
            max_tokens=50,
            seed=7,
            stop=["ENDE"],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA},
            },
        )
    assert asked[0] == asked[1]
    assert stand_in.bodies[0] == stand_in.bodies[1]
    ours, theirs = ({key.lower(): one for key, one in each.items()} for each in stand_in.headers)
    assert ours["api-key"] == theirs["api-key"] == KEY
    assert "authorization" not in ours


@pytest.mark.anyio
async def test_azure_is_read_as_the_official_sdk_reads_it(stand_in: StandIn, make: Make) -> None:
    cached = {"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}
    usage = {**cached, "prompt_tokens_details": {"cached_tokens": 30}}
    whole = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x"}
    filters: dict[str, Any] = {**whole, "choices": [], "prompt_filter_results": [{"index": 0}]}
    texts = [
        {**whole, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        for text in ("Grüß ", "Gott")
    ]
    end = {**whole, "choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    stand_in.then(streamed(filters, *texts, end, {**whole, "choices": [], "usage": usage}))
    deltas = [delta async for delta in make("azure").stream(TALK, PLAIN)]
    async with azure_sdk(stand_in) as sdk:
        chunks = [
            chunk
            async for chunk in await sdk.chat.completions.create(
                model="gpt-x", messages=[{"role": "user", "content": "x"}], stream=True
            )
        ]
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    theirs = chunks[-1].usage
    assert theirs is not None
    assert theirs.prompt_tokens_details is not None
    assert "".join(delta.text for delta in deltas) == text == "Grüß Gott"
    ours = deltas[-1].usage
    assert ours is not None
    assert (ours.prompt_tokens, ours.completion_tokens, ours.cached_tokens) == (
        theirs.prompt_tokens,
        theirs.completion_tokens,
        theirs.prompt_tokens_details.cached_tokens,
    )
    assert deltas[-1].finish_reason == "length"


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/openai/v1", "/openai/v1/"])
async def test_azure_by_its_new_address_knows_the_newer_word(
    stand_in: StandIn, make: Make, path: str
) -> None:
    stand_in.then(like("azure", longest=1_000))
    url = stand_in.url.replace("/v1", path)
    await make("azure", url=url).complete(TALK, CompletionOptions(max_tokens=3))
    assert stand_in.bodies[0]["max_completion_tokens"] == 3
    assert "max_tokens" not in stand_in.bodies[0]


@pytest.mark.parametrize("provider", ["azure", "vertex"])
def test_who_has_no_address_of_its_own_wants_one(provider: str) -> None:
    create: Any = CHAT_MODELS.load(provider)
    with pytest.raises(InvalidInput, match="not a web address"):
        create(model="m")
