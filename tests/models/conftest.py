"""What the tests of models share: a tiny GGUF file, and a stand-in for a model's server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

TINY_CONTEXT_TOKENS = 2048
_WIDTH, _LAYERS, _HEADS, _FEED = 64, 2, 4, 128
_TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


_KNOWING = (  # in the manner of Qwen2.5
    "{% if tools %}<tools>{% for t in tools %}{{ t | tojson }}{% endfor %}</tools>\n"
    'Answer with <tool_call>{"name": ..., "arguments": ...}</tool_call>\n{% endif %}'
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}"
    "{% for c in m.tool_calls %}<tool_call>"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}'
    "</tool_call>{% endfor %}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama with random weights and a token for every byte: it speaks nonsense, quickly."""
    return _written(tmp_path_factory.mktemp("gguf") / "tiny.gguf", _TEMPLATE)


@pytest.fixture(scope="session")
def tiny_gguf_with_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a chat template that knows tools."""
    return _written(tmp_path_factory.mktemp("gguf") / "tiny-tools.gguf", _KNOWING)


def _written(path: Path, template: str) -> Path:
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    _write_head(writer, gguf, template)
    _write_weights(writer, np.random.default_rng(4))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_head(writer: Any, gguf: Any, template: str) -> None:
    writer.add_context_length(TINY_CONTEXT_TOKENS)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FEED)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    kinds = gguf.TokenType
    special = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens = special + [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [(letter, kinds.NORMAL) for letter in "▁abcdefghijklmnopqrstuvwxyz"]
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(template)


def _write_weights(writer: Any, rng: np.random.Generator) -> None:
    def tensor(name: str, *shape: int) -> None:
        values = rng.normal(0, 0.2, shape) if len(shape) > 1 else np.ones(shape)
        if name == "output.weight":
            values[:-27] = 0  # letters win: half a character is no text
        writer.add_tensor(name, values.astype(np.float32))

    vocabulary = 3 + 256 + 27
    tensor("token_embd.weight", vocabulary, _WIDTH)
    tensor("output_norm.weight", _WIDTH)
    tensor("output.weight", vocabulary, _WIDTH)
    for layer in range(_LAYERS):
        tensor(f"blk.{layer}.attn_norm.weight", _WIDTH)
        tensor(f"blk.{layer}.ffn_norm.weight", _WIDTH)
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"blk.{layer}.{part}.weight", _WIDTH, _WIDTH)
        tensor(f"blk.{layer}.ffn_gate.weight", _FEED, _WIDTH)
        tensor(f"blk.{layer}.ffn_up.weight", _FEED, _WIDTH)
        tensor(f"blk.{layer}.ffn_down.weight", _WIDTH, _FEED)


Answerer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class StandIn:
    """A server on this machine that answers as the test says, one answerer a request."""

    url: str = ""
    answerers: list[Answerer] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # a client left in the middle

    def then(self, *answerers: Answerer) -> StandIn:
        """Answer the next requests so; the last one also answers all that follow."""
        self.answerers.extend(answerers)
        return self

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.bodies.append(json.loads(body) if body else None)
        self.headers.append(dict(request.headers))
        self.peers.add(request.transport.get_extra_info("peername") if request.transport else None)
        self.asked.set()
        answerer = self.answerers.pop(0) if len(self.answerers) > 1 else self.answerers[0]
        try:
            return await answerer(request)
        except (asyncio.CancelledError, ConnectionResetError):
            self.gone.set()
            raise


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    """A running stand-in; its `url` ends in `/v1`."""
    server = StandIn()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/{anything:.*}", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    yield server
    await runner.cleanup()
