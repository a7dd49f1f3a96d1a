"""A server over fakes and a real database: called directly, or through a real port."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np
import pytest
from sqlalchemy import text

from fourfold.access import Access, Caller, KeyRing
from fourfold.assistant import AnswerPiece
from fourfold.core.records import (
    Answer,
    Chunk,
    Citation,
    Hit,
    Message,
    Place,
    Principal,
    Usage,
    Where,
)
from fourfold.core.settings import Settings
from fourfold.core.trace import Recorder
from fourfold.server import EntryRules, Services, create_app
from fourfold.server.documents import IndexedDocuments
from fourfold.server.run import DrainingServer, server_for
from fourfold.storage.database import Database, open_database
from fourfold.testing.models import ScriptedModel
from fourfold.tracing import Tracer, Traces

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

EMPTY = (
    "TRUNCATE users, api_keys, audit_log, traces, trace_payloads, trace_hours, documents, failures"
)
OPEN_CHUNK = Chunk(
    document_id="0123456789abcdef", source="documents", path="garantie.pdf", title="Garantie",
    text="Die Garantie beträgt zwei Jahre.", place=Place(start=0, end=32, page=3),
)  # fmt: skip
BOARD_CHUNK = Chunk(
    document_id="fedcba9876543210", source="documents", path="board.pdf", title="Board",
    text="The board meets in May.", place=Place(start=0, end=23), groups=frozenset({"board"}),
)  # fmt: skip


class Documents:
    """A retriever over two passages; one of them is the board's."""

    async def retrieve(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        chunks = [one for one in (OPEN_CHUNK, BOARD_CHUNK) if visible_to.may_see(one.groups)]
        return [Hit(chunk=one, score=1.0 / (rank + 1)) for rank, one in enumerate(chunks)][:limit]


@dataclass
class Helpdesk:
    """An application that answers from the first hit, and refuses what is not about a warranty."""

    search: Documents = field(default_factory=Documents)
    asked: list[tuple[str, tuple[Message, ...]]] = field(default_factory=list)
    working: int = 0
    wait: Callable[[], Any] | None = None
    expected: int = 1
    all_working: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(
        self,
        question: str,
        *,
        visible_to: Principal,
        recorder: Recorder,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        self.asked.append((question, tuple(history)))
        self.working += 1
        if self.working == self.expected:
            self.all_working.set()
        try:
            with recorder.span("retrieve"):
                hits = tuple(await self.search.retrieve(question, limit=5, visible_to=visible_to))
            yield AnswerPiece(hits=hits)
            if self.wait:
                await self.wait()
            if "Garantie" not in question and "warranty" not in question:
                sentence = "Das steht nicht in den Dokumenten."
                refusal = Answer(text=sentence, model="extractive", refused_because="not found")
                yield AnswerPiece(text=sentence, answer=refusal)
                return
            yield AnswerPiece(text="Zwei Jahre ")
            yield AnswerPiece(text="[1].")
            yield AnswerPiece(answer=_answer(hits))
        finally:
            self.working -= 1


def _answer(hits: tuple[Hit, ...]) -> Answer:
    chunk = hits[0].chunk
    citation = Citation(
        number=1, document=chunk.path, source=chunk.source,
        place=chunk.place, quote="zwei Jahre", chunk_id=chunk.id,
    )  # fmt: skip
    usage = Usage(prompt_tokens=50, completion_tokens=4)
    return Answer(
        text="Zwei Jahre [1].", model="extractive", citations=(citation,), usage=usage, hits=hits
    )


class LetterEmbedder:
    """Vectors of three dimensions from the letters of a text."""

    name = "letters"
    dimensions = 3
    max_tokens = 512

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([await self.embed_query(text) for text in texts])

    async def embed_query(self, text: str) -> Vectors:
        counts = [1 + text.count(letter) for letter in "aei"]
        vector = np.array(counts, np.float32)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


async def opened(data_folder: Path) -> Database:
    database = await open_database(Settings(_env_file=None, database_url=None), data_folder)
    async with database.begin() as transaction:
        await transaction.execute(text(EMPTY))
    return database


@pytest.fixture
async def tracer(database: Database) -> AsyncIterator[Tracer]:
    async with Tracer(database) as tracer:
        yield tracer


def services_over(database: Database, tracer: Tracer) -> Services:
    documents = IndexedDocuments(database)

    async def database_answers() -> None:
        async with database.begin() as transaction:
            await transaction.execute(text("SELECT 1"))

    return Services(
        applications={"helpdesk": Helpdesk()},
        models={"small": ScriptedModel(lambda messages, options: "Guten Tag, wie geht es?")},
        embedders={"letters": LetterEmbedder()},
        search=Documents(),
        documents=documents,
        access=Access(database),
        keys=KeyRing(database),
        tracer=tracer,
        traces=Traces(database, groups_of=documents.groups_of),
        entry=EntryRules.for_host("127.0.0.1"),
        checks={"database": database_answers},
        clock=lambda: 1_800_000_000.0,
    )


@pytest.fixture
def services(database: Database, tracer: Tracer) -> Services:
    """On loopback: without a key, everybody is the local owner."""
    return services_over(database, tracer)


@pytest.fixture
def guarded(services: Services) -> Services:
    """Listening elsewhere: everybody needs a key."""
    return replace(services, entry=EntryRules.for_host("0.0.0.0"))


@pytest.fixture
async def secret(services: Services) -> str:
    """The key of an owner."""
    return (await services.access.create_key("owner", role="owner", actor="test")).secret


def client_of(services: Services, secret: str | None = None, **headers: str) -> httpx2.AsyncClient:
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    transport = httpx2.ASGITransport(create_app(services), client=("127.0.0.1", 50_000))
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


@pytest.fixture
def connect() -> Callable[..., httpx2.AsyncClient]:
    """Make a client of a server over these services, without a network."""
    return client_of


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(services) as client:
        yield client


@dataclass
class Live:
    """A server on a real port, in a thread of its own."""

    url: str = ""
    port: int = 0
    secret: str = ""
    services: Services | None = None


@pytest.fixture(scope="module")
def live(data_folder: Path) -> Iterator[Live]:
    live, ready = Live(), threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, DrainingServer]] = []

    def started(host: str, port: int) -> None:
        live.url, live.port = f"http://{host}:{port}", port
        ready.set()

    async def run() -> None:
        database = await opened(data_folder)
        async with Tracer(database) as tracer:
            live.services = replace(
                services_over(database, tracer),
                entry=EntryRules.for_host("127.0.0.1", require_keys=True),
            )
            made = await live.services.access.create_key("owner", role="owner", actor="test")
            live.secret = made.secret
            server = server_for(
                create_app(live.services), "127.0.0.1", 0, drain_seconds=1, started=started
            )
            running.append((asyncio.get_running_loop(), server))
            await server.serve()
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(30)
    yield live
    loop, server = running[0]
    loop.call_soon_threadsafe(setattr, server, "should_exit", True)
    thread.join(30)


@pytest.fixture
def caller() -> Caller:
    return Caller(principal=Principal(id="anna", role="viewer"))
