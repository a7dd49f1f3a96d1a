"""Chat models of other servers, against a stand-in on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from fourfold.core.errors import (
    ContextTooLong,
    InvalidInput,
    ModelError,
    ModelFiltered,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Message, Usage
from fourfold.core.tools import Tool
from fourfold.models.client import Timeouts
from fourfold.models.openai import OpenAIModel
from fourfold.models.prices import Price
from fourfold.models.remote import RemoteModel
from fourfold.models.tokens import estimate_tokens
from fourfold.testing.models import ChatModelContract

if TYPE_CHECKING:
    from tests.models.conftest import StandIn

QUESTION = [Message("user", "hello")]
PLAIN = CompletionOptions()
KEY = "sk-very-secret-4711"
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}\n\n'
DONE = b"data: [DONE]\n\n"


class Sleeps(list[float]):
    """Remembers how long it was asked to sleep, and does not."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
async def make(stand_in: StandIn, sleeps: Sleeps) -> AsyncIterator[Callable[..., RemoteModel]]:
    made: list[RemoteModel] = []

    def make(**changes: Any) -> RemoteModel:
        usual = {"url": stand_in.url, "model": "m", "api_key": SecretStr(KEY)}
        model = OpenAIModel(**{**usual, "sleep": sleeps, "draw": lambda: 1.0, **changes})
        made.append(model)
        return model

    yield make
    for model in made:
        await model.close()


def event(text: str = "", finish: str | None = None, **fields: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice], **fields}).encode() + b"\n\n"


def status(code: int, body: Any = None, **headers: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body if body is not None else {}, status=code, headers=named)

    return answer


def reply(text: str, finish: str = "stop") -> Any:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": finish}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}
    return status(200, {"choices": [choice], "usage": usage})


def pieces(*parts: bytes, hang: bool = False, cut: bool = False) -> Any:
    """A stream that arrives in just these pieces, then hangs, is cut off, or ends."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0.002)
        if hang:
            await asyncio.sleep(30)
        if cut and request.transport:
            request.transport.abort()
        return response

    return answer


async def silent(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def text_of(model: RemoteModel) -> str:
    return "".join([delta.text async for delta in model.stream(QUESTION, PLAIN)])


class TestOpenAIModel(ChatModelContract):
    too_long = "word " * 20_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Callable[..., RemoteModel]) -> RemoteModel:
        stand_in.then(_like_a_model)
        return make()


async def _like_a_model(request: web.Request) -> web.StreamResponse:
    """Speaks like OpenAI's server: streams or not, refuses too long prompts, keeps `max_tokens`."""
    body = await request.json()
    prompt = body["messages"][-1]["content"]
    if len(prompt) > 50_000:
        error = {"message": "maximum context length is 8192", "code": "context_length_exceeded"}
        return web.json_response({"error": error}, status=400)
    words = ['{"found":', " true}"] if "response_format" in body else [f"w{n} " for n in range(8)]
    most = body.get("max_tokens", 99)
    finish = "stop" if most >= len(words) else "length"
    usage = {"prompt_tokens": 5, "completion_tokens": min(most, len(words))}
    if not body.get("stream"):
        message = {"content": "".join(words[:most])}
        choices = [{"message": message, "finish_reason": finish}]
        return web.json_response({"choices": choices, "usage": usage})
    parts = [event(word) for word in words[:most]] + [event(finish=finish)]
    last = json.dumps({"choices": [], "usage": usage}).encode()
    answer: web.StreamResponse = await pieces(*parts, b"data: " + last + b"\n\n", DONE)(request)
    return answer


@pytest.mark.anyio
async def test_the_request_says_what_was_asked(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply("hi"))
    options = CompletionOptions(max_tokens=5, temperature=0.5, seed=3, stop=("X",), top_logprobs=2)
    completion = await make(extra={"user": "u"}).complete([Message("system", "s")], options)
    assert completion.usage == Usage(prompt_tokens=9, completion_tokens=3, cost_usd=None)
    assert stand_in.bodies[0] == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}],
        "temperature": 0.5,
        "max_tokens": 5,
        "seed": 3,
        "stop": ["X"],
        "logprobs": True,
        "top_logprobs": 2,
        "user": "u",
    }


@pytest.mark.anyio
@pytest.mark.parametrize(
    "said", [f"bad key {KEY}", "bad key sk\\u002dvery-secret-4711", f"{'x' * 280} {KEY} and more"]
)
@pytest.mark.parametrize("code", [200, 400])
async def test_a_server_that_repeats_the_key_is_not_quoted(
    stand_in: StandIn, make: Any, said: str, code: int
) -> None:
    body = f'{{"error": {{"message": "{said}"}}}}'.encode()

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=code, content_type="application/json")

    stand_in.then(answer, pieces(b"data: " + body + b"\n\n"))
    with pytest.raises(ModelError) as whole:
        await make().complete(QUESTION, PLAIN)
    with pytest.raises(ModelError) as streamed:
        await text_of(make())
    for error in (whole.value, streamed.value):
        assert "sk-very-" not in error.message + str(error)


@pytest.mark.anyio
async def test_a_field_can_be_left_out(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply("hi"))
    await make(extra={"temperature": None}).complete(QUESTION, PLAIN)
    assert "temperature" not in stand_in.bodies[0]


@pytest.mark.anyio
async def test_an_answer_carries_what_it_costs(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply("hi"), pieces(event("hi", "stop"), USAGE, DONE), pieces(event("a", "stop")))
    model = make(tariff=Price(input=1_000, output=10_000))
    assert (await model.complete(QUESTION, PLAIN)).usage.cost_usd == pytest.approx(0.009 + 0.03)
    ends = [[delta async for delta in model.stream(QUESTION, PLAIN)][-1].usage for _ in range(2)]
    assert [usage.cost_usd for usage in ends] == [pytest.approx(0.007 + 0.02), None]


@pytest.mark.anyio
async def test_events_survive_any_cut_of_the_network(stand_in: StandIn, make: Any) -> None:
    whole = event("Grüß ") + event("Gott") + event(finish="stop") + USAGE + DONE
    stand_in.then(pieces(*(whole[n : n + 1] for n in range(len(whole)))))
    deltas = [delta async for delta in make().stream(QUESTION, PLAIN)]
    assert "".join(delta.text for delta in deltas) == "Grüß Gott"
    assert deltas[-1].usage == Usage(prompt_tokens=7, completion_tokens=2, cost_usd=None)


@pytest.mark.anyio
async def test_keep_alives_crlf_and_unknown_fields_are_passed_over(
    stand_in: StandIn, make: Any
) -> None:
    odd = b": keep-alive\r\n\r\nevent: x\r\nid: 1\r\n" + event("a").replace(b"\n\n", b"\r\n\r\n")
    stand_in.then(pieces(odd, b"\r\n: ping\r\n\r", b"\n", event("b", "stop"), USAGE, DONE))
    assert await text_of(make()) == "ab"


@pytest.mark.anyio
async def test_what_arrives_together_goes_on_together(stand_in: StandIn, make: Any) -> None:
    stand_in.then(pieces(event("a") + event("b"), event("c", "stop") + USAGE + DONE))
    deltas = [delta async for delta in make().stream(QUESTION, PLAIN)]
    assert [delta.text for delta in deltas] == ["ab", "c", ""]
    assert deltas[-1].usage == Usage(prompt_tokens=7, completion_tokens=2, cost_usd=None)


@pytest.mark.anyio
async def test_a_last_event_without_its_empty_line_counts(stand_in: StandIn, make: Any) -> None:
    stand_in.then(pieces(event("a"), event("b", "stop").rstrip()))
    assert await text_of(make()) == "ab"


@pytest.mark.anyio
async def test_a_server_that_does_not_stream_is_read_as_a_whole(
    stand_in: StandIn, make: Any
) -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    choice = {"message": message, "finish_reason": "tool_calls"}
    stand_in.then(reply("Grüß Gott"), reply("", "length"), status(200, {"choices": [choice]}))
    deltas = [delta async for delta in make().stream(QUESTION, PLAIN)]
    assert "".join(delta.text for delta in deltas) == "Grüß Gott"
    assert deltas[-1].usage == Usage(prompt_tokens=9, completion_tokens=3, cost_usd=None)
    cut = [delta async for delta in make().stream(QUESTION, PLAIN)]
    assert cut[-1].finish_reason == "length"
    tool = replace(PLAIN, tools=(Tool(name="f"),))
    called = [delta async for delta in make().stream(QUESTION, tool)]
    assert [call.name for call in called[-1].tool_calls] == ["f"]


@pytest.mark.anyio
async def test_a_stream_that_is_called_json_is_read_as_a_stream(
    stand_in: StandIn, make: Any
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = event("a") + event("b", "stop") + DONE
        return web.Response(body=body, content_type="application/json")

    stand_in.then(answer)
    assert await text_of(make()) == "ab"


@pytest.mark.anyio
async def test_half_a_whole_answer_is_an_error(stand_in: StandIn, make: Any) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b'{"choices": [{"mess', content_type="application/json")

    stand_in.then(answer)
    with pytest.raises(ModelError, match="no OpenAI reply"):
        await text_of(make())


@pytest.mark.anyio
async def test_an_error_in_the_middle_of_a_stream_is_raised(stand_in: StandIn, make: Any) -> None:
    stand_in.then(pieces(event("a"), b'data: {"error": {"message": "out of memory"}}\n\n'))
    with pytest.raises(ModelError, match="out of memory"):
        await text_of(make())


@pytest.mark.anyio
@pytest.mark.parametrize("cut", [False, True])
async def test_a_stream_that_breaks_off_is_an_error_and_not_repeated(
    stand_in: StandIn, make: Any, sleeps: Sleeps, cut: bool
) -> None:
    stand_in.then(pieces(event("a"), cut=cut))
    with pytest.raises(ModelOverloaded, match="middle"):
        await text_of(make())
    assert len(stand_in.bodies) == 1
    assert sleeps == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "junk", [b"data: {nonsense\n\n", b'data: {"choices": 3}\n\n', b"data: \xff\n\n"]
)
async def test_malformed_events_are_errors_of_the_model(
    stand_in: StandIn, make: Any, junk: bytes
) -> None:
    stand_in.then(pieces(event("a"), junk))
    with pytest.raises(ModelError, match="no OpenAI reply"):
        await text_of(make())


@pytest.mark.anyio
@pytest.mark.parametrize("body", ["<html>", {}, {"choices": []}, {"choices": [{"message": None}]}])
async def test_malformed_replies_are_errors_of_the_model(
    stand_in: StandIn, make: Any, body: Any
) -> None:
    stand_in.then(status(200, body))
    with pytest.raises(ModelError, match="no OpenAI reply"):
        await make().complete(QUESTION, PLAIN)


@pytest.mark.anyio
@pytest.mark.parametrize("code", [429, 500, 502, 503])
async def test_a_busy_server_is_asked_again(
    stand_in: StandIn, make: Any, sleeps: Sleeps, code: int
) -> None:
    stand_in.then(status(code), status(code), reply("at last"))
    assert (await make().complete(QUESTION, PLAIN)).text == "at last"
    assert sleeps == [0.5, 1.0]  # the bounds, as the drawn number is 1


@pytest.mark.anyio
async def test_the_wait_is_drawn_and_bounded(stand_in: StandIn, make: Any, sleeps: Sleeps) -> None:
    stand_in.then(status(500))
    with pytest.raises(ModelOverloaded):
        await make(retries=9, draw=lambda: 0.5).complete(QUESTION, PLAIN)
    assert sleeps == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]
    assert len(stand_in.bodies) == 10


@pytest.mark.anyio
async def test_the_server_is_given_the_time_it_asks_for(
    stand_in: StandIn, make: Any, sleeps: Sleeps
) -> None:
    stand_in.then(status(429, Retry_After="7"), status(503, Retry_After="2"), reply("hi"))
    await make(draw=lambda: 0.0).complete(QUESTION, PLAIN)
    assert sleeps == [7, 2]


@pytest.mark.anyio
async def test_a_wait_that_is_too_long_is_told_at_once(
    stand_in: StandIn, make: Any, sleeps: Sleeps
) -> None:
    stand_in.then(status(429, Retry_After="3600"))
    with pytest.raises(ModelRateLimited) as caught:
        await make().complete(QUESTION, PLAIN)
    assert caught.value.retry_after_seconds == 3600
    assert sleeps == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, {"error": {"message": "bad field"}}, ModelRejected),
        (404, {"detail": "no such model"}, ModelRejected),
        (302, {}, ModelRejected),
        (400, {"error": {"code": "content_filter", "message": "filtered"}}, ModelFiltered),
        (400, [{"error": {"code": 400, "message": "bad"}}], ModelRejected),
        (401, {"error": {"message": f"wrong key {KEY}"}}, ModelNotAllowed),
        (403, {}, ModelNotAllowed),
        (400, {"error": {"code": "context_length_exceeded"}}, ContextTooLong),
        (400, {"error": {"type": "exceed_context_size_error"}}, ContextTooLong),
    ],
)
async def test_what_cannot_get_better_is_not_asked_again(
    stand_in: StandIn, make: Any, code: int, body: Any, kind: type[ModelError]
) -> None:
    stand_in.then(status(code, body))
    with pytest.raises(ModelError) as caught:
        await make().complete(QUESTION, PLAIN)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert len(stand_in.bodies) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("code", [400, 401, 429, 500])
async def test_the_key_is_sent_and_never_shown(stand_in: StandIn, make: Any, code: int) -> None:
    stand_in.then(status(code, {"error": {"message": f"you sent Bearer {KEY}"}}))
    model = make(retries=0)
    with pytest.raises(ModelError) as caught:
        await model.complete(QUESTION, PLAIN)
    assert stand_in.headers[0]["Authorization"] == f"Bearer {KEY}"
    told = [caught.value.message, caught.value.hint, repr(caught.value), repr(model)]
    assert not any(KEY in text for text in [*told, repr(vars(model)), repr(vars(model._client))])


@pytest.mark.anyio
async def test_nobody_listening_is_told_after_the_retries(make: Any, sleeps: Sleeps) -> None:
    with pytest.raises(ModelOverloaded, match="cannot be reached"):
        await make(url="http://127.0.0.1:9/v1", retries=2).complete(QUESTION, PLAIN)
    assert len(sleeps) == 2


@pytest.mark.parametrize("url", ["http://me:secret@127.0.0.1/v1", "ftp://x/v1", "localhost", ""])
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        OpenAIModel(model="m", url=url)
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.anyio
async def test_a_server_that_never_answers_is_given_up(stand_in: StandIn, make: Any) -> None:
    stand_in.then(silent)
    model = make(timeouts=Timeouts(first_byte_seconds=0.1), retries=3)
    with pytest.raises(ModelOverloaded, match="did not begin"):
        await model.complete(QUESTION, PLAIN)
    assert len(stand_in.bodies) == 1  # nobody waits for `first_byte_seconds` four times


@pytest.mark.anyio
@pytest.mark.parametrize("limit", ["idle_seconds", "total_seconds"])
async def test_a_stream_that_stalls_is_given_up(stand_in: StandIn, make: Any, limit: str) -> None:
    stand_in.then(pieces(event("a"), hang=True))
    with pytest.raises(ModelOverloaded, match="did not go on"):
        await text_of(make(timeouts=Timeouts(**{limit: 0.1})))
    assert len(stand_in.bodies) == 1


@pytest.mark.anyio
async def test_a_slow_reader_is_not_mistaken_for_a_slow_server(
    stand_in: StandIn, make: Any
) -> None:
    stand_in.then(pieces(event("a"), event("b", "stop"), DONE))
    text = ""
    async for delta in make(timeouts=Timeouts(idle_seconds=0.1)).stream(QUESTION, PLAIN):
        text += delta.text
        await asyncio.sleep(0.15)
    assert text == "ab"


@pytest.mark.anyio
async def test_closing_a_stream_tells_the_server(stand_in: StandIn, make: Any) -> None:
    stand_in.then(pieces(event("a"), hang=True))
    async with aclosing(make().stream(QUESTION, PLAIN)) as deltas:
        await anext(deltas)
    await asyncio.wait_for(stand_in.gone.wait(), 2)


@pytest.mark.anyio
async def test_cancelling_a_call_tells_the_server(stand_in: StandIn, make: Any) -> None:
    stand_in.then(silent)
    call = asyncio.create_task(make().complete(QUESTION, PLAIN))
    await asyncio.wait_for(stand_in.asked.wait(), 2)
    call.cancel()
    await asyncio.wait_for(stand_in.gone.wait(), 2)


@pytest.mark.anyio
async def test_connections_are_reused(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply("hi"))
    model = make()
    for _ in range(3):
        await model.complete(QUESTION, PLAIN)
    stand_in.answerers = [pieces(event("a", "stop"), DONE)]
    for _ in range(3):
        await text_of(model)
    assert len(stand_in.peers) == 1


@pytest.mark.anyio
async def test_a_schema_is_sent_and_the_answer_checked(stand_in: StandIn, make: Any) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    options = CompletionOptions(json_schema=schema)
    stand_in.then(reply('{"n": 4}'), reply('{"n": "four"}'), reply("four"), reply('{"n"', "length"))
    model = make()
    assert (await model.complete(QUESTION, options)).text == '{"n": 4}'
    assert stand_in.bodies[0]["response_format"]["json_schema"]["schema"] == schema
    for words in ("does not fit", "not JSON", "cut off"):
        with pytest.raises(ModelError, match=words):
            await model.complete(QUESTION, options)


@pytest.mark.anyio
async def test_a_wrong_schema_never_reaches_the_server(stand_in: StandIn, make: Any) -> None:
    stand_in.then(reply("{}"))
    with pytest.raises(InvalidInput):
        await make().complete(QUESTION, CompletionOptions(json_schema={"type": 7}))
    assert stand_in.bodies == []


@pytest.mark.anyio
async def test_a_content_filter_is_an_error(stand_in: StandIn, make: Any) -> None:
    stand_in.then(pieces(event("a"), event(finish="content_filter"), DONE))
    with pytest.raises(ModelFiltered, match="content filter"):
        await text_of(make())


@pytest.mark.parametrize("text", ["", "Wort", "Äpfel 12345", "日本語", "🎉", "a b c", "x" * 1000])
def test_the_estimate_grows_with_the_text(text: str) -> None:
    assert estimate_tokens(text) <= estimate_tokens(text + " und mehr")
    assert estimate_tokens(text) <= len(text.encode())
