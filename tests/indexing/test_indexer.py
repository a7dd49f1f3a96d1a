"""The index follows the files: new, changed, deleted, failed, and taken from a group."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fourfold.core.records import Element, Place, Principal
from fourfold.indexing import Indexer, IngestReport, Ledger, Progress
from fourfold.ingestion.base import MemberFailure, Parsed, ParsedDocument, Refusal, SourceFile
from fourfold.ingestion.base import Unparsable as Broken
from fourfold.retrieval.stores.memory import MemoryStore
from fourfold.storage.database import Database

ANYBODY = Principal(id="anna", role="viewer")
HR = Principal(id="ben", role="viewer", groups=frozenset({"hr"}))


class FlatEmbedder:
    """Every text has the same vector: these tests find by words."""

    name = "flat"
    dimensions = 2
    max_tokens = 100

    def __init__(self) -> None:
        self.embedded = 0

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return np.tile(np.array([1, 0], dtype=np.float32), (len(texts), 1))

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        return np.array([1, 0], dtype=np.float32)


class LineParser:
    """A file is its text; `!` is a file that cannot be read, an empty one is empty."""

    def __init__(self) -> None:
        self.parsed: list[str] = []
        self.member_failures: tuple[MemberFailure, ...] = ()

    async def parse(self, file: SourceFile) -> Parsed:
        self.parsed.append(file.path)
        text = await asyncio.to_thread(file.location.read_text, encoding="utf-8")
        if text == "!":
            raise Broken("encrypted", "It needs a password.", hint="Save it without.")
        if not text:
            raise Broken("empty", "Nothing is in it.")
        element = Element(kind="paragraph", text=text, place=Place(start=0, end=len(text)))
        document = ParsedDocument(
            member="",
            title=file.path,
            text=text,
            elements=(element,),
            media_type="text/plain",
            content_hash="",
        )
        return Parsed(documents=(document,), failures=self.member_failures)


@dataclass
class Folder:
    """A connector over the files of a folder; `groups` says who may see which path."""

    root: Path
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    refuses: tuple[Refusal, ...] = ()

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def files(self) -> Iterator[SourceFile]:
        for file in sorted(self.root.iterdir()):
            yield SourceFile(
                source="docs",
                path=file.name,
                location=file,
                size_bytes=file.stat().st_size,
                modified_ns=file.stat().st_mtime_ns,
                groups=self.groups.get(file.name, frozenset()),
            )

    def refused(self) -> Iterator[Refusal]:
        yield from self.refuses

    def warnings(self) -> Iterator[str]:
        yield "look here"


class Bench:
    """An index of one folder with everything around it."""

    def __init__(self, database: Database, root: Path) -> None:
        self.folder = Folder(root)
        self.parser = LineParser()
        self.embedder = FlatEmbedder()
        self.store = MemoryStore()
        self.ledger = Ledger(database)
        self.indexer = Indexer(
            ledger=self.ledger,
            store=self.store,
            embedder=self.embedder,
            parsers=self.parser,
            parallel=2,
        )

    async def ingest(self, *, retry: bool = False) -> IngestReport:
        return await self.indexer.ingest({"docs": self.folder}, retry=retry)

    async def finds(self, word: str, principal: Principal = ANYBODY) -> list[str]:
        hits = await self.store.search_words(word, limit=10, visible_to=principal)
        return [hit.chunk.path for hit in hits]


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Bench:
    root = tmp_path / "documents"
    root.mkdir()
    return Bench(database, root)


@pytest.mark.anyio
async def test_a_new_file_can_be_found(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    report = await bench.ingest()
    assert (report.documents, report.chunks, report.failed) == (1, 1, ())
    assert await bench.finds("Garantie") == ["a.txt"]


@pytest.mark.anyio
async def test_an_unchanged_file_is_neither_parsed_nor_embedded_again(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    report = await bench.ingest()
    assert (report.skipped, report.documents) == (1, 0)
    assert bench.parser.parsed == ["a.txt"]
    assert bench.embedder.embedded == 1


@pytest.mark.anyio
async def test_a_touched_file_with_the_same_bytes_is_not_parsed_again(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    (bench.folder.root / "a.txt").touch()
    await bench.ingest()
    assert bench.parser.parsed == ["a.txt"]
    assert (await bench.ingest()).skipped == 1


@pytest.mark.anyio
async def test_a_changed_file_takes_the_place_of_its_old_version(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    bench.folder.write("a.txt", "Der Versand kostet nichts.")
    await bench.ingest()
    assert await bench.finds("Garantie") == []
    assert await bench.finds("Versand") == ["a.txt"]


@pytest.mark.anyio
async def test_a_deleted_file_leaves_the_index(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    (bench.folder.root / "a.txt").unlink()
    report = await bench.ingest()
    assert report.removed == 1
    assert await bench.finds("Garantie") == []


@pytest.mark.anyio
async def test_a_source_that_the_project_dropped_leaves_the_index(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    report = await bench.indexer.ingest({})
    assert report.removed == 1
    assert await bench.finds("Garantie") == []


@pytest.mark.anyio
async def test_one_bad_file_does_not_stop_the_others(bench: Bench) -> None:
    bench.folder.write("bad.txt", "!")
    bench.folder.write("good.txt", "Die Garantie gilt zwei Jahre.")
    report = await bench.ingest()
    assert [(one.path, one.cause) for one in report.failed] == [("bad.txt", "encrypted")]
    assert report.failed[0].message == "It needs a password. Save it without."
    assert await bench.finds("Garantie") == ["good.txt"]


@pytest.mark.anyio
async def test_a_failure_is_listed_until_it_is_mended_and_retried_when_asked(bench: Bench) -> None:
    bench.folder.write("bad.txt", "!")
    await bench.ingest()
    assert len((await bench.ingest()).failed) == 1
    assert bench.parser.parsed == ["bad.txt"]
    await bench.ingest(retry=True)
    assert bench.parser.parsed == ["bad.txt", "bad.txt"]
    bench.folder.write("bad.txt", "Jetzt mit Garantie.")
    assert (await bench.ingest()).failed == ()


@pytest.mark.anyio
async def test_the_old_version_stays_while_the_new_one_cannot_be_read(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    bench.folder.write("a.txt", "!")
    assert len((await bench.ingest()).failed) == 1
    assert await bench.finds("Garantie") == ["a.txt"]


@pytest.mark.anyio
async def test_an_emptied_file_leaves_the_index(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    bench.folder.write("a.txt", "")
    assert (await bench.ingest()).failed[0].cause == "empty"
    assert await bench.finds("Garantie") == []


@pytest.mark.anyio
async def test_a_file_that_becomes_private_is_found_by_its_group_alone(bench: Bench) -> None:
    bench.folder.write("a.txt", "Gehalt und Garantie.")
    await bench.ingest()
    bench.folder.groups["a.txt"] = frozenset({"hr"})
    await bench.ingest()
    assert await bench.finds("Gehalt") == []
    assert await bench.finds("Gehalt", HR) == ["a.txt"]


@pytest.mark.anyio
async def test_a_private_file_that_cannot_be_read_again_is_found_by_nobody(bench: Bench) -> None:
    bench.folder.write("a.txt", "Gehalt und Garantie.")
    await bench.ingest()
    bench.folder.groups["a.txt"] = frozenset({"hr"})
    bench.folder.write("a.txt", "!")
    await bench.ingest()
    assert await bench.finds("Gehalt") == []
    assert await bench.finds("Gehalt", HR) == []


@pytest.mark.anyio
async def test_a_member_that_failed_is_listed_beside_the_file_that_did_not(bench: Bench) -> None:
    bench.folder.write("mail.eml", "Die Garantie gilt zwei Jahre.")
    bench.parser.member_failures = (
        MemberFailure(member="!/a.pdf", cause="encrypted", message="…"),
    )
    report = await bench.ingest()
    assert [one.path for one in report.failed] == ["mail.eml!/a.pdf"]
    assert await bench.finds("Garantie") == ["mail.eml"]


@pytest.mark.anyio
async def test_what_the_connector_may_not_read_is_listed_once(bench: Bench) -> None:
    bench.folder.refuses = (Refusal(path="link", cause="outside_folder", message="It leads out."),)
    await bench.ingest()
    assert [one.path for one in (await bench.ingest()).failed] == ["link"]
    bench.folder.refuses = ()
    assert (await bench.ingest()).failed == ()


@pytest.mark.anyio
async def test_two_ingestions_take_turns_and_the_second_finds_nothing_to_do(bench: Bench) -> None:
    for number in range(8):
        bench.folder.write(f"{number}.txt", f"Garantie Nummer {number}")
    told: list[Progress] = []
    both = await asyncio.gather(
        bench.ingest(), bench.indexer.ingest({"docs": bench.folder}, progress=told.append)
    )
    assert sorted(report.documents for report in both) == [0, 8]
    assert len(bench.parser.parsed) == 8


@pytest.mark.anyio
async def test_progress_counts_files_and_chunks_up_to_the_end(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    bench.folder.write("bad.txt", "!")
    told: list[Progress] = []
    await bench.indexer.ingest({"docs": bench.folder}, progress=told.append)
    assert told[-1] == Progress(files=2, files_done=2, chunks=1, failed=1)


@pytest.mark.anyio
async def test_an_erased_document_is_gone_and_its_file_is_indexed_anew(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    assert len(await bench.ledger.erase("a.txt", bench.store)) == 1
    assert await bench.finds("Garantie") == []
    assert (await bench.ingest()).documents == 1


@pytest.mark.anyio
async def test_a_change_that_left_size_and_time_alone_is_found_when_contents_are_compared(
    bench: Bench,
) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt 2 Jahre.")
    await bench.ingest()
    file = bench.folder.root / "a.txt"
    before = file.stat()
    bench.folder.write("a.txt", "Der Rabatt beträgt 3 Euro.".encode().decode()[: before.st_size])
    file.write_bytes(file.read_bytes()[: before.st_size].ljust(before.st_size))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (await bench.ingest()).documents == 0
    report = await bench.indexer.ingest({"docs": bench.folder}, thorough=True)
    assert report.documents == 1
    assert await bench.finds("Rabatt") == ["a.txt"]


@pytest.mark.anyio
async def test_a_failure_is_known_to_the_groups_of_its_file(bench: Bench) -> None:
    bench.folder.write("a.txt", "!")
    bench.folder.groups["a.txt"] = frozenset({"hr"})
    report = await bench.ingest()
    assert report.failed[0].groups == frozenset({"hr"})
    assert report.warnings == ("look here",)


@pytest.mark.anyio
async def test_a_file_that_cannot_be_read_now_stays_in_the_index(bench: Bench) -> None:
    bench.folder.write("a.txt", "Die Garantie gilt zwei Jahre.")
    await bench.ingest()
    (bench.folder.root / "a.txt").unlink()
    bench.folder.refuses = (Refusal(path=".", cause="unreadable", message="The disk failed."),)
    report = await bench.ingest()
    assert (report.removed, [one.cause for one in report.failed]) == (0, ["unreadable"])
    assert await bench.finds("Garantie") == ["a.txt"]
    bench.folder.refuses = ()
    assert (await bench.ingest()).removed == 1


@pytest.mark.anyio
async def test_the_failures_of_a_source_leave_with_it(bench: Bench) -> None:
    bench.folder.refuses = (Refusal(path="b", cause="unreadable", message="The disk failed."),)
    assert len((await bench.ingest()).failed) == 1
    assert (await bench.indexer.ingest({})).failed == ()
