"""What is compared: the project's application with one model and one prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from fourfold.assistant import Assistant, TaskAssistant
from fourfold.core.records import Answer, Chunk, Hit, Place, Principal, Where
from fourfold.core.trace import NullRecorder
from fourfold.datasets.records import NOBODY_ANSWERED
from fourfold.evaluation.records import Outcome
from fourfold.retrieval.retriever import Retriever
from fourfold.retrieval.stores.memory import MemoryStore

if TYPE_CHECKING:
    from fourfold.assistant import Retriever as Finder
    from fourfold.core.protocols import ChatModel, Embedder
    from fourfold.datasets import Record

_EXPERIMENT = Principal(id="experiment", role="engineer", sees_all_groups=True)
_SOURCE = "record"


class System(Protocol):
    """What gives an output for a record.

    Rules: the same record gives the same output as far as the model allows; what goes wrong is
    raised, never turned into an output.
    """

    @property
    def name(self) -> str:
        """As it stands in tables."""
        ...

    @property
    def parallel(self) -> int:
        """How many records it may work on at once."""
        ...

    @property
    def is_local(self) -> bool:
        """True when it computes on this machine, so that another one beside it would disturb it."""
        ...

    async def answer(self, record: Record) -> Outcome:
        """Give the output for a record."""
        ...

    async def close(self) -> None:
        """Give back what it holds; it may be asked again, and then loads anew."""
        ...


@dataclass(slots=True)
class ApplicationSystem:
    """The application of a project, asked record by record.

    A record with passages of its own is answered from them, others from the project's documents.
    Everybody's documents are read: experiments are for engineers.
    """

    name: str
    application: Assistant | TaskAssistant
    embedder: Embedder
    parallel: int = 1
    is_local: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)  # model, prompt, size: for reports
    model: ChatModel | None = None  # given back when its turn is over, and the machine is free
    _indexes: dict[tuple[str, ...], Retriever] = field(default_factory=dict)
    _indexing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, record: Record) -> Outcome:
        """Run the whole request path."""
        application = self.application
        if record.passages:
            application = application.reading(await self._finder(record.passages))
        began = perf_counter()
        first: float | None = None
        answer: Answer | None = None
        pieces = application.stream(record.text, visible_to=_EXPERIMENT, recorder=NullRecorder())
        async for piece in pieces:
            if piece.text and first is None:
                first = perf_counter() - began
            answer = piece.answer or answer
        assert answer is not None  # the last piece of a stream carries it
        if isinstance(application, TaskAssistant):  # its text has no marks, and may use all hits
            answer = replace(answer, citations=())
        return Outcome(
            output=_output(answer),
            refused=answer.refused,
            evidence=_evidence(answer, record),
            usage=answer.usage,
            seconds=perf_counter() - began,
            first_text_seconds=first,
        )

    async def close(self) -> None:
        """Give back the model."""
        if self.model is not None:
            await self.model.close()

    async def _finder(self, passages: tuple[str, ...]) -> Finder:
        if isinstance(self.application, TaskAssistant):
            return _Given(passages)
        async with self._indexing:
            if passages not in self._indexes:
                self._indexes[passages] = await _indexed(passages, self.embedder)
            return self._indexes[passages]


def _output(answer: Answer) -> str:
    """The words of an answer, without the marks of its citations."""
    if answer.refused:
        return NOBODY_ANSWERED
    words = answer.text
    for citation in answer.citations:
        words = words.replace(f" [{citation.number}]", "")
    return words.strip()


def _evidence(answer: Answer, record: Record) -> tuple[str, ...]:
    if answer.citations:
        return tuple(citation.quote for citation in answer.citations)
    return (*(hit.chunk.text for hit in answer.hits), record.text)


class _Given:
    """Finds all given passages, in their order."""

    def __init__(self, passages: Sequence[str]) -> None:
        self._hits = [
            Hit(chunk=chunk, score=1.0 / place) for place, chunk in enumerate(_chunks(passages), 1)
        ]

    async def retrieve(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """All of them."""
        return self._hits[:limit]


async def _indexed(passages: Sequence[str], embedder: Embedder) -> Retriever:
    store = MemoryStore()
    chunks = _chunks(passages)
    await store.write(chunks, await embedder.embed_passages([one.text for one in chunks]))
    return Retriever(store, embedder)


def _chunks(passages: Sequence[str]) -> list[Chunk]:
    from fourfold.assistant.language import language_of

    return [
        Chunk(
            document_id=str(number),
            source=_SOURCE,
            path=f"passage {number}",
            text=passage,
            place=Place(start=0, end=len(passage)),
            language=language_of(passage),
        )
        for number, passage in enumerate(passages, 1)
    ]
