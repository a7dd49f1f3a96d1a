"""One ingestion by one system, in a process of its own; prints what was done as one line of JSON.

    python benchmarks/ingestion_sides.py fourfold|llamaindex|langchain DOCUMENTS STATE

Started by `ingestion.py`. Each side works as its own documentation shows, with the same embedder on
one thread. STATE keeps the index and whatever the side needs to skip unchanged files the next time.
"""

import asyncio
import email.policy
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from fourfold.models.e5 import E5Embedder

CHUNK_TOKENS = 200  # what Fourfold aims at
CHUNK_CHARACTERS = 800  # the same, at the four characters that a token has in these files
EMBED_AT_ONCE = 64


class TimedEmbedder(E5Embedder):
    """The embedder of all three sides; counts its own CPU time and tokens."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.spent = {"embed": 0.0, "count_tokens": 0.0}
        self.tokens = 0
        self.texts = 0

    def count_tokens(self, text: str) -> int:
        """As always, timed."""
        began = time.thread_time()
        count = super().count_tokens(text)
        self.spent["count_tokens"] += time.thread_time() - began
        return count

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        began = time.thread_time()
        encoded = super()._encode(texts)
        self.spent["embed"] += time.thread_time() - began
        self.texts += len(encoded)
        self.tokens += sum(map(len, encoded))
        return encoded

    def _run(self, batch: Sequence[Sequence[int]]) -> Any:
        began = time.thread_time()
        vectors = super()._run(batch)
        self.spent["embed"] += time.thread_time() - began
        return vectors

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """For callers that know neither asyncio nor arrays."""
        if not texts:
            return []
        vectors: list[list[float]] = asyncio.run(self.embed_passages(texts)).tolist()
        return vectors


class Stages:
    """CPU and wall seconds of named parts of this process."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Note what the block takes."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu[name] = time.process_time() - cpu
        self.wall[name] = time.perf_counter() - wall


def fourfold(documents: Path, state: Path, embedder: TimedEmbedder, stages: Stages) -> Any:
    """A project with its embedded PostgreSQL, as `fourfold ingest` runs it."""
    source = {"name": "documents", "folder": str(documents)}
    config = {"name": "benchmark", "sources": [source]}  # JSON is YAML
    (state / "fourfold.yaml").write_text(json.dumps(config), encoding="utf-8")

    async def run() -> Any:
        from fourfold.core.settings import Settings
        from fourfold.project import open_project

        settings = Settings(threads=1, parse_workers=1)
        with stages.measured("open"):
            project_open = open_project(state, settings=settings)
            project = await project_open.__aenter__()
        project.__dict__["embedder"] = embedder
        before = getrusage(RUSAGE_CHILDREN)
        with stages.measured("ingest"):
            report = await project.ingest()
        after = getrusage(RUSAGE_CHILDREN)
        stages.cpu["parse_processes"] = after.ru_utime + after.ru_stime
        stages.cpu["parse_processes"] -= before.ru_utime + before.ru_stime
        with stages.measured("close"):
            await project_open.__aexit__(None, None, None)
        failed = [[failure.path, failure.cause] for failure in report.failed]
        return {"documents": report.documents, "chunks": report.chunks, "failed": failed}

    return asyncio.run(run())


def llamaindex(documents: Path, state: Path, embedder: TimedEmbedder, stages: Stages) -> Any:
    """`SimpleDirectoryReader`, `IngestionPipeline` with a docstore, the default vector store."""
    with stages.measured("import"):
        from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
        from llama_index.core.embeddings import BaseEmbedding
        from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.core.readers.base import BaseReader
        from llama_index.core.schema import Document
        from llama_index.core.storage.docstore import SimpleDocumentStore
        from llama_index.readers.file import HTMLTagReader

    class SameEmbedding(BaseEmbedding):
        def _get_text_embedding(self, text: str) -> list[float]:
            return embedder.embed([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return embedder.embed(texts)

        def _get_query_embedding(self, query: str) -> list[float]:
            return embedder.embed([query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    class MailReader(BaseReader):
        def load_data(self, file: Path, extra_info: Any = None, **_: Any) -> list[Any]:
            return [Document(text=mail_text(file), metadata=extra_info or {})]

    readers = {".eml": MailReader(), ".html": HTMLTagReader(tag="body")}
    with stages.measured("load"):
        loaded = SimpleDirectoryReader(
            str(documents), recursive=True, filename_as_id=True, file_extractor=readers
        ).load_data()
    model = SameEmbedding(model_name=embedder.name, embed_batch_size=EMBED_AT_ONCE)
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(chunk_size=CHUNK_TOKENS, chunk_overlap=0), model],
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.DUPLICATES_ONLY,
        disable_cache=True,
    )
    if (state / "pipeline").exists():
        with stages.measured("load_state"):
            pipeline.load(str(state / "pipeline"))
    with stages.measured("split_and_embed"):
        nodes = pipeline.run(documents=loaded)
    with stages.measured("write"):
        if nodes:  # nothing new: the index is not even opened
            context = StorageContext.from_defaults()
            VectorStoreIndex(nodes, storage_context=context, embed_model=model)
            context.persist(str(state / "index"))
        pipeline.persist(str(state / "pipeline"))
    with_text = {one.metadata["file_path"] for one in loaded if one.text.strip()}
    return {**_outcome(documents, with_text), "chunks": len(nodes)}


def langchain(documents: Path, state: Path, embedder: TimedEmbedder, stages: Stages) -> Any:
    """The community loaders by suffix, Chroma, and `index()` with a record manager."""
    with stages.measured("import"):
        from chromadb.config import Settings
        from langchain_chroma import Chroma
        from langchain_classic.indexes import SQLRecordManager
        from langchain_community.document_loaders import (
            BSHTMLLoader,
            CSVLoader,
            Docx2txtLoader,
            PyPDFLoader,
            TextLoader,
        )
        from langchain_core.documents import Document
        from langchain_core.embeddings import Embeddings
        from langchain_core.indexing import index
        from langchain_text_splitters import RecursiveCharacterTextSplitter

    class SameEmbeddings(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return embedder.embed(texts)

        def embed_query(self, text: str) -> list[float]:
            return embedder.embed([text])[0]

    own_readers = {".eml": mail_text, ".pptx": slides_text, ".xlsx": sheets_text}

    def load(path: Path) -> list[Any]:
        source, suffix = str(path), path.suffix
        if suffix in own_readers:
            return [Document(own_readers[suffix](path), metadata={"source": source})]
        if suffix == ".html":
            return BSHTMLLoader(source, bs_kwargs={"features": "html.parser"}).load()
        loaders = {".pdf": PyPDFLoader, ".docx": Docx2txtLoader, ".csv": CSVLoader}
        if suffix in loaders:
            return list(loaders[suffix](source).load())
        return TextLoader(source, autodetect_encoding=True).load()

    loaded, errors = [], {}
    with stages.measured("load"):
        for path in _files(documents):
            try:
                loaded += load(path)
            except Exception as error:  # noqa: BLE001  a loader may raise anything
                errors[path.name] = type(error).__name__
    with stages.measured("split"):
        splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_CHARACTERS, chunk_overlap=0)
        chunks = splitter.split_documents(loaded)
    with stages.measured("embed_and_write"):
        store = Chroma(
            "benchmark",
            SameEmbeddings(),
            persist_directory=str(state),
            client_settings=Settings(
                anonymized_telemetry=False, is_persistent=True, persist_directory=str(state)
            ),
        )
        records = SQLRecordManager("chroma/benchmark", db_url=f"sqlite:///{state}/records.sqlite")
        records.create_schema()
        done = index(
            chunks,
            records,
            store,
            cleanup="full",
            source_id_key="source",
            key_encoder="sha256",
        )
    with_text = {one.metadata["source"] for one in loaded if one.page_content.strip()}
    return {**_outcome(documents, with_text), "errors": errors, "chunks": done["num_added"]}


def mail_text(path: Path) -> str:
    """Subject and text parts of a mail: both others read mail only through `unstructured`."""
    mail = message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = mail.get_body(preferencelist=("plain", "html"))
    return f"{mail.get('subject', '')}\n\n{body.get_content() if body else ''}"


def slides_text(path: Path) -> str:
    """The text frames of a presentation; LangChain reads it only through `unstructured`."""
    from pptx import Presentation

    shapes = [shape for slide in Presentation(str(path)).slides for shape in slide.shapes]
    return "\n\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)


def sheets_text(path: Path) -> str:
    """The filled cells of a workbook, row by row; LangChain needs `unstructured` for it."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    rows = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    lines = ["; ".join(str(cell) for cell in row if cell is not None) for row in rows]
    return "\n".join(line for line in lines if line)


def _outcome(documents: Path, with_text: set[str]) -> dict[str, Any]:
    failed = [
        [str(path.relative_to(documents)), "no text"]
        for path in _files(documents)
        if str(path) not in with_text
    ]
    return {"documents": len(with_text), "failed": failed}


def _files(documents: Path) -> list[Path]:
    return sorted(path for path in documents.rglob("*") if path.is_file())


def main() -> None:
    side, documents, state = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    embedder, stages = TimedEmbedder(), Stages()
    state.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    outcome = {"fourfold": fourfold, "llamaindex": llamaindex, "langchain": langchain}[side](
        documents, state, embedder, stages
    )
    outcome["call_seconds"] = time.perf_counter() - began
    outcome["texts_embedded"], outcome["tokens_embedded"] = embedder.texts, embedder.tokens
    outcome["cpu"] = {**stages.cpu, **embedder.spent, "process": time.process_time()}
    outcome["wall"] = stages.wall
    sys.stdout.write("\n" + json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main()
