"""Amazon Bedrock's Converse API against a local server, and beside the official SDK."""

from __future__ import annotations

import asyncio
import json
import struct
from binascii import crc32
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import botocore.auth
import botocore.session
import pytest
from aiohttp import web
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer
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
from fourfold.models.bedrock import BedrockModel, Converse
from fourfold.models.eventstream import EventStreamDecoder
from fourfold.models.prices import Price
from fourfold.models.remote import RemoteModel
from fourfold.models.sigv4 import SigV4
from fourfold.testing.models import ChatModelContract

if TYPE_CHECKING:
    from tests.models.conftest import StandIn

ACCESS, SECRET, TOKEN = "AKIDEXAMPLE4711", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEX", "session/token=="
KEY = f"{ACCESS}:{SECRET}"
NOVA, CLAUDE = "eu.amazon.nova-x-v1:0", "eu.anthropic.claude-3-x-v1:0"
NOON = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
TALK = [
    Message("system", "Answer in German."),
    Message("user", "Grüß Gott"),
    Message("assistant", "Guten Tag."),
    Message("user", "And now?"),
    Message("user", "Well?"),
]
PLAIN = CompletionOptions()
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
USED: Final = {
    "inputTokens": 12,
    "outputTokens": 5,
    "cacheReadInputTokens": 30,
    "cacheWriteInputTokens": 8,
    "totalTokens": 55,
}
IN_FRANKFURT = partial(Converse, region="eu-central-1")
Make = Callable[..., RemoteModel]


@pytest.fixture
async def make(stand_in: StandIn) -> AsyncIterator[Make]:
    made: list[RemoteModel] = []

    async def no_sleep(seconds: float) -> None:
        pass

    def make(**changes: Any) -> RemoteModel:
        usual = {"url": origin(stand_in), "model": NOVA, "api_key": SecretStr(KEY)}
        usual |= {"speak": IN_FRANKFURT, "sleep": no_sleep, "now": lambda: NOON}
        made.append(BedrockModel(**{**usual, **changes}))
        return made[-1]

    yield make
    for model in made:
        await model.close()


def origin(stand_in: StandIn) -> str:
    return stand_in.url.removesuffix("/v1")


def sdk(stand_in: StandIn) -> Any:
    return botocore.session.Session().create_client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=origin(stand_in),
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}),
    )


def said(*content: dict[str, Any], stop: str = "end_turn") -> dict[str, Any]:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "x"}}}
    message = {"role": "assistant", "content": [thought, *content]}
    return {
        "output": {"message": message},
        "stopReason": stop,
        "usage": USED,
        "metrics": {"latencyMs": 9},
    }


def form(value: object) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": "t1", "name": "answer", "input": value}}


def reply(body: Any, status: int = 200, **headers: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body, status=status, headers=named)

    return answer


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """A message as the protocol's page describes it."""
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value
        for name, value in ((name, value.encode()) for name, value in headers.items())
    )
    sizes = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    begun = sizes + struct.pack("!I", crc32(sizes)) + head + payload
    return begun + struct.pack("!I", crc32(begun))


def event(kind: str, payload: Any, message: str = "event") -> bytes:
    headers = {f":{message}-type": kind, ":content-type": "application/json"}
    return frame({**headers, ":message-type": message}, json.dumps(payload).encode())


def events(*pieces: Any, stop: str = "end_turn", usage: Any = USED) -> list[bytes]:
    thought = {"reasoningContent": {"text": "Hm."}}
    deltas = [{"contentBlockIndex": 0, "delta": delta} for delta in (thought, *pieces)]
    start = {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t1", "name": "answer"}}}
    calls = any("toolUse" in piece for piece in pieces)
    return [
        event("messageStart", {"role": "assistant"}),
        event("contentBlockStart", start) if calls else event("contentBlockStop", {}),
        *(event("contentBlockDelta", delta) for delta in deltas),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        event("messageStop", {"stopReason": stop}),
        event("metadata", {"usage": usage, "metrics": {"latencyMs": 9}}),
    ]


def texts(*pieces: str) -> list[dict[str, Any]]:
    return [{"text": piece} for piece in pieces]


def streamed(*frames: bytes, cut: int = 0) -> Any:
    """A stream of these frames, in pieces of `cut` bytes when it is said."""

    async def answer(request: web.Request) -> web.StreamResponse:
        kind = {"Content-Type": "application/vnd.amazon.eventstream"}
        response = web.StreamResponse(headers=kind)
        await response.prepare(request)
        whole = b"".join(frames)
        for at in range(0, len(whole), cut or len(whole)):
            await response.write(whole[at : at + (cut or len(whole))])
            await asyncio.sleep(0)
        return response

    return answer


async def deltas_of(model: RemoteModel, options: CompletionOptions = PLAIN) -> list[Any]:
    return [delta async for delta in model.stream(TALK, options)]


class TestBedrockModel(ChatModelContract):
    too_long = "word " * 150_000

    @pytest.fixture
    def model(self, stand_in: StandIn, make: Make) -> RemoteModel:
        stand_in.then(_like_a_model)
        return make()


async def _like_a_model(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    if len(body["messages"][-1]["content"][0].get("text", "")) > 500_000:
        message = "Input is too long for requested model."
        return web.json_response({"message": message}, status=400)
    words = ['{"found":', " true}"] if "toolConfig" in body else [f"w{n} " for n in range(8)]
    most = body.get("inferenceConfig", {}).get("maxTokens", 99)
    stop = "end_turn" if most >= len(words) else "max_tokens"
    usage = {**USED, "outputTokens": min(most, len(words))}
    as_form = "toolConfig" in body
    if request.path.endswith("/converse"):
        whole = "".join(words[:most])
        content = form(json.loads(whole)) if as_form else {"text": whole}
        return web.json_response({**said(content, stop=stop), "usage": usage})
    pieces = [{"toolUse": {"input": one}} if as_form else {"text": one} for one in words[:most]]
    sent = streamed(*events(*pieces, stop=stop, usage=usage))
    answer: web.StreamResponse = await sent(request)
    return answer


@pytest.mark.parametrize("token", ["", TOKEN])
@pytest.mark.parametrize(
    "target",
    [
        f"/model/{'eu.amazon.nova-x-v1%3A0'}/converse",
        "/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Ainference-profile%2Fx~y/converse-stream",
        "/a%20b/c?b=2&a=1",
    ],
)
@pytest.mark.parametrize("host", ["bedrock-runtime.eu-central-1.amazonaws.com", "127.0.0.1:8443"])
def test_a_request_is_signed_as_the_official_sdk_signs_it(
    token: str, target: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = '{"messages": "Grüß"}'.encode()
    key = SecretStr(f"{KEY}:{token}" if token else KEY)
    sign = SigV4(
        key=key, host=host, region="eu-central-1", service="bedrock",
        content_type="application/json", now=lambda: NOON,
    )  # fmt: skip
    ours = sign("POST", target, body)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOON)
    headers = {"Content-Type": "application/json"}
    request = AWSRequest("POST", f"https://{host}{target}", data=body, headers=headers)
    credentials = Credentials(ACCESS, SECRET, token or None)
    botocore.auth.SigV4Auth(credentials, "bedrock", "eu-central-1").add_auth(request)
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours["X-Amz-Date"] == request.headers["X-Amz-Date"]
    assert ours.get("X-Amz-Security-Token") == request.headers.get("X-Amz-Security-Token")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "model", [NOVA, CLAUDE, "arn:aws:bedrock:eu-west-1:1:inference-profile/amazon.nova-x"]
)
async def test_we_send_what_the_official_sdk_sends(
    stand_in: StandIn, make: Make, model: str
) -> None:
    paths: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        paths.append(request.raw_path)
        return web.json_response(said(form({"n": 3})))

    stand_in.then(answer)
    options = CompletionOptions(
        max_tokens=50, stop=("ENDE",), json_schema=SCHEMA, seed=7, temperature=0.5, top_p=0.9
    )
    await make(model=model).complete(TALK, options)
    limits = {"maxTokens": 50, "stopSequences": ["ENDE"]}
    drawn = {"temperature": 0.5, "topP": 0.9}
    request: dict[str, Any] = {
        "modelId": model,
        "system": [{"text": "Answer in German."}],
        "messages": [
            {"role": "user", "content": [{"text": "Grüß Gott"}]},
            {"role": "assistant", "content": [{"text": "Guten Tag."}]},
            {"role": "user", "content": [{"text": "And now?"}, {"text": "Well?"}]},
        ],
        "inferenceConfig": limits if model == CLAUDE else {**limits, **drawn},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "answer", "inputSchema": {"json": SCHEMA}}}],
            "toolChoice": {"tool": {"name": "answer"}},
        },
    }
    await asyncio.to_thread(lambda: sdk(stand_in).converse(**request))
    assert stand_in.bodies[0] == stand_in.bodies[1]
    assert paths[0] == paths[1]
    ours, theirs = (each["Authorization"] for each in stand_in.headers)
    assert ours.split("/aws4_request")[0].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE4711/")
    assert [part.split("/")[2:4] for part in (ours, theirs)] == [["eu-central-1", "bedrock"]] * 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    "model", ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "qwen.qwen3-32b-v1:0", "openai.x"]
)
@pytest.mark.parametrize("as_stream", [False, True])
async def test_a_schema_is_sent_as_such_to_models_that_take_it(
    stand_in: StandIn, make: Make, model: str, as_stream: bool
) -> None:
    answer = texts('{"n": 3}')
    stand_in.then(streamed(*events(*answer)) if as_stream else reply(said(*answer)))
    options = CompletionOptions(json_schema={**SCHEMA, "$schema": DRAFT})
    asked = make(model=model)
    deltas = await deltas_of(asked, options) if as_stream else [await asked.complete(TALK, options)]
    assert "".join(one.text for one in deltas) == '{"n": 3}'
    sent = stand_in.bodies[0]
    talk = [{"role": "user", "content": [{"text": "x"}]}]
    config = {"outputConfig": sent["outputConfig"], "messages": talk}
    stand_in.answerers = [reply(said(*answer))]
    await asyncio.to_thread(lambda: sdk(stand_in).converse(modelId=model, **config))
    assert stand_in.bodies[1]["outputConfig"] == sent["outputConfig"]
    schema = sent["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]
    assert json.loads(schema) == {**SCHEMA, "additionalProperties": False}
    assert "toolConfig" not in sent


@pytest.mark.anyio
async def test_the_signature_that_arrives_is_that_of_the_request(
    stand_in: StandIn, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[AWSRequest] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        url = f"http://{request.headers['Host']}{request.raw_path}"
        kept = {"Content-Type": request.headers["Content-Type"]}
        seen.append(AWSRequest("POST", url, data=await request.read(), headers=kept))
        return web.json_response(said(*texts("Ja.")))

    stand_in.then(answer)
    await make().complete(TALK, PLAIN)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOON)
    signer = botocore.auth.SigV4Auth(Credentials(ACCESS, SECRET), "bedrock", "eu-central-1")
    signer.add_auth(seen[0])
    assert stand_in.headers[0]["Authorization"] == seen[0].headers["Authorization"]


@pytest.mark.anyio
async def test_each_try_is_signed_anew(stand_in: StandIn, make: Make) -> None:
    stand_in.then(reply({"message": "busy"}, 503), reply(said(*texts("Ja."))))
    times = iter((NOON, NOON.replace(minute=4)))
    await make(now=lambda: next(times)).complete(TALK, PLAIN)
    dates = [each["X-Amz-Date"] for each in stand_in.headers]
    assert dates == ["20261122T120005Z", "20261122T120405Z"]
    assert stand_in.headers[0]["Authorization"] != stand_in.headers[1]["Authorization"]


@pytest.mark.anyio
async def test_a_key_of_bedrocks_own_is_sent_as_it_is(stand_in: StandIn, make: Make) -> None:
    stand_in.then(reply(said(*texts("Ja."))))
    await make(api_key=SecretStr("bedrock-api-key-47"), speak=Converse).complete(TALK, PLAIN)
    assert stand_in.headers[0]["Authorization"] == "Bearer bedrock-api-key-47"
    assert "X-Amz-Date" not in stand_in.headers[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://bedrock.example.com"}, "region"),
        ({"api_key": SecretStr("a:b:c:d")}, "ACCESS_KEY"),
        ({"api_key": SecretStr("only-half:")}, "ACCESS_KEY"),
    ],
)
def test_what_cannot_be_signed_is_refused_at_once(changes: dict[str, Any], words: str) -> None:
    usual: dict[str, Any] = {"model": NOVA, "api_key": SecretStr(KEY)}
    with pytest.raises(InvalidInput, match=words) as caught:
        BedrockModel(**{**usual, **changes})
    assert "only-half" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "https://bedrock-runtime.eu-central-1.amazonaws.com",
        "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
        "https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com",
    ],
)
def test_the_region_is_read_from_the_address(url: str) -> None:
    assert BedrockModel(model=NOVA, url=url, api_key=SecretStr(KEY)).name == f"bedrock:{NOVA}"


@pytest.mark.anyio
@pytest.mark.parametrize("cut", [0, 1, 7])
async def test_we_read_what_the_official_sdk_reads(stand_in: StandIn, make: Make, cut: int) -> None:
    frames = events(*texts("Grü", "ß", " Gott."), stop="max_tokens")
    stand_in.then(streamed(*frames, cut=cut))
    deltas = await deltas_of(make())

    def theirs() -> list[Any]:
        talk = [{"role": "user", "content": [{"text": "x"}]}]
        return list(sdk(stand_in).converse_stream(modelId=NOVA, messages=talk)["stream"])

    found = await asyncio.to_thread(theirs)
    pieces = [one["contentBlockDelta"]["delta"] for one in found if "contentBlockDelta" in one]
    usage = next(one["metadata"]["usage"] for one in found if "metadata" in one)
    text = "".join(piece.get("text", "") for piece in pieces)
    assert "".join(delta.text for delta in deltas) == text == "Grüß Gott."
    assert deltas[-1].finish_reason == "length"
    assert deltas[-1].usage == Usage(
        prompt_tokens=usage["totalTokens"] - usage["outputTokens"],
        completion_tokens=usage["outputTokens"],
        cached_tokens=usage["cacheReadInputTokens"],
        cost_usd=None,
    )


@pytest.mark.parametrize("cut", [1, 5, 10_000])
def test_events_are_those_that_the_official_sdk_finds(cut: int) -> None:
    odd = {":event-type": "späteres", ":message-type": "event"}
    whole = b"".join([*events(*texts("Grüß", "😀")), frame(odd, b"")])
    pieces = [whole[at : at + cut] for at in range(0, len(whole), cut)]
    decoder, buffer = EventStreamDecoder(), EventStreamBuffer()
    ours, theirs = [], []
    for piece in pieces:
        ours += [json.loads(one) for one in decoder.feed(piece)]
        buffer.add_data(piece)
        theirs += [{one.headers[":event-type"]: json.loads(one.payload or b"{}")} for one in buffer]
    assert ours == theirs
    assert len(ours) == 9
    assert decoder.finish() == []


def test_headers_of_all_types_are_passed_over() -> None:
    values = b"\x00", b"\x01", b"\x02\x09", b"\x03\x00\x09", b"\x04" + bytes(4), b"\x05" + bytes(8)
    more = b"\x06\x00\x02ab", b"\x08" + bytes(8), b"\x09" + bytes(16), b"\x07\x00\x04kind"
    names = [f"h{n}".encode() for n in range(9)] + [b":event-type"]
    head = b"".join(
        bytes([len(name)]) + name + value
        for name, value in zip(names, (*values, *more), strict=True)
    )
    message = with_checksums(struct.pack("!II", 16 + len(head) + 2, len(head)), head + b"[]")
    assert EventStreamDecoder().feed(message) == [b'{"kind":[]}']
    buffer = EventStreamBuffer()
    buffer.add_data(message)
    assert next(buffer).headers[":event-type"] == "kind"


def with_checksums(sizes: bytes, rest: bytes) -> bytes:
    begun = sizes + struct.pack("!I", crc32(sizes)) + rest
    return begun + struct.pack("!I", crc32(begun))


SOUND: Final = event("messageStop", {"stopReason": "end_turn"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    "damaged",
    [
        b"<html><body>Service</body></html>",
        SOUND[:3] + b"\xff" + SOUND[4:],  # a length
        SOUND[:60] + b"\xff" + SOUND[61:],  # the middle
        SOUND[:-1] + b"\x00",  # the checksum of all
        with_checksums(struct.pack("!II", 17 * 2**20, 0), b""),
        with_checksums(struct.pack("!II", 18, 4), b"\x09ab"),
        with_checksums(struct.pack("!II", 20, 4), b"\x01a\x63\x00"),
        with_checksums(struct.pack("!II", 21, 5), b"\x01a\x07\x00\x09"),
        frame({":event-type": "metadata", ":message-type": "event"}, b"{no json"),
        event("contentBlockDelta", {"delta": {"text": 7}}),
        event("contentBlockDelta", "text"),
    ],
)
async def test_a_damaged_stream_is_an_error_of_the_model(
    stand_in: StandIn, make: Make, damaged: bytes
) -> None:
    stand_in.then(streamed(*events(*texts("a"))[:3], damaged))
    with pytest.raises(ModelError, match=r"no event of Amazon|no reply of the Converse"):
        await deltas_of(make())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kept", "bytes_more"), [(3, 0), (3, 5), (3, 20), (-2, 0), (-2, 20), (-1, 5), (-1, 20)]
)
async def test_half_a_stream_is_no_answer(
    stand_in: StandIn, make: Make, kept: int, bytes_more: int
) -> None:
    frames = events(*texts("a", "b"))
    stand_in.then(streamed(*frames[:kept], frames[kept][:bytes_more]))
    with pytest.raises(ModelOverloaded, match="in the middle"):
        await deltas_of(make())
    assert len(stand_in.bodies) == 1


@pytest.mark.anyio
async def test_a_value_of_a_schema_comes_through_a_tool(stand_in: StandIn, make: Make) -> None:
    chat = {"text": "I will fill the form."}
    stand_in.then(
        reply(said(chat, form({"n": 3}), stop="tool_use")),
        streamed(*events(chat, *[{"toolUse": {"input": one}} for one in ('{"n"', ": 4}")])),
        reply(said(chat)),
    )
    options = CompletionOptions(json_schema=SCHEMA)
    whole = await make().complete(TALK, options)
    assert (json.loads(whole.text), whole.finish_reason) == ({"n": 3}, "stop")
    deltas = await deltas_of(make(), options)
    assert "".join(delta.text for delta in deltas) == '{"n": 4}'
    with pytest.raises(InvalidOutput, match="not JSON"):
        await make().complete(TALK, options)


@pytest.mark.anyio
async def test_a_schema_of_no_object_is_refused(stand_in: StandIn, make: Make) -> None:
    with pytest.raises(InvalidInput, match="JSON objects only"):
        await make().complete(TALK, CompletionOptions(json_schema={"type": "array"}))
    assert stand_in.bodies == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "kind", "words", "error"),
    [
        (400, "ValidationException", "Input is too long for requested model.", ContextTooLong),
        (400, "ValidationException", "prompt is too long: 9 tokens > 8 maximum", ContextTooLong),
        (400, "ValidationException", "Too many input tokens. Max: 8", ContextTooLong),
        (400, "ValidationException", "on-demand throughput isn't supported", ModelRejected),
        (403, "AccessDeniedException", "You don't have access to the model", ModelNotAllowed),
        (403, "InvalidSignatureException", f"the signature of {SECRET}", ModelNotAllowed),
        (403, "ExpiredTokenException", "The security token is expired", ModelNotAllowed),
        (404, "ResourceNotFoundException", "not found", ModelRejected),
        (408, "ModelTimeoutException", "too slow", ModelOverloaded),
        (424, "ModelErrorException", "the model failed", ModelOverloaded),
        (429, "ThrottlingException", "Too many tokens, please wait", ModelRateLimited),
        (429, "ModelNotReadyException", "not ready", ModelRateLimited),
        (500, "InternalServerException", "internal", ModelOverloaded),
        (503, "ServiceUnavailableException", "unavailable", ModelOverloaded),
    ],
)
async def test_each_refusal_is_an_error_of_its_kind(
    stand_in: StandIn, make: Make, status: int, kind: str, words: str, error: type[ModelError]
) -> None:
    stand_in.then(reply({"message": words}, status, x_amzn_errortype=kind))
    with pytest.raises(error) as caught:
        await make().complete(TALK, PLAIN)
    assert type(caught.value) is error
    tries = 5 if error in (ModelRateLimited, ModelOverloaded) else 1
    assert len(stand_in.bodies) == tries


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "words", "error"),
    [
        ("throttlingException", "Too many tokens, please wait", ModelRateLimited),
        ("validationException", "Input is too long for requested model.", ContextTooLong),
        ("validationException", "bad", ModelRejected),
        ("modelStreamErrorException", "the model failed", ModelOverloaded),
        ("internalServerException", "internal", ModelOverloaded),
        ("serviceUnavailableException", "unavailable", ModelOverloaded),
    ],
)
async def test_an_exception_in_the_middle_of_a_stream_is_raised(
    stand_in: StandIn, make: Make, kind: str, words: str, error: type[ModelError]
) -> None:
    begun = events(*texts("Halb"))[:4]
    stand_in.then(streamed(*begun, event(kind, {"message": words}, "exception")))
    with pytest.raises(error) as caught:
        await deltas_of(make())
    assert type(caught.value) is error
    assert len(stand_in.bodies) == 1


@pytest.mark.anyio
async def test_an_unnamed_error_of_a_stream_is_told_without_the_key(
    stand_in: StandIn, make: Make
) -> None:
    headers = {":message-type": "error", ":error-code": "500"}
    told = {**headers, ":error-message": f"failed for {ACCESS} and {TOKEN}"}
    stand_in.then(streamed(frame(told, b"")), streamed(frame(headers, b"")))
    model = make(api_key=SecretStr(f"{KEY}:{TOKEN}"))
    with pytest.raises(ModelError, match="failed for") as caught:
        await deltas_of(model)
    assert ACCESS not in caught.value.message
    assert TOKEN not in caught.value.message
    with pytest.raises(ModelError, match="500"):
        await deltas_of(model)


@pytest.mark.anyio
async def test_the_secret_is_never_sent_or_shown(stand_in: StandIn, make: Make) -> None:
    stand_in.then(reply(said(*texts("Ja."))))
    model = make(api_key=SecretStr(f"{KEY}:{TOKEN}"))
    await model.complete(TALK, PLAIN)
    client, pool = model._client, model._client._pool
    shown = repr([vars(model), vars(client), vars(pool), vars(pool._sign)])
    assert SECRET not in str(stand_in.headers) + str(stand_in.bodies) + shown
    assert TOKEN not in shown


@pytest.mark.anyio
@pytest.mark.parametrize("word", ["guardrail_intervened", "content_filtered"])
@pytest.mark.parametrize("as_stream", [False, True])
async def test_a_filter_is_an_error(
    stand_in: StandIn, make: Make, word: str, as_stream: bool
) -> None:
    answer = streamed(*events(*texts("Halb"), stop=word))
    stand_in.then(answer if as_stream else reply(said(*texts("Blocked"), stop=word)))
    with pytest.raises(ModelFiltered, match=word):
        await (deltas_of(make()) if as_stream else make().complete(TALK, PLAIN))


@pytest.mark.anyio
@pytest.mark.parametrize("word", ["malformed_model_output", "malformed_tool_use"])
async def test_a_malformed_answer_is_one(stand_in: StandIn, make: Make, word: str) -> None:
    stand_in.then(reply(said(*texts("x"), stop=word)))
    with pytest.raises(InvalidOutput, match=word):
        await make().complete(TALK, PLAIN)


@pytest.mark.anyio
async def test_claude_stops_at_a_line_break_although_it_takes_none(
    stand_in: StandIn, make: Make
) -> None:
    options = CompletionOptions(stop=("\n", "ENDE"))
    stand_in.then(
        reply(said(*texts("Ja.\nUnd mehr"))),
        streamed(*events(*texts("Ja", ".\nUnd", " mehr"))),
        reply(said(*texts("Ja."))),
    )
    model = make(model=CLAUDE)
    assert (await model.complete(TALK, options)).text == "Ja."
    deltas = await deltas_of(model, options)
    assert "".join(delta.text for delta in deltas) == "Ja."
    assert (deltas[-1].finish_reason, deltas[-1].usage.cost_usd) == ("stop", None)
    await make().complete(TALK, options)
    stops = [body["inferenceConfig"]["stopSequences"] for body in stand_in.bodies]
    assert stops == [["ENDE"], ["ENDE"], ["\n", "ENDE"]]


@pytest.mark.anyio
async def test_fields_can_be_replaced_and_answers_have_a_price(
    stand_in: StandIn, make: Make
) -> None:
    stand_in.then(reply(said(*texts("Ja."))))
    guard = {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    price = Price(input=1_000, cached=100, output=10_000)
    model = make(extra={"guardrailConfig": guard, "inferenceConfig": None}, tariff=price)
    usage = (await model.complete(TALK, PLAIN)).usage
    assert usage.cost_usd == pytest.approx(0.020 + 0.003 + 0.05)
    assert stand_in.bodies[0]["guardrailConfig"] == guard
    assert "inferenceConfig" not in stand_in.bodies[0]


@pytest.mark.anyio
@pytest.mark.parametrize("body", ["<html>", [], {}, {"output": {}}, {"output": {"message": 1}}])
async def test_another_protocol_is_an_error_in_words(
    stand_in: StandIn, make: Make, body: Any
) -> None:
    stand_in.then(reply(body))
    with pytest.raises(ModelError, match="no reply of the Converse API"):
        await make().complete(TALK, PLAIN)


@pytest.mark.anyio
async def test_log_probabilities_are_refused(stand_in: StandIn, make: Make) -> None:
    with pytest.raises(InvalidInput, match="log probabilities"):
        await make().complete(TALK, CompletionOptions(top_logprobs=2))
    assert stand_in.bodies == []
