"""Tools through every protocol, against servers that speak it, and beside the official SDKs."""

from __future__ import annotations

import asyncio
import json
import struct
from binascii import crc32
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import anthropic
import botocore.session
import openai
import pytest
from aiohttp import web
from botocore.config import Config
from google import genai
from google.genai import types
from pydantic import SecretStr

from fourfold.core.errors import InvalidInput, InvalidOutput
from fourfold.core.records import Completion, CompletionOptions, Message, Usage
from fourfold.core.tools import Tool, ToolCall
from fourfold.models import CHAT_MODELS
from fourfold.models.chat import joined

if TYPE_CHECKING:
    from tests.models.conftest import StandIn

    from fourfold.models.remote import RemoteModel

NOVA: Final = "amazon.nova-lite-v1:0"
PROTOCOLS: Final = ("openai", "anthropic", "google", "bedrock")
PLACE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
WEATHER = Tool(name="weather", description="Das Wetter an einem Ort.", parameters=PLACE)
CLOCK = Tool(name="clock")
ASKED = CompletionOptions(max_tokens=50, tools=(WEATHER, CLOCK))
COLOGNE = ToolCall(id="call_00001", name="weather", arguments={"city": "Köln"})
NOW = ToolCall(id="call_00002", name="clock", arguments={})
QUESTION = [Message("user", "Wie ist das Wetter in Köln, und wie spät ist es?")]
TALK = [
    Message("system", "Antworte kurz."),
    *QUESTION,
    Message("assistant", "Moment.", tool_calls=(COLOGNE, NOW)),
    Message("tool", "Regen, 7 Grad", tool_call_id="call_00001"),
    Message("tool", "12:05", tool_call_id="call_00002"),
]
CALLS: Final = [("call_00001", "weather", '{"city": "Köln"}'), ("call_00002", "clock", "{}")]
USAGE = Usage(prompt_tokens=9, completion_tokens=3, cost_usd=None)
SDK_WARNS = "ignore:Inheritance class AiohttpClientSession:DeprecationWarning"
Calls = list[tuple[str, str, str]]
Make = Callable[..., "RemoteModel"]


@pytest.fixture
async def make(stand_in: StandIn) -> AsyncIterator[Make]:
    made: list[RemoteModel] = []

    async def no_sleep(seconds: float) -> None:
        pass

    def make(provider: str, **changes: Any) -> RemoteModel:
        usual = {"url": stand_in.url, "model": "m", "api_key": SecretStr("key"), "sleep": no_sleep}
        create: Any = CHAT_MODELS.load(provider)
        made.append(create(**{**usual, **changes}))
        return made[-1]

    yield make
    for model in made:
        await model.close()


def whole(protocol: str, calls: Calls, text: str = "") -> Any:
    """A reply with a text and these calls, as the protocol says it."""
    body = _WHOLE[protocol](calls, text)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    return answer


def _openai(calls: Calls, text: str) -> bytes:
    said = [
        {"id": key, "type": "function", "function": {"name": name, "arguments": arguments}}
        for key, name, arguments in calls
    ]
    message = {"role": "assistant", "content": text or None, "tool_calls": said}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


def _anthropic(calls: Calls, text: str) -> bytes:
    used = ",".join(
        f'{{"type": "tool_use", "id": "{key}", "name": "{name}", "input": {arguments}}}'
        for key, name, arguments in calls
    )
    said = json.dumps({"type": "text", "text": text})
    return (
        '{"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": null,'
        f'"content": [{",".join(filter(None, (text and said, used)))}],'
        f'"stop_reason": "{"tool_use" if calls else "end_turn"}",'
        '"usage": {"input_tokens": 9, "output_tokens": 3}}'
    ).encode()


def _google(calls: Calls, text: str) -> bytes:
    parts = [json.dumps({"text": text})] if text else []
    parts += [
        f'{{"functionCall": {{"id": "{key}", "name": "{name}", "args": {arguments}}},'
        f'"thoughtSignature": "c2lnbmVk"}}'
        for key, name, arguments in calls
    ]
    return (
        f'{{"candidates": [{{"content": {{"role": "model", "parts": [{",".join(parts)}]}},'
        '"finishReason": "STOP", "index": 0}],'
        '"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3}}'
    ).encode()


def _bedrock(calls: Calls, text: str) -> bytes:
    parts = [json.dumps({"text": text})] if text else []
    parts += [
        f'{{"toolUse": {{"toolUseId": "{key}", "name": "{name}", "input": {arguments}}}}}'
        for key, name, arguments in calls
    ]
    return (
        f'{{"output": {{"message": {{"role": "assistant", "content": [{",".join(parts)}]}}}},'
        f'"stopReason": "{"tool_use" if calls else "end_turn"}", "metrics": {{"latencyMs": 1}},'
        '"usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}}'
    ).encode()


_WHOLE: Final = {
    "openai": _openai,
    "anthropic": _anthropic,
    "google": _google,
    "bedrock": _bedrock,
}


def streamed(protocol: str, calls: Calls, text: str = "") -> Any:
    """The same as a stream, arguments in pieces of three characters, calls side by side."""
    frames = _STREAMED[protocol](calls, text)
    amazon = "application/vnd.amazon.eventstream"
    kind = amazon if protocol == "bedrock" else "text/event-stream"

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        for frame in frames:
            await response.write(frame)
            await asyncio.sleep(0)
        return response

    return answer


def _cut(arguments: str) -> list[str]:
    return [arguments[at : at + 3] for at in range(0, len(arguments), 3)]


def _openai_events(calls: Calls, text: str) -> list[bytes]:
    deltas: list[Any] = [{"role": "assistant", "content": text}]
    for index, (key, name, _) in enumerate(calls):
        begun = {"name": name, "arguments": ""}
        call = {"index": index, "id": key, "type": "function", "function": begun}
        deltas.append({"tool_calls": [call]})
    for index, (_, _, arguments) in reversed(list(enumerate(calls))):
        pieces = [{"index": index, "function": {"arguments": one}} for one in _cut(arguments)]
        deltas += [{"tool_calls": [piece]} for piece in pieces]
    chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    reason = "tool_calls" if calls else "stop"
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    all_of_it = [{**head, **one} for one in (*chunks, {"choices": [], "usage": usage})]
    return [*(b"data: %b\n\n" % json.dumps(one).encode() for one in all_of_it), b"data: [DONE]\n\n"]


def _anthropic_events(calls: Calls, text: str) -> list[bytes]:
    head = json.loads(_anthropic([], ""))
    head |= {"stop_reason": None, "usage": {"input_tokens": 9, "output_tokens": 1}}
    events: list[Any] = [{"type": "message_start", "message": head}]
    blocks: list[Any] = [
        *([({"type": "text", "text": ""}, [{"type": "text_delta", "text": text}])] if text else [])
    ]
    for key, name, arguments in calls:
        pieces = [{"type": "input_json_delta", "partial_json": one} for one in _cut(arguments)]
        blocks.append(({"type": "tool_use", "id": key, "name": name, "input": {}}, pieces))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
        events.append({"type": "content_block_stop", "index": index})
    reason = {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": reason, "usage": {"output_tokens": 3}})
    events.append({"type": "message_stop"})
    return [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events]


def _google_events(calls: Calls, text: str) -> list[bytes]:
    first = [_google([], text)] if text else []
    return [b"data: %b\r\n\r\n" % one for one in (*first, *(_google([call], "") for call in calls))]


def _bedrock_events(calls: Calls, text: str) -> list[bytes]:
    events: list[Any] = [("messageStart", {"role": "assistant"})]
    if text:
        events.append(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}))
    for index, (key, name, arguments) in enumerate(calls, 1):
        at = {"contentBlockIndex": index}
        use = {"toolUse": {"toolUseId": key, "name": name}}
        events.append(("contentBlockStart", {**at, "start": use}))
        pieces = [{**at, "delta": {"toolUse": {"input": one}}} for one in _cut(arguments)]
        events += [("contentBlockDelta", one) for one in pieces]
        events.append(("contentBlockStop", at))
    usage = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}
    events.append(("messageStop", {"stopReason": "tool_use" if calls else "end_turn"}))
    events.append(("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}))
    return [_frame(kind, payload) for kind, payload in events]


def _frame(kind: str, payload: Any) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value
        for name, value in ((name, value.encode()) for name, value in headers.items())
    )
    body = json.dumps(payload).encode()
    sizes = struct.pack("!II", 16 + len(head) + len(body), len(head))
    begun = sizes + struct.pack("!I", crc32(sizes)) + head + body
    return begun + struct.pack("!I", crc32(begun))


_STREAMED: Final = {
    "openai": _openai_events,
    "anthropic": _anthropic_events,
    "google": _google_events,
    "bedrock": _bedrock_events,
}


async def answered(
    model: RemoteModel, options: CompletionOptions, *, as_stream: bool
) -> Completion:
    if as_stream:
        return await joined(model.stream(QUESTION, options), model=model.name)
    return await model.complete(QUESTION, options)


def answering(protocol: str, calls: Calls, text: str = "", *, as_stream: bool) -> Any:
    return (streamed if as_stream else whole)(protocol, calls, text)


@pytest.mark.anyio
@pytest.mark.parametrize("as_stream", [False, True])
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_several_calls_are_read_beside_a_text(
    stand_in: StandIn, make: Make, protocol: str, as_stream: bool
) -> None:
    stand_in.then(answering(protocol, CALLS, "Moment.", as_stream=as_stream))
    completion = await answered(make(protocol), ASKED, as_stream=as_stream)
    signature = "c2lnbmVk" if protocol == "google" else ""
    wanted = tuple(replace(call, signature=signature) for call in (COLOGNE, NOW))
    assert completion.tool_calls == wanted
    assert completion.text == "Moment."
    assert completion.finish_reason == "tool_calls"
    assert completion.usage == USAGE


@pytest.mark.anyio
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_calls_come_whole_in_the_last_delta(
    stand_in: StandIn, make: Make, protocol: str
) -> None:
    stand_in.then(streamed(protocol, CALLS, "Moment."))
    deltas = [delta async for delta in make(protocol).stream(QUESTION, ASKED)]
    assert [len(delta.tool_calls) for delta in deltas] == [0] * (len(deltas) - 1) + [2]
    assert deltas[-1].finish_reason == "tool_calls"


WRONG: Final = {
    "no JSON": ([("1", "weather", '{"city": Köln}')], "not JSON"),
    "no object": ([("1", "weather", '["Köln"]')], "no object"),
    "a field is missing": ([("1", "weather", "{}")], "call of `weather` does not fit"),
    "another type": ([("1", "weather", '{"city": 7}')], "does not fit"),
    "another tool": ([("1", "wether", "{}")], "`wether`, which there is not"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("as_stream", [False, True])
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_wrong_call_is_an_invalid_output_with_its_usage(
    stand_in: StandIn, make: Make, protocol: str, as_stream: bool, wrong: str
) -> None:
    calls, words = WRONG[wrong]
    in_text = protocol == "openai" or (as_stream and protocol != "google")
    if wrong == "no JSON" and not in_text:
        pytest.skip("the arguments are a part of the reply's own JSON")
    stand_in.then(answering(protocol, calls, as_stream=as_stream))
    with pytest.raises(InvalidOutput, match=words) as caught:
        await answered(make(protocol), ASKED, as_stream=as_stream)
    assert caught.value.usage == USAGE


@pytest.mark.anyio
@pytest.mark.parametrize("as_stream", [False, True])
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_an_answer_of_another_form_tells_what_it_cost_before_the_error(
    stand_in: StandIn, make: Make, protocol: str, as_stream: bool
) -> None:
    stand_in.then(answering(protocol, [], '{"n": "four"}', as_stream=as_stream))
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    options = CompletionOptions(json_schema=schema)
    told: list[Usage] = []
    with pytest.raises(InvalidOutput, match="does not fit") as caught:
        await _usages(make(protocol), options, told, as_stream=as_stream)
    assert caught.value.usage == USAGE
    assert told == ([USAGE] if as_stream else [])


async def _usages(
    model: RemoteModel, options: CompletionOptions, told: list[Usage], *, as_stream: bool
) -> None:
    if not as_stream:
        await model.complete(QUESTION, options)
    async for delta in model.stream(QUESTION, options):
        told += [delta.usage] if delta.usage else []
        assert delta.finish_reason is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("choice", "calls", "words"),
    [
        ("required", [], "had to call a tool, and called none"),
        ("weather", [], "had to call `weather` alone"),
        ("weather", [("1", "clock", "{}")], "and called `clock`"),
        ("none", [("1", "clock", "{}")], "had to call no tool"),
    ],
)
async def test_a_model_that_does_not_keep_the_choice_is_told_of(
    stand_in: StandIn, make: Make, choice: str, calls: Calls, words: str
) -> None:
    stand_in.then(whole("openai", calls, "Es regnet."))
    with pytest.raises(InvalidOutput, match=words):
        await make("openai").complete(QUESTION, replace(ASKED, tool_choice=choice))


CHOICES: Final[dict[str, dict[str, Any]]] = {
    "openai": {
        "auto": {},
        "none": {"tool_choice": "none"},
        "required": {"tool_choice": "required"},
        "clock": {"tool_choice": {"type": "function", "function": {"name": "clock"}}},
    },
    "mistral": {
        "auto": {},
        "none": {"tool_choice": "none"},
        "required": {"tool_choice": "any"},
        "clock": {"tool_choice": {"type": "function", "function": {"name": "clock"}}},
    },
    "anthropic": {
        "auto": {},
        "none": {"tool_choice": {"type": "none"}},
        "required": {"tool_choice": {"type": "any"}},
        "clock": {"tool_choice": {"type": "tool", "name": "clock"}},
    },
    "google": {
        "auto": {},
        "none": {"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
        "required": {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
        "clock": {
            "toolConfig": {
                "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["clock"]}
            }
        },
    },
}


@pytest.mark.anyio
@pytest.mark.parametrize("choice", ["auto", "none", "required", "clock"])
@pytest.mark.parametrize("protocol", CHOICES)
async def test_each_choice_is_said_in_the_words_of_the_protocol(
    stand_in: StandIn, make: Make, protocol: str, choice: str
) -> None:
    speaks = "openai" if protocol == "mistral" else protocol
    calls = [] if choice in ("auto", "none") else CALLS[1:]
    stand_in.then(whole(speaks, calls, "Ja."))
    await make(protocol).complete(QUESTION, replace(ASKED, tool_choice=choice))
    body = stand_in.bodies[0]
    assert {key: body[key] for key in ("tool_choice", "toolConfig") if key in body} == (
        CHOICES[protocol][choice]
    )
    assert "tools" in body


@pytest.mark.anyio
async def test_amazon_is_told_a_choice_with_the_tools(stand_in: StandIn, make: Make) -> None:
    stand_in.then(whole("bedrock", CALLS[1:]))
    for choice in ("required", "clock"):
        await make("bedrock").complete(QUESTION, replace(ASKED, tool_choice=choice))
    chosen = [body["toolConfig"]["toolChoice"] for body in stand_in.bodies]
    assert chosen == [{"any": {}}, {"tool": {"name": "clock"}}]
    stand_in.answerers = [whole("bedrock", [], "Ja.")]
    await make("bedrock").complete(QUESTION, ASKED)
    assert "toolChoice" not in stand_in.bodies[2]["toolConfig"]
    await make("bedrock").complete(QUESTION, replace(ASKED, tool_choice="none"))
    assert "toolConfig" not in stand_in.bodies[3]
    with pytest.raises(InvalidInput, match="no `none` once a tool was called"):
        await make("bedrock").complete(TALK, replace(ASKED, tool_choice="none"))
    with pytest.raises(InvalidInput, match="JSON schema takes their place"):
        await make("bedrock", model=NOVA).complete(TALK, replace(ASKED, json_schema=PLACE))


@pytest.mark.anyio
@pytest.mark.parametrize("provider", ["ai21", "ollama"])
async def test_who_passes_over_the_choice_is_not_asked_to_keep_it(
    stand_in: StandIn, make: Make, provider: str
) -> None:
    stand_in.then(whole("openai", [], "Ja."))
    with pytest.raises(InvalidInput, match="cannot make a model call a tool"):
        await make(provider).complete(QUESTION, replace(ASKED, tool_choice="required"))
    await make(provider).complete(QUESTION, replace(ASKED, tool_choice="none"))
    await make(provider).complete(QUESTION, ASKED)
    assert ["tools" in body for body in stand_in.bodies] == [False, True]
    assert not any("tool_choice" in body for body in stand_in.bodies)


@pytest.mark.anyio
async def test_mistral_is_sent_ids_as_it_takes_them(stand_in: StandIn, make: Make) -> None:
    stand_in.then(whole("openai", [], "Ja."))
    await make("mistral").complete(TALK, ASKED)
    turns = stand_in.bodies[0]["messages"]
    asked = [call["id"] for call in turns[2]["tool_calls"]]
    assert asked == [turn["tool_call_id"] for turn in turns[3:]]
    assert all(len(key) == 9 and key.isalnum() for key in asked)
    assert len(set(asked)) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("as_stream", [False, True])
async def test_what_google_signs_goes_back_through_vertex_word_for_word(
    stand_in: StandIn, make: Make, as_stream: bool
) -> None:
    signed = {"google": {"thought_signature": "c2ln"}}
    call = {"id": "1", "function": {"name": "clock", "arguments": "{}"}, "extra_content": signed}
    message = {"content": None, "tool_calls": [call, {**call, "id": "2"}]}  # without an index
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    kind = "delta" if as_stream else "message"
    said = {"choices": [{kind: message, "finish_reason": "stop"}], "usage": usage}

    async def answer(request: web.Request) -> web.StreamResponse:
        body = json.dumps(said)
        return web.Response(text=f"data: {body}\n\n" if as_stream else body)

    stand_in.then(answer)
    completion = await answered(make("vertex"), ASKED, as_stream=as_stream)
    assert [one.id for one in completion.tool_calls] == ["1", "2"]
    results = [Message("tool", "12:05", tool_call_id=key) for key in ("1", "2")]
    turn = Message("assistant", "", tool_calls=completion.tool_calls)
    stand_in.answerers = [whole("openai", [], "Ja.")]
    await make("vertex").complete([*QUESTION, turn, *results], ASKED)
    sent = stand_in.bodies[1]["messages"][1]
    assert [one["extra_content"] for one in sent["tool_calls"]] == [signed, signed]


@pytest.mark.anyio
async def test_calls_without_an_id_and_calls_that_share_an_index_are_told_apart(
    stand_in: StandIn, make: Make
) -> None:
    numbered = [
        {"index": 0, "id": key, "function": {"name": "clock", "arguments": "{}"}} for key in "ab"
    ]
    chunk = {"choices": [{"delta": {"tool_calls": numbered}, "finish_reason": "tool_calls"}]}
    nameless = {"index": 0, "id": "null", "function": {"name": "clock", "arguments": {}}}
    other = {"choices": [{"delta": {"tool_calls": [nameless]}, "finish_reason": "tool_calls"}]}
    for said in (chunk, other):

        async def answer(request: web.Request, said: Any = said) -> web.StreamResponse:
            return web.Response(text=f"data: {json.dumps(said)}\n\n")

        stand_in.then(answer)
    model = make("openai", new_id=lambda: "made")
    both = await answered(model, ASKED, as_stream=True)
    assert [call.id for call in both.tool_calls] == ["a", "b"]
    one = await answered(model, ASKED, as_stream=True)
    assert one.tool_calls == (ToolCall(id="made", name="clock"),)


@pytest.mark.anyio
async def test_a_call_that_was_cut_off_says_so(stand_in: StandIn, make: Make) -> None:
    for arguments in ('{"city": "K', ""):
        call = {"id": "1", "function": {"name": "weather", "arguments": arguments}}
        said = {"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "length"}]}
        stand_in.answerers = [_json(said)]
        with pytest.raises(InvalidOutput, match="cut off") as caught:
            await make("openai").complete(QUESTION, ASKED)
        assert "max_tokens" in caught.value.hint


def _json(body: Any) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body)

    return answer


BAD: Final[dict[str, tuple[list[Message], CompletionOptions]]] = {
    "Two tools": (QUESTION, CompletionOptions(tools=(CLOCK, CLOCK))),
    "cannot be called": (QUESTION, CompletionOptions(tools=(Tool(name="to day"),))),
    "no object": (QUESTION, CompletionOptions(tools=(Tool(name="t", parameters={}),))),
    "not valid": (
        QUESTION,
        CompletionOptions(tools=(Tool(name="t", parameters={"type": "objekt"}),)),
    ),
    "no tool `rain`": (QUESTION, replace(ASKED, tool_choice="rain")),
    "no tools are given": (QUESTION, CompletionOptions(tool_choice="required")),
    "Nobody asked": ([*QUESTION, Message("tool", "x", tool_call_id="7")], ASKED),
    "no `tool_call_id`": ([*QUESTION, Message("tool", "x")], ASKED),
    "holds calls": ([Message("user", "x", tool_calls=(NOW,))], ASKED),
}


@pytest.mark.anyio
@pytest.mark.parametrize("words", BAD)
async def test_what_nobody_understands_is_never_sent(
    stand_in: StandIn, make: Make, words: str
) -> None:
    messages, options = BAD[words]
    for protocol in PROTOCOLS:
        with pytest.raises(InvalidInput, match=words):
            await make(protocol).complete(messages, options)
    assert stand_in.bodies == []


@pytest.mark.anyio
async def test_openai_is_asked_and_read_as_by_the_official_sdk(
    stand_in: StandIn, make: Make
) -> None:
    stand_in.then(*[streamed("openai", CALLS)] * 2)
    ours = await joined(make("openai").stream(TALK, ASKED), model="m")
    sdk = openai.AsyncOpenAI(api_key="key", base_url=stand_in.url, max_retries=0)
    function = {"name": "weather", "description": WEATHER.description, "parameters": PLACE}
    calls: Any = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        }
        for call in (COLOGNE, NOW)
    ]
    async with (
        sdk,
        sdk.chat.completions.stream(
            model="m",
            temperature=0.0,
            max_tokens=50,
            messages=[
                {"role": "system", "content": "Antworte kurz."},
                {"role": "user", "content": QUESTION[0].content},
                {"role": "assistant", "content": "Moment.", "tool_calls": calls},
                {"role": "tool", "tool_call_id": "call_00001", "content": "Regen, 7 Grad"},
                {"role": "tool", "tool_call_id": "call_00002", "content": "12:05"},
            ],
            tools=[
                {"type": "function", "function": function},
                {"type": "function", "function": {"name": "clock", "parameters": CLOCK.parameters}},
            ],
            stream_options={"include_usage": True},
        ) as stream,
    ):
        theirs = await stream.get_final_completion()
    assert _arguments_read(stand_in.bodies[0]) == _arguments_read(stand_in.bodies[1])
    called: Any = theirs.choices[0].message.tool_calls
    assert [(one.id, one.name, dict(one.arguments)) for one in ours.tool_calls] == [
        (one.id, one.function.name, json.loads(one.function.arguments)) for one in called
    ]


def _arguments_read(body: dict[str, Any]) -> dict[str, Any]:
    """With the arguments of calls as values: how JSON is spaced in a string says nothing."""
    for message in body["messages"]:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return body


@pytest.mark.anyio
async def test_anthropic_is_asked_and_read_as_by_the_official_sdk(
    stand_in: StandIn, make: Make
) -> None:
    stand_in.then(*[streamed("anthropic", CALLS, "Moment.")] * 2)
    ours = await joined(make("anthropic").stream(TALK, ASKED), model="m")
    base = stand_in.url.removesuffix("/v1")
    sdk = anthropic.AsyncAnthropic(api_key="key", base_url=base, max_retries=0)
    uses: Any = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)}
        for call in (COLOGNE, NOW)
    ]
    results: Any = [
        {"type": "tool_result", "tool_use_id": "call_00001", "content": "Regen, 7 Grad"},
        {"type": "tool_result", "tool_use_id": "call_00002", "content": "12:05"},
    ]
    async with (
        sdk,
        sdk.messages.stream(
            model="m",
            max_tokens=50,
            system="Antworte kurz.",
            messages=[
                {"role": "user", "content": QUESTION[0].content},
                {"role": "assistant", "content": [{"type": "text", "text": "Moment."}, *uses]},
                {"role": "user", "content": results},
            ],
            tools=[
                {"name": "weather", "description": WEATHER.description, "input_schema": PLACE},
                {"name": "clock", "input_schema": {"type": "object"}},
            ],
        ) as stream,
    ):
        theirs = await stream.get_final_message()
    assert stand_in.bodies[0] == stand_in.bodies[1]
    called: Any = [block for block in theirs.content if block.type == "tool_use"]
    assert [(one.id, one.name, dict(one.arguments)) for one in ours.tool_calls] == [
        (one.id, one.name, one.input) for one in called
    ]


@pytest.mark.anyio
@pytest.mark.filterwarnings(SDK_WARNS)
async def test_google_is_asked_and_read_as_by_the_official_sdk(
    stand_in: StandIn, make: Make
) -> None:
    stand_in.then(*[whole("google", CALLS)] * 2)
    signed = Message("assistant", "", tool_calls=(replace(COLOGNE, signature="c2lnbmVk"), NOW))
    ours = await make("google").complete([*TALK[:2], signed, *TALK[3:]], ASKED)
    options = types.HttpOptions(base_url=stand_in.url.removesuffix("/v1"), api_version="v1")
    sdk = genai.Client(api_key="key", http_options=options)
    called = types.FunctionCall(id="call_00001", name="weather", args={"city": "Köln"})
    told = {"call_00001": ("weather", "Regen, 7 Grad"), "call_00002": ("clock", "12:05")}
    results = [
        types.FunctionResponse(id=key, name=name, response={"output": output})
        for key, (name, output) in told.items()
    ]
    clock = types.FunctionCall(id="call_00002", name="clock", args={})
    talk: Any = [
        types.Content(role="user", parts=[types.Part(text=QUESTION[0].content)]),
        types.Content(
            role="model",
            parts=[
                types.Part(function_call=called, thought_signature=b"signed"),
                types.Part(function_call=clock),
            ],
        ),
        types.Content(role="user", parts=[types.Part(function_response=one) for one in results]),
    ]
    declared = [
        types.FunctionDeclaration(
            name="weather", description=WEATHER.description, parameters_json_schema=PLACE
        ),
        types.FunctionDeclaration(name="clock", parameters_json_schema={"type": "object"}),
    ]
    theirs = await sdk.aio.models.generate_content(
        model="m",
        contents=talk,
        config=types.GenerateContentConfig(
            system_instruction="Antworte kurz.",
            temperature=0.0,
            max_output_tokens=50,
            tools=[types.Tool(function_declarations=declared)],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        ),
    )
    await sdk.aio.aclose()
    for declaration in stand_in.bodies[1]["tools"][0]["functionDeclarations"]:
        # The SDK leaves this one name as Python has it; Google's page has it in camel case.
        declaration["parametersJsonSchema"] = declaration.pop("parameters_json_schema")
    assert stand_in.bodies[0] == stand_in.bodies[1]
    assert [(one.id, one.name, dict(one.arguments)) for one in ours.tool_calls] == [
        (one.id, one.name, one.args) for one in theirs.function_calls or ()
    ]


@pytest.mark.anyio
async def test_google_says_that_its_model_wrote_a_call_that_is_none(
    stand_in: StandIn, make: Make
) -> None:
    said = {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}
    counts = {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3}}
    stand_in.then(_json({**said, **counts}))
    with pytest.raises(InvalidOutput, match="MALFORMED_FUNCTION_CALL") as caught:
        await make("google").complete(QUESTION, ASKED)
    assert caught.value.usage == USAGE


@pytest.mark.anyio
async def test_amazon_is_asked_and_read_as_by_the_official_sdk(
    stand_in: StandIn, make: Make
) -> None:
    stand_in.then(*[streamed("bedrock", CALLS)] * 2)
    base = stand_in.url.removesuffix("/v1")
    ours = await joined(make("bedrock", url=base).stream(TALK, ASKED), model="m")
    sdk = botocore.session.Session().create_client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=base,
        aws_access_key_id="a",
        aws_secret_access_key="s",
        config=Config(retries={"total_max_attempts": 1}),
    )
    uses = [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}}
        for call in (COLOGNE, NOW)
    ]
    results = [
        {"toolResult": {"toolUseId": key, "content": [{"text": text}]}}
        for key, text in (("call_00001", "Regen, 7 Grad"), ("call_00002", "12:05"))
    ]
    described = {"name": "weather", "description": WEATHER.description}
    specs = [
        {**described, "inputSchema": {"json": PLACE}},
        {"name": "clock", "inputSchema": {"json": {"type": "object"}}},
    ]
    request: dict[str, Any] = {
        "modelId": "m",
        "system": [{"text": "Antworte kurz."}],
        "messages": [
            {"role": "user", "content": [{"text": QUESTION[0].content}]},
            {"role": "assistant", "content": [{"text": "Moment."}, *uses]},
            {"role": "user", "content": results},
        ],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.0},
        "toolConfig": {"tools": [{"toolSpec": spec} for spec in specs]},
    }
    found = await asyncio.to_thread(lambda: list(sdk.converse_stream(**request)["stream"]))
    assert stand_in.bodies[0] == stand_in.bodies[1]
    starts = [
        one["contentBlockStart"]["start"]["toolUse"] for one in found if "contentBlockStart" in one
    ]
    assert [(one.id, one.name) for one in ours.tool_calls] == [
        (one["toolUseId"], one["name"]) for one in starts
    ]
    pieces = [one["contentBlockDelta"] for one in found if "contentBlockDelta" in one]
    first = "".join(
        one["delta"]["toolUse"]["input"] for one in pieces if one["contentBlockIndex"] == 1
    )
    assert dict(ours.tool_calls[0].arguments) == json.loads(first)
