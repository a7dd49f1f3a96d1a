"""An open project: the documents of one folder, and everything that answers from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput, InvalidProject, NotFound
from fourfold.core.records import Answer, Hit, Message, Principal, Where, document_id
from fourfold.core.settings import Settings, read_settings
from fourfold.project import wiring
from fourfold.project.config import FILE_NAME, ProjectConfig
from fourfold.project.config_file import load_config

if TYPE_CHECKING:
    from fourfold.access import Access
    from fourfold.assistant import AnswerPiece
    from fourfold.core.protocols import ChatModel, Embedder
    from fourfold.evidence import Chain
    from fourfold.indexing import IngestReport, Ledger, Progress
    from fourfold.project.application import Application
    from fourfold.retrieval.base import VectorStore
    from fourfold.retrieval.retriever import Retriever
    from fourfold.storage.database import Database
    from fourfold.tracing.tracer import Tracer

_TRACES_WRITTEN_SECONDS = 2.0  # twice what a server waits between two batches of traces

LOCAL = Principal(id="local", role="owner", sees_all_groups=True)
"""The person at the machine, who can read the files of the project anyway."""


class Project:
    """Ask, search and ingest. Open it with `open_project`; parts are made at their first use."""

    def __init__(
        self,
        folder: Path,
        config: ProjectConfig,
        settings: Settings,
        database: Database,
        tracer: Tracer,
    ) -> None:
        self.folder = folder
        self.config = config
        self.settings = settings
        self.database = database
        self.tracer = tracer

    def check_licences(self, names: Sequence[str] | None = None) -> None:
        """Raise `LicenceGate` when the project's policy keeps out one of these models.

        Those that stand in for them are checked as well. Without names all models of the project
        are checked; without a policy none is kept out.
        """
        from fourfold.project.licences import check, has_policy

        if has_policy(self.folder):
            wanted = list(self.models) if names is None else names
            standing_in = [
                other for one in self.config.models if one.name in wanted for other in one.fallback
            ]
            check(self.folder, self.config, [*wanted, *standing_in], step="serve")

    async def prepare(self) -> None:
        """Load the application's model now instead of at the first question."""
        await self.assistant.prepare()

    async def ask(
        self,
        question: str,
        *,
        visible_to: Principal,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> Answer:
        """Answer from the documents, with citations, or refuse; or do the task with the text."""
        pieces = self.stream(question, visible_to=visible_to, history=history, where=where)
        async with aclosing(pieces):
            return [piece.answer async for piece in pieces if piece.answer][-1]

    async def stream(
        self,
        question: str,
        *,
        visible_to: Principal,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Answer piece by piece: first the hits, then checked sentences, at the end everything."""
        if not question.strip():
            raise InvalidInput(
                "There is no text. Es fehlt der Text.", hint="Ask something, or give a text."
            )
        with self.tracer.record("ask", principal=visible_to, application=self.config.name) as trace:
            trace.asked(question)
            pieces = self.assistant.stream(
                question, visible_to=visible_to, recorder=trace, history=history, where=where
            )
            async with aclosing(pieces):
                async for piece in pieces:
                    if piece.text:
                        trace.first_text()
                    if piece.answer:
                        trace.answered(piece.answer)
                        piece = replace(piece, answer=replace(piece.answer, trace=trace.trace_id))
                    yield piece

    async def search(
        self,
        query: str,
        *,
        limit: int = 5,
        visible_to: Principal,
        where: Where | None = None,
    ) -> list[Hit]:
        """Find passages, best first."""
        if not query.strip():
            raise InvalidInput("The query is empty.", hint="Say what to look for.")
        with self.tracer.record("search", principal=visible_to) as trace:
            trace.asked(query)
            with trace.span("retrieve"):
                hits = await self.retriever.retrieve(
                    query, limit=limit, visible_to=visible_to, where=where
                )
            trace.found(len(hits))
        return hits

    async def ingest(
        self,
        *,
        retry: bool = False,
        thorough: bool = False,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> IngestReport:
        """Bring the index up to date with the sources; see `Indexer.ingest`."""
        async with wiring.ingestion(self) as (indexer, connectors):
            return await indexer.ingest(
                connectors, retry=retry, thorough=thorough, progress=progress
            )

    async def outdated(self) -> int:
        """How many files the next ingestion would read or take out of the index."""
        from fourfold.indexing import gone, pipeline_of, plan

        pipeline, count = pipeline_of(self.embedder, self.config.store), 0
        for source in self.config.sources:
            connector, known = (
                wiring.connector(source, self.folder),
                await self.ledger.known(source.name),
            )
            todo = plan(connector.files(), known, pipeline=pipeline)
            count += len(todo.index) + len(gone(todo.unseen, known, connector.refused()))
        return count

    async def erase(self, document: str) -> int:
        """Remove a document with its file from the index, and its words from the traces.

        Gives the number of documents removed. The file on disk and earlier backups stay.
        """
        from fourfold.tracing import Traces

        ids = {document_id(source.name, document) for source in self.config.sources}
        texts = await self.ledger.texts(document)
        removed = await self.ledger.erase(document, self.store)
        ids.update(removed)
        await self.tracer.flush()
        await asyncio.sleep(_TRACES_WRITTEN_SECONDS)  # a server at work may still write of it
        forgotten = await Traces(self.database).forget(ids, texts=texts)
        if not removed and not forgotten:
            raise NotFound(
                f"No document `{document}` is in the index.",
                hint="`fourfold search` shows the paths as they are known.",
            )
        return len(removed)

    @cached_property
    def embedder(self) -> Embedder:
        """What turns passages into vectors."""
        return wiring.embedder(self.config, self.settings)

    @cached_property
    def store(self) -> VectorStore:
        """Where chunks and vectors are kept."""
        return wiring.store(self)

    @cached_property
    def retriever(self) -> Retriever:
        """Finds passages for a question."""
        return wiring.retriever(self)

    @cached_property
    def assistant(self) -> Application:
        """The request path."""
        from fourfold.project.application import application

        return application(self, self.models.get(self.config.model))

    @cached_property
    def models(self) -> Mapping[str, ChatModel]:
        """The chat models of this project by name; none is loaded before it is asked."""
        return wiring.chat_models(self)

    @cached_property
    def ledger(self) -> Ledger:
        """What the index knows about files."""
        from fourfold.indexing import Ledger

        return Ledger(self.database)

    @cached_property
    def evidence(self) -> Chain:
        """What was found and decided."""
        from fourfold.evidence import Chain

        return Chain(self.database)

    @cached_property
    def access(self) -> Access:
        """Users and API keys."""
        from fourfold.access import Access

        return Access(self.database)

    async def close(self) -> None:
        """Give back the models."""
        for model in self.__dict__.get("models", {}).values():
            await model.close()


@asynccontextmanager
async def open_project(
    folder: Path | str | None = None,
    *,
    settings: Settings | None = None,
    model: str | None = None,
) -> AsyncIterator[Project]:
    """Open the project in `folder`, or in the nearest folder above the current one.

    `model` takes the place of the project's own for this time. Raises `InvalidProject` when there
    is none or its file has problems, `StorageError` when its database cannot be used.
    """
    from fourfold.storage.database import open_database
    from fourfold.tracing.tracer import Tracer

    found = find_project(folder)
    config = load_config(found)
    if model:
        config = config.model_copy(update={"model": config.current_name(model)})
    settings = settings or read_settings()
    async with AsyncExitStack() as stack:
        database = await open_database(settings, found / ".fourfold")
        stack.push_async_callback(database.close)
        tracer = await stack.enter_async_context(Tracer(database))
        project = Project(found, config, settings, database, tracer)
        stack.push_async_callback(project.close)
        yield project


async def backup_project(
    folder: Path | str | None, file: Path | None = None, *, settings: Settings | None = None
) -> Path:
    """Write everything in the project's database to `file`, complete or not at all."""
    from fourfold.storage.backup import backup

    data_folder = find_project(folder) / ".fourfold"
    if file is None:
        name = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S.dump")
        file = data_folder / "backups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
    return await backup(settings or read_settings(), data_folder, file)


async def restore_project(
    folder: Path | str | None,
    file: Path,
    *,
    force: bool = False,
    settings: Settings | None = None,
) -> None:
    """Put the state of a backup in place of the project's database, all or nothing."""
    from fourfold.storage.backup import restore

    await restore(
        settings or read_settings(), find_project(folder) / ".fourfold", file, force=force
    )


def find_project(folder: Path | str | None) -> Path:
    """The folder with the project file: the one named, or this one or the nearest above it."""
    if folder is not None:
        return Path(folder).expanduser().resolve()
    here = Path.cwd()
    for candidate in (here, *here.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate
    raise InvalidProject(
        f"There is no `{FILE_NAME}` in `{here}` or above it.",
        hint="Go into a project, name one with `--project FOLDER`, or `fourfold init NAME`.",
    )
