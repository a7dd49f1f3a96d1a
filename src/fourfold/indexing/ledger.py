"""What the index knows about files: kept in the same transactions as the chunks themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.errors import StorageError
from fourfold.core.records import Document
from fourfold.indexing.plan import KnownFile
from fourfold.indexing.records import Failure
from fourfold.ingestion.base import SourceFile
from fourfold.retrieval.base import VectorStore
from fourfold.storage.database import Database

_LOCK = 4_044_001  # any number of our own: one ingestion of a database at a time


class Ledger:
    """The tables `files`, `failures` and `documents` of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def alone(self, *, on_wait: Callable[[], None]) -> AsyncIterator[Callable[[], None]]:
        """Hold the right to ingest; freed when this process ends, however it ends.

        Gives a check that raises `StorageError` once the database was restarted underneath, for
        then another process may hold the right.
        """
        async with self.database.connect() as connection:
            connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            got = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK})
            if not got:
                on_wait()
                await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            driver = (await connection.get_raw_connection()).driver_connection

            def check() -> None:
                if driver is None or driver.is_closed():
                    raise StorageError(
                        "The database was restarted during the ingestion.",
                        hint="Run it again; what is in the index stays there.",
                    )

            try:
                yield check
            finally:
                if driver is not None and not driver.is_closed():
                    unlock = text("SELECT pg_advisory_unlock(:key)")
                    await connection.execute(unlock, {"key": _LOCK})

    async def known(self, source: str) -> dict[str, KnownFile]:
        """Every file of that source, by path."""
        async with self.database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT path, size_bytes, modified_ns, content_hash, groups, metadata, "
                    "pipeline, failed FROM fourfold.files WHERE source = :source"
                ),
                {"source": source},
            )
            return {row.path: _known_file(row) for row in rows}

    async def fingerprint(self) -> str:
        """The same as long as the index holds the same documents."""
        async with self.database.connect() as connection:
            found: str | None = await connection.scalar(
                text(
                    "SELECT md5(string_agg(source || path || content_hash || pipeline, "
                    "'|' ORDER BY source, path)) FROM fourfold.files WHERE NOT failed"
                )
            )
            return found or ""

    async def failures(self) -> list[Failure]:
        """Everything that is not in the index, in a stable order."""
        async with self.database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT source, path, cause, message, groups FROM fourfold.failures "
                    "ORDER BY source, path"
                )
            )
            return [
                Failure(row.source, row.path, row.cause, row.message, frozenset(row.groups))
                for row in rows
            ]

    async def record(
        self,
        file: SourceFile,
        *,
        content_hash: str,
        pipeline: str,
        failures: Sequence[Failure],
        transaction: AsyncConnection,
    ) -> None:
        """Remember how this try went; `content_hash` is empty when the file could not be read."""
        await transaction.execute(
            text(
                """
                INSERT INTO fourfold.files (source, path, size_bytes, modified_ns, content_hash,
                                            groups, metadata, pipeline, failed)
                VALUES (:source, :path, :size_bytes, :modified_ns, :content_hash,
                        :groups, CAST(:metadata AS jsonb), :pipeline, :failed)
                ON CONFLICT (source, path) DO UPDATE SET
                    size_bytes = excluded.size_bytes, modified_ns = excluded.modified_ns,
                    content_hash = excluded.content_hash, groups = excluded.groups,
                    metadata = excluded.metadata, pipeline = excluded.pipeline,
                    failed = excluded.failed
                """
            ),
            {
                "source": file.source,
                "path": file.path,
                "size_bytes": file.size_bytes,
                "modified_ns": file.modified_ns,
                "content_hash": content_hash,
                "groups": sorted(file.groups),
                "metadata": json.dumps(dict(file.metadata)),
                "pipeline": pipeline,
                "failed": bool(failures),
            },
        )
        named = [replace(failure, groups=file.groups) for failure in failures]
        await _replace_failures(file.source, file.path, named, transaction)

    async def replace_refused(self, source: str, refused: Sequence[Failure]) -> None:
        """List the paths that the connector may not read; those of an earlier run are forgotten."""
        async with self.database.begin() as transaction:
            await transaction.execute(
                text("DELETE FROM fourfold.failures WHERE source = :source AND file = ''"),
                {"source": source},
            )
            await _insert_failures("", refused, transaction)

    async def replace_documents(
        self, file: SourceFile, documents: Sequence[Document], transaction: AsyncConnection
    ) -> list[str]:
        """Put the documents of a file in place of its earlier ones; give the ids that are gone."""
        gone = await transaction.scalars(
            text(
                "DELETE FROM fourfold.documents WHERE source = :source AND file = :file "
                "RETURNING id"
            ),
            {"source": file.source, "file": file.path},
        )
        ids = list(gone)
        for document in documents:
            await transaction.execute(
                text(
                    """
                    INSERT INTO fourfold.documents (id, source, file, path, title, text,
                        content_hash, media_type, language, groups, metadata)
                    VALUES (:id, :source, :file, :path, :title, :text,
                        :content_hash, :media_type, :language, :groups, CAST(:metadata AS jsonb))
                    """
                ),
                {
                    "id": document.id,
                    "source": document.source,
                    "file": file.path,
                    "path": document.path,
                    "title": document.title,
                    "text": document.text,
                    "content_hash": document.content_hash,
                    "media_type": document.media_type,
                    "language": document.language,
                    "groups": sorted(document.groups),
                    "metadata": json.dumps(dict(document.metadata)),
                },
            )
        return ids

    async def forget(self, source: str, paths: Sequence[str], store: VectorStore) -> list[str]:
        """Remove everything that came from these files; give the ids of the documents removed."""
        if not paths:
            return []
        async with self.database.begin() as transaction:
            values = {"source": source, "paths": list(paths)}
            gone = await transaction.scalars(
                text(
                    "DELETE FROM fourfold.documents WHERE source = :source AND file = ANY(:paths) "
                    "RETURNING id"
                ),
                values,
            )
            ids = list(gone)
            await store.delete(ids, transaction=transaction)
            for statement in (
                "DELETE FROM fourfold.files WHERE source = :source AND path = ANY(:paths)",
                "DELETE FROM fourfold.failures WHERE source = :source AND file = ANY(:paths)",
            ):
                await transaction.execute(text(statement), values)
        return ids

    async def texts(self, path: str) -> list[str]:
        """The text of that document, or of all that came from that file, in every source."""
        async with self.database.connect() as connection:
            found = await connection.scalars(
                text("SELECT text FROM fourfold.documents WHERE path = :path OR file = :path"),
                {"path": path},
            )
            return list(found)

    async def erase(self, path: str, store: VectorStore) -> list[str]:
        """Remove the file that such a document came from, from every source it is in.

        A member leaves with its whole file, so that the next ingestion reads the file anew. Gives
        the ids of the documents removed.
        """
        async with self.database.connect() as connection:
            rows = await connection.execute(
                text(
                    "SELECT DISTINCT source, file FROM fourfold.documents "
                    "WHERE path = :path OR file = :path"
                ),
                {"path": path},
            )
            places = rows.all()
        gone = [await self.forget(source, [file], store) for source, file in places]
        return [document for documents in gone for document in documents]

    async def forget_other_sources(self, sources: Sequence[str], store: VectorStore) -> int:
        """Remove what came from sources that the project no longer has."""
        async with self.database.connect() as connection:
            rows = await connection.execute(
                text("SELECT source, path FROM fourfold.files WHERE source <> ALL(:sources)"),
                {"sources": list(sources)},
            )
            others: dict[str, list[str]] = {}
            for source, path in rows:
                others.setdefault(source, []).append(path)
        async with self.database.begin() as transaction:  # also of paths that were never files
            await transaction.execute(
                text("DELETE FROM fourfold.failures WHERE source <> ALL(:sources)"),
                {"sources": list(sources)},
            )
        return sum(
            [len(await self.forget(source, paths, store)) for source, paths in others.items()]
        )


async def _replace_failures(
    source: str, file: str, failures: Sequence[Failure], transaction: AsyncConnection
) -> None:
    await transaction.execute(
        text("DELETE FROM fourfold.failures WHERE source = :source AND file = :file"),
        {"source": source, "file": file},
    )
    await _insert_failures(file, failures, transaction)


async def _insert_failures(
    file: str, failures: Sequence[Failure], transaction: AsyncConnection
) -> None:
    for failure in failures:
        await transaction.execute(
            text(
                """
                INSERT INTO fourfold.failures (source, file, path, cause, message, groups)
                VALUES (:source, :file, :path, :cause, :message, :groups)
                """
            ),
            {
                "source": failure.source,
                "file": file,
                "path": failure.path,
                "cause": failure.cause,
                "message": failure.message,
                "groups": sorted(failure.groups),
            },
        )


def _known_file(row: Any) -> KnownFile:
    metadata = row.metadata if isinstance(row.metadata, dict) else json.loads(row.metadata)
    return KnownFile(
        size_bytes=row.size_bytes,
        modified_ns=row.modified_ns,
        content_hash=row.content_hash,
        groups=frozenset(row.groups),
        metadata=metadata,
        pipeline=row.pipeline,
        failed=row.failed,
    )
