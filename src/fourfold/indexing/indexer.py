"""Bring the index up to date with the documents: incremental, resumable, one bad file at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import file_digest
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from fourfold.core.errors import FourfoldError
from fourfold.core.protocols import Embedder
from fourfold.core.records import Chunk, Document
from fourfold.indexing.ledger import Ledger
from fourfold.indexing.plan import Reading, gone, plan
from fourfold.indexing.records import Failure, IngestReport, Progress
from fourfold.ingestion.base import (
    Connector,
    Parsed,
    ParsedDocument,
    Refusal,
    SourceFile,
    Unparsable,
)
from fourfold.ingestion.chunker import MAX_TOKENS, chunk_document
from fourfold.retrieval.base import VectorStore

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

log = logging.getLogger(__name__)

PARSER_VERSION = 3  # raise it when parsing or chunking changes: every file is read anew
EMBED_AT_ONCE = 64  # chunks; enough to fill a batch, few enough for a lively progress bar


class Parsers(Protocol):
    """What parses files, in processes that can be killed."""

    async def parse(self, file: SourceFile) -> Parsed:
        """Documents in that file; raises `Unparsable`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A file that is parsed and chunked, and waits for its vectors."""

    file: SourceFile
    content_hash: str
    documents: tuple[Document, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    failures: tuple[Failure, ...] = ()
    replaces: bool = True  # False: the index keeps what it has of this file


class Indexer:
    """Keeps one index equal to the files of its sources.

    Another embedder, another `store_name` or another version of the parsers makes every file new.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        store: VectorStore,
        embedder: Embedder,
        parsers: Parsers,
        parallel: int,
        store_name: str = "",
    ) -> None:
        self.ledger = ledger
        self.store = store
        self.embedder = embedder
        self.parsers = parsers
        self.parallel = parallel
        self.pipeline = pipeline_of(embedder, store_name)

    async def ingest(
        self,
        connectors: Mapping[str, Connector],
        *,
        retry: bool = False,
        thorough: bool = False,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> IngestReport:
        """Withdraw what is gone, index what is new or changed.

        Each file is one transaction: stopped at any moment, the index holds whole files only, and
        the next run does the rest. `retry` also takes files that failed and did not change;
        `thorough` compares the bytes of all files instead of their sizes and times.
        """
        began = monotonic()
        waiting = partial(progress, Progress(waiting=True))
        async with self.ledger.alone(on_wait=waiting) as check_alone:
            work, skipped, removed = await self._compare(connectors, retry=retry, thorough=thorough)
            meter = _Meter(progress, files=len(work))
            async for batch in self._prepared(work):
                check_alone()
                await self._embed_and_write(batch, meter)
            failed = await self.ledger.failures()
        return IngestReport(
            documents=meter.documents,
            chunks=meter.state.chunks,
            skipped=skipped + meter.unchanged,
            removed=removed,
            failed=tuple(failed),
            seconds=monotonic() - began,
            warnings=tuple(one for each in connectors.values() for one in each.warnings()),
        )

    async def _compare(
        self, connectors: Mapping[str, Connector], *, retry: bool, thorough: bool
    ) -> tuple[list[Reading], int, int]:
        """Withdraw at once what must not be found any more; give what is to be read."""
        work: list[Reading] = []
        skipped = 0
        removed = await self.ledger.forget_other_sources(list(connectors), self.store)
        for source, connector in connectors.items():
            known = await self.ledger.known(source)
            todo = plan(
                connector.files(), known, pipeline=self.pipeline, retry=retry, thorough=thorough
            )
            refused = list(connector.refused())
            leaving = [*todo.withdraw, *gone(todo.unseen, known, refused)]
            removed += len(await self.ledger.forget(source, leaving, self.store))
            await self.ledger.replace_refused(source, [_refused(source, one) for one in refused])
            work.extend(todo.index)
            skipped += todo.skipped
        return work, skipped, removed

    async def _prepared(self, work: Sequence[Reading]) -> AsyncIterator[list[_Prepared]]:
        """Parse and chunk with all workers busy; never more files in memory than they hold."""
        waiting = deque(work)
        running: set[asyncio.Task[_Prepared]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < 2 * self.parallel:
                    running.add(asyncio.create_task(self._prepare(waiting.popleft())))
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                yield [task.result() for task in done]
        finally:
            for task in running:
                task.cancel()

    async def _prepare(self, reading: Reading) -> _Prepared:
        """Parse and chunk one file; whatever is wrong with it becomes a failure in words."""
        file = reading.file
        try:
            content_hash = await asyncio.to_thread(_sha256, file.location)
            if reading.only_touched(content_hash, self.pipeline):
                return _Prepared(file=file, content_hash=content_hash, replaces=False)
            parsed = await self.parsers.parse(file)
            return await asyncio.to_thread(self._chunk, file, parsed, content_hash)
        except Unparsable as error:
            failure = Failure(file.source, file.path, error.cause, _in_words(error))
        except FourfoldError:  # not of this file: the database, the embedder
            raise
        except OSError as error:
            failure = Failure(file.source, file.path, "unreadable", f"{error.strerror}.")
        except Exception:  # a bug of ours in one file must not cost the others
            log.exception("cannot prepare %s", file.path)
            failure = Failure(
                file.source, file.path, "unreadable", "Fourfold failed on it; the log says where."
            )
        # An emptied file leaves the index; one that cannot be read now stays as it was.
        emptied = failure.cause == "empty"
        return _Prepared(file=file, content_hash="", failures=(failure,), replaces=emptied)

    def _chunk(self, file: SourceFile, parsed: Parsed, content_hash: str) -> _Prepared:
        chunks = [
            chunk
            for document in parsed.documents
            for chunk in chunk_document(
                document,
                file,
                count_tokens=self.embedder.count_tokens,
                # The title and headings above a passage are embedded with it and need room too.
                max_tokens=min(MAX_TOKENS, self.embedder.max_tokens * 3 // 4),
            )
        ]
        return _Prepared(
            file=file,
            content_hash=content_hash,
            documents=tuple(_document(file, parsed_one) for parsed_one in parsed.documents),
            chunks=tuple(chunks),
            failures=tuple(
                Failure(file.source, file.path + member.member, member.cause, member.message)
                for member in parsed.failures
            ),
        )

    async def _embed_and_write(self, batch: list[_Prepared], meter: _Meter) -> None:
        """Embed small files together, then write each in a transaction of its own."""
        import numpy as np

        texts = [passage(chunk) for prepared in batch for chunk in prepared.chunks]
        parts = []
        for start in range(0, len(texts), EMBED_AT_ONCE):
            parts.append(await self.embedder.embed_passages(texts[start : start + EMBED_AT_ONCE]))
            meter.embedded(len(parts[-1]))
        vectors = (
            np.concatenate(parts)
            if parts
            else np.zeros((0, self.embedder.dimensions), dtype=np.float32)
        )
        first = 0
        for prepared in batch:
            last = first + len(prepared.chunks)
            await self._write(prepared, vectors[first:last])
            meter.written(prepared)
            first = last

    async def _write(self, prepared: _Prepared, vectors: Vectors) -> None:
        """Replace everything that came from this file, all or nothing."""
        file = prepared.file
        async with self.ledger.database.begin() as transaction:
            if prepared.replaces:
                gone = await self.ledger.replace_documents(file, prepared.documents, transaction)
                await self.store.delete(gone, transaction=transaction)
                await self.store.write(prepared.chunks, vectors, transaction=transaction)
            await self.ledger.record(
                file,
                content_hash=prepared.content_hash,
                pipeline=self.pipeline,
                failures=prepared.failures,
                transaction=transaction,
            )


class _Meter:
    """Counts what is done and tells it."""

    def __init__(self, progress: Callable[[Progress], None], *, files: int) -> None:
        self.progress = progress
        self.state = Progress(files=files)
        self.documents = 0
        self.unchanged = 0  # files whose bytes were compared
        progress(self.state)

    def embedded(self, chunks: int) -> None:
        self._tell(replace(self.state, chunks=self.state.chunks + chunks))

    def written(self, prepared: _Prepared) -> None:
        self.documents += len(prepared.documents)
        self.unchanged += not prepared.replaces and not prepared.failures
        failed = self.state.failed + bool(prepared.failures)
        self._tell(replace(self.state, files_done=self.state.files_done + 1, failed=failed))

    def _tell(self, state: Progress) -> None:
        self.state = state
        self.progress(state)


def pipeline_of(embedder: Embedder, store_name: str) -> str:
    """What made an index; a file that another pipeline has read is read anew."""
    return f"{PARSER_VERSION}:{embedder.name}:{store_name}"


def passage(chunk: Chunk) -> str:
    """What is embedded: the passage below the title and headings that give it its meaning."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def _refused(source: str, refusal: Refusal) -> Failure:
    return Failure(source, refusal.path, refusal.cause, refusal.message, refusal.groups)


def _document(file: SourceFile, parsed: ParsedDocument) -> Document:
    return Document(
        source=file.source,
        path=file.path + parsed.member,
        title=parsed.title,
        text=parsed.text,
        content_hash=parsed.content_hash,
        media_type=parsed.media_type,
        language=parsed.language,
        groups=file.groups,
        metadata={**parsed.metadata, **file.metadata},
    )


def _in_words(error: Unparsable) -> str:
    return f"{error.message} {error.hint}".strip()


def _sha256(location: Path) -> str:
    with location.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
