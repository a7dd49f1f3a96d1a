"""What `benchmarks/server.py` starts: the stand-in model, the bare proxy, our server.

Each is a process of its own that prints where it listens as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from fourfold.testing.embedders import HashingEmbedder

if TYPE_CHECKING:
    from fourfold.core.protocols import ChatModel, Vectors
    from fourfold.core.records import Chunk
    from fourfold.server.services import Application
    from fourfold.storage.database import Database

LOAD_CORE = {1}
TEXT = "The warranty lasts two years from the day of purchase, batteries included."
QUESTION = "How long is the warranty of the lawn mower?"
CHUNKS, DIMENSIONS = 10_000, 384
PACE_SECONDS = 0.005
PACED_SEED = 7  # a request with this seed wants the pieces of its stream one by one


class StandIn(asyncio.Protocol):
    """A model that has its answer ready: whole, as a stream in one go, or piece by piece."""

    def connection_made(self, transport: Any) -> None:
        """Remember where to answer."""
        self.transport = transport
        self.data = b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole request that has arrived."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            found = re.search(rb"content-length: *(\d+)", self.data[:end].lower())
            length = end + 4 + int(found[1] if found else 0)
            if len(self.data) < length:
                return
            body = self.data[end:length].replace(b" ", b"")
            self.data = self.data[length:]
            if b'"stream":true' not in body:
                self.transport.write(_WHOLE)
            elif b'"seed":%d' % PACED_SEED in body:
                self._write_slowly()
            else:
                self.transport.write(b"".join(_STREAM))

    def _write_slowly(self) -> None:
        loop = asyncio.get_running_loop()
        for number, piece in enumerate(_STREAM):
            loop.call_later(number * PACE_SECONDS, self._write, piece)

    def _write(self, piece: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(piece)


def _answers() -> tuple[bytes, list[bytes]]:
    usage = {"prompt_tokens": 24, "completion_tokens": 12, "total_tokens": 36}
    common = {"id": "chatcmpl-1", "created": 1, "model": "stand-in"}
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = {**common, "object": "chat.completion", "choices": [choice], "usage": usage}
    body = json.dumps(whole).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    pieces = [{"index": 0, "delta": {"content": word + " "}} for word in TEXT.split()]
    pieces += [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    chunks = [{**common, "object": "chat.completion.chunk", "choices": [one]} for one in pieces]
    chunks += [{**common, "object": "chat.completion.chunk", "choices": [], "usage": usage}]
    events = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
    events += [b"data: [DONE]\n\n"]
    start = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    stream = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    stream[0] = start + b"Transfer-Encoding: chunked\r\n\r\n" + stream[0]
    stream[-1] += b"0\r\n\r\n"
    return head % len(body) + body, stream


_WHOLE, _STREAM = _answers()


async def stand_in() -> None:
    server = await asyncio.get_running_loop().create_server(StandIn, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


async def bare(model_url: str) -> None:
    """Starlette and aiohttp, passing bytes on: no key, no check, no trace."""
    import aiohttp
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    from fourfold.server.run import serve

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def chat(request: Request) -> Response:
        body = await request.body()
        upstream = await session.post(f"{model_url}/v1/chat/completions", data=body)
        if upstream.content_type != "text/event-stream":
            return Response(await upstream.read(), media_type="application/json")
        return StreamingResponse(upstream.content.iter_any(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
    await serve(app, "127.0.0.1", 0, started=_tell())


async def fourfold(model_url: str, *, retrieval: bool = False) -> None:
    """Our server as a company would run it: keys needed, every request traced."""
    from fourfold.access import Access, KeyRing
    from fourfold.core.settings import Settings
    from fourfold.models.openai import OpenAIModel
    from fourfold.server import EntryRules, Services, create_app
    from fourfold.server.documents import IndexedDocuments
    from fourfold.server.run import serve
    from fourfold.storage.database import open_database
    from fourfold.tracing import Tracer, Traces

    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(Settings(_env_file=None), Path(folder))
        async with Tracer(database) as tracer:
            access = Access(database)
            model = OpenAIModel(model="stand-in", url=f"{model_url}/v1", context_tokens=8192)
            services = Services(
                applications={"documents": await application(database, model)} if retrieval else {},
                models={"stand-in": model},
                embedders={},
                search=None,  # type: ignore[arg-type]
                documents=IndexedDocuments(database),
                access=access,
                keys=KeyRing(database),
                tracer=tracer,
                traces=Traces(database),
                entry=EntryRules.for_host("127.0.0.1", require_keys=True),
            )
            made = await access.create_key("benchmark", actor="benchmark")
            # The server of the database is no part of the server under test: off its core.
            database_pid = int((Path(folder) / "postgres/postmaster.pid").read_text().split()[0])
            database_server = psutil.Process(database_pid)
            for process in [database_server, *database_server.children(recursive=True)]:
                process.cpu_affinity(list(LOAD_CORE))
            tell = _tell(secret=made.secret, database=database_pid)
            await serve(create_app(services), "127.0.0.1", 0, started=tell)
            await model.close()
        await database.close()
        print(json.dumps({"written": tracer.written, "dropped": tracer.dropped}), flush=True)


async def documents(model_url: str) -> None:
    """The same, with an application that answers from documents."""
    await fourfold(model_url, retrieval=True)


async def application(database: Database, model: ChatModel) -> Application:
    """Answers from 10,000 passages, wired as a project does it: guards, both searches, checks."""
    from fourfold.assistant import Assistant
    from fourfold.assistant.candidates import Selection
    from fourfold.assistant.follow_up import CombiningFollowUp
    from fourfold.assistant.readers.model import ModelReader
    from fourfold.project.config import GuardsConfig
    from fourfold.retrieval.retriever import Retriever
    from fourfold.retrieval.stores.postgres import PostgresStore

    embedder = QuickEmbedder(DIMENSIONS)
    store = PostgresStore(database, embedder.name)
    random = np.random.default_rng(3)
    for start in range(0, CHUNKS, 1_000):
        chunks = [_chunk(number, random) for number in range(start, start + 1_000)]
        vectors = random.normal(size=(1_000, DIMENSIONS)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if start == 0:
            vectors[0] = await embedder.embed_query(QUESTION)  # so that there is an answer
        await store.write(chunks, vectors)
    names = GuardsConfig()
    return Assistant(
        retriever=Retriever(store, embedder),
        selection=Selection(embedder),
        reader=ModelReader(model),
        follow_up=CombiningFollowUp(),
        input_guards=[_guard(name) for name in names.input],
        output_guards=[_guard(name) for name in names.output],
    )


class QuickEmbedder(HashingEmbedder):
    """Stands in for an embedder, which has its own benchmark: remembers what it embedded."""

    def __init__(self, dimensions: int) -> None:
        super().__init__(dimensions)
        self._remembered = lru_cache(maxsize=10_000)(super()._vector)

    def _vector(self, text: str) -> Vectors:
        return self._remembered(text)


def _chunk(number: int, random: np.random.Generator) -> Chunk:
    """The passage that answers, then passages of words that mean nothing."""
    from fourfold.core.records import Chunk, Place

    words = (f"word{random.zipf(1.3) % 20_000}" for _ in range(20))
    text = f"Lawn mower: {TEXT}" if number == 0 else " ".join(words)
    return Chunk(
        document_id=f"{number:016x}", source="benchmark", path=f"{number}.md", text=text,
        place=Place(start=0, end=len(text)), language="en",
    )  # fmt: skip


def _guard(name: str) -> Any:
    from fourfold.guards import GUARDS

    make: Any = GUARDS.load(name)
    return make()


def _tell(**more: Any) -> Any:
    return lambda host, port: print(json.dumps({"port": port, **more}), flush=True)


if __name__ == "__main__":
    import uvloop

    named: dict[str, Any] = {
        "stand-in": stand_in,
        "bare": bare,
        "fourfold": fourfold,
        "documents": documents,
    }
    uvloop.run(named[sys.argv[1]](*sys.argv[2:]))
