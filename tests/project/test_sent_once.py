"""What a comparison sends to a provider, and how often: nothing may be paid twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from fourfold.core.errors import InvalidSettings, ModelError, ModelOverloaded
from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Message
from fourfold.core.settings import Settings
from fourfold.models.client import told_address
from fourfold.models.openai import OpenAIModel
from fourfold.models.remote import RemoteModel
from fourfold.project.config_file import parse_config
from fourfold.project.contestants import contestants
from fourfold.project.wiring import chat_model

ASKED = [Message("user", "Hallo")]
PLAIN = CompletionOptions()
SAID = {"choices": [{"message": {"content": "Ja."}, "finish_reason": "stop"}]}


@dataclass
class Provider:
    """Answers with these statuses in their order, then with a completion; counts."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    words: str = "out of order"
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0 and request.transport:
            request.transport.abort()  # it worked, or it did not: who knows
        if status == 200:
            return web.json_response(SAID)
        headers = {"Retry-After": "0"} if status == 429 else {}
        error = {"error": {"message": self.words}}
        return web.json_response(error, status=status, headers=headers)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_post("/{anything:.*}", provider.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield provider
    await runner.cleanup()


def project_of(url: str, folder: Path, more: str = "") -> Any:
    text = f"""
name: helpdesk
sources: [{{name: documents, folder: .}}]
models:
  - {{name: theirs, url: '{url}', model: m{more}}}
"""
    config = parse_config(text, folder / "fourfold.yaml")
    return SimpleNamespace(config=config, settings=Settings(_env_file=None), folder=folder)


def compared(url: str, folder: Path, more: str = "") -> ChatModel:
    """The model as a comparison has it."""
    (one,) = contestants(project_of(url, folder, more), ["theirs"], [])
    return cast("ChatModel", one.chat_model)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [500, 502, 503, 424, 408, 0])
async def test_a_comparison_asks_once_where_the_provider_may_have_worked(
    provider: Provider, tmp_path: Path, status: int
) -> None:
    provider.statuses = [status]
    model = compared(provider.url, tmp_path)
    with pytest.raises(ModelOverloaded):
        await model.complete(ASKED, PLAIN)
    assert len(provider.asked) == 1
    await model.close()


@pytest.mark.anyio
@pytest.mark.parametrize("status", [429, 529])
async def test_a_comparison_asks_again_where_the_provider_did_not_begin(
    provider: Provider, tmp_path: Path, status: int
) -> None:
    provider.statuses = [status]
    model = compared(provider.url, tmp_path)
    assert (await model.complete(ASKED, PLAIN)).text == "Ja."
    assert len(provider.asked) == 2
    await model.close()


@pytest.mark.anyio
async def test_a_provider_that_says_that_it_is_overloaded_did_not_begin(
    provider: Provider, tmp_path: Path
) -> None:
    provider.statuses, provider.words = [503], "The model is overloaded. Try again later."
    model = compared(provider.url, tmp_path)
    assert (await model.complete(ASKED, PLAIN)).text == "Ja."
    assert len(provider.asked) == 2
    await model.close()


@pytest.mark.anyio
async def test_a_connection_that_was_refused_is_tried_again_in_a_comparison() -> None:
    waits: list[float] = []

    async def no_sleep(seconds: float) -> None:
        waits.append(seconds)

    model = OpenAIModel(
        model="m", url="http://127.0.0.1:9/v1", resend="unserved", retries=3, sleep=no_sleep
    )
    with pytest.raises(ModelOverloaded, match="cannot be reached") as caught:
        await model.complete(ASKED, PLAIN)
    assert caught.value.is_unserved
    assert len(waits) == 3


@pytest.mark.anyio
async def test_a_request_that_crossed_with_the_end_of_its_connection_is_sent_once() -> None:
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        body = b'{"choices": [{"message": {"content": "Ja."}}]}'
        for has_worked in (True, False):  # the second is read, and never answered
            await reader.readuntil(b"}]")
            asked += 1
            if has_worked:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    model = OpenAIModel(model="m", url=url, resend="unserved", extra={"temperature": None})
    await model.complete(ASKED, PLAIN)
    with pytest.raises(ModelOverloaded, match="cannot be reached"):
        await model.complete(ASKED, PLAIN)
    assert asked == 2
    await model.close()
    server.close()


@pytest.mark.anyio
async def test_an_application_asks_again_as_before(provider: Provider, tmp_path: Path) -> None:
    provider.statuses = [500]
    project = project_of(provider.url, tmp_path)
    model = chat_model("theirs", project.config, project.settings, tmp_path)
    assert (await model.complete(ASKED, PLAIN)).text == "Ja."
    assert len(provider.asked) == 2
    await model.close()


@pytest.mark.anyio
async def test_fields_of_the_project_file_replace_ours_and_tell_models_apart(
    provider: Provider, tmp_path: Path
) -> None:
    more = ", extra: {temperature: null, reasoning_effort: low}"
    model = compared(provider.url, tmp_path, more)
    await model.complete(ASKED, PLAIN)
    assert provider.asked[0] == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hallo"}],
        "reasoning_effort": "low",
    }
    (plain,) = contestants(project_of(provider.url, tmp_path), ["theirs"], [])
    (other,) = contestants(project_of(provider.url, tmp_path, more), ["theirs"], [])
    assert plain.identity == f"remote:openai:{provider.url}:m"
    assert other.identity != plain.identity
    await model.close()


def test_what_extra_holds_tells_models_apart_and_is_kept_nowhere_in_clear(tmp_path: Path) -> None:
    (one,), (same,), (other,) = (
        contestants(project_of("http://gpu:8000/v1", tmp_path, more), ["theirs"], [])
        for more in (
            ", extra: {data_sources: [{key: s3cret-1}], seed: 1}",
            ", extra: {seed: 1, data_sources: [{key: s3cret-1}]}",
            ", extra: {data_sources: [{key: s3cret-2}], seed: 1}",
        )
    )
    assert one.identity == same.identity != other.identity
    assert "s3cret" not in one.identity + str(one.facts)


@pytest.mark.anyio
async def test_a_key_in_a_file_is_read_for_each_request(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("first-token\n")
    monkeypatch.setenv("TOKEN_FILE", str(file))
    model = compared(provider.url, tmp_path, ", key_variable: TOKEN")
    await model.complete(ASKED, PLAIN)
    file.write_text("second-token\n")
    provider.statuses, provider.words = [200, 400], "what is second-token?"
    await model.complete(ASKED, PLAIN)
    with pytest.raises(ModelError) as caught:
        await model.complete(ASKED, PLAIN)
    assert provider.keys == ["Bearer first-token", *["Bearer second-token"] * 2]
    assert "second-token" not in caught.value.message
    file.unlink()
    with pytest.raises(InvalidSettings, match="TOKEN_FILE"):
        await model.complete(ASKED, PLAIN)
    await model.close()


def test_a_key_file_that_is_not_there_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(InvalidSettings, match="TOKEN_FILE names cannot be read"):
        compared("http://127.0.0.1/v1", tmp_path, ", key_variable: TOKEN")


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/openai/deployments/gpt-4o-mini-2024-07-18",
        "/v1/projects/my-project-123456/locations/europe-west4/endpoints/openapi",
        "/models/Qwen2.5-Coder-1.5B-Instruct-Q4_K_M",
    ],
)
def test_an_address_without_a_key_is_kept_as_it_is(path: str) -> None:
    assert told_address(f"https://host.example:8443{path}?key=x") == (
        f"https://host.example:8443{path}"
    )


@pytest.mark.parametrize(
    "key", ["sk-abc", "9f86d081884c7d659a2feaa0c55ad015", "4f7d3e7a-1c1b-4c1e-9a52-0f6f5e6f7a11"]
)
def test_a_key_in_the_path_of_an_address_is_kept_as_a_mark(key: str) -> None:
    told = told_address(f"https://host.example/{key}/v1")
    other = told_address(f"https://host.example/{key[:-1]}2/v1")
    assert key not in told
    assert told.endswith("/v1")
    assert told != other


def test_what_is_compared_is_a_model_of_a_server(tmp_path: Path) -> None:
    assert isinstance(compared("http://127.0.0.1/v1", tmp_path), RemoteModel)
