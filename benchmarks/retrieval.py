"""Measure retrieval on XQuAD: by words, by meaning, fused; with distractors; and its latency.

    python benchmarks/retrieval.py DATA --distractors FOLDER --json results.json

DATA holds `xquad-dev.{de,en}.json`; FOLDER is what `benchmarks/distractors.py` wrote. Each
paragraph is one chunk. Constants were chosen on the even articles; `held_out` are the odd ones.
"""

import argparse
import asyncio
import json
import platform
import resource
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from fourfold.core.protocols import Embedder
from fourfold.core.records import Chunk, Place, Principal
from fourfold.core.settings import Settings
from fourfold.metrics.statistics import mcnemar_exact
from fourfold.retrieval.retriever import CANDIDATES, Retriever
from fourfold.retrieval.stores.postgres import PostgresStore
from fourfold.storage.database import Database, open_database

EVERYONE = Principal(id="benchmark", role="owner", sees_all_groups=True)
VIEWER = Principal(id="viewer", role="viewer", groups=frozenset({"one"}))
ARMS = ("words", "meaning", "hybrid")
WRITE_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one language with their vectors, gold paragraphs and articles."""

    texts: list[str]
    vectors: np.ndarray
    gold: np.ndarray
    article: np.ndarray


class CachedEmbedder:
    """Gives vectors that were made before."""

    name = "e5"
    dimensions = 384
    max_tokens = 512

    def __init__(self, known: dict[str, np.ndarray]) -> None:
        self.known = known

    async def embed_query(self, text: str) -> np.ndarray:
        """The vector of a known question."""
        return self.known[text]


async def read(
    data: Path, language: str, model: Embedder, cache: Path
) -> tuple[list[Chunk], np.ndarray, Questions]:
    articles = json.loads((data / f"xquad-dev.{language}.json").read_text("utf-8"))["data"]
    chunks, texts, gold, article = [], [], [], []
    for number, each in enumerate(articles):
        for paragraph in each["paragraphs"]:
            for question in paragraph["qas"]:
                texts.append(question["question"])
                gold.append(len(chunks))
                article.append(number)
            chunks.append(chunk(f"{language}{len(chunks)}", paragraph["context"], language))
    kept = cache / f"xquad-{language}-{model.name}.npz"
    if not kept.exists():
        passages = await model.embed_passages([each.text for each in chunks])
        asked = np.stack([await model.embed_query(each) for each in texts])
        np.savez(kept, passages=passages, questions=asked)
    vectors = np.load(kept)
    questions = Questions(texts, vectors["questions"], np.array(gold), np.array(article))
    return chunks, vectors["passages"], questions


def chunk(path: str, text: str, language: str, **metadata: str) -> Chunk:
    return Chunk(
        document_id=path,
        source="benchmark",
        path=path,
        text=text,
        place=Place(end=len(text)),
        language=language,
        metadata=metadata,
    )


def read_distractors(folder: Path) -> tuple[list[Chunk], np.ndarray]:
    slices = sorted((folder / "slices").glob("[0-9]*[0-9].npy"))
    vectors = np.concatenate([np.load(file) for file in slices]).astype(np.float32)
    lines = (folder / "chunks.jsonl").read_text("utf-8").splitlines()[: len(vectors)]
    found = [json.loads(line) for line in lines]
    chunks = [
        chunk(f"distractor {n}", each["text"], each["language"], share=str(n % 100))
        for n, each in enumerate(found)
    ]
    return chunks, vectors


async def fill(store: PostgresStore, chunks: list[Chunk], vectors: np.ndarray) -> dict[str, float]:
    """Write as an ingestion does; gives seconds and the growth of our memory."""
    began, before = time.perf_counter(), psutil.Process().memory_info().rss
    half = 0
    for start in range(0, len(chunks), WRITE_AT_ONCE):
        end = start + WRITE_AT_ONCE
        await store.write(chunks[start:end], vectors[start:end])
        if start <= len(chunks) // 2:
            half = psutil.Process().memory_info().rss
    after = psutil.Process().memory_info().rss
    return {
        "chunks": len(chunks),
        "seconds": round(time.perf_counter() - began, 1),
        "memory_growth_first_half_mb": round((half - before) / 1e6, 1),
        "memory_growth_second_half_mb": round((after - half) / 1e6, 1),
    }


async def ranks(store: PostgresStore, questions: Questions) -> dict[str, np.ndarray]:
    """The rank of the gold paragraph for every question and arm, 0 where it was not found."""
    embedder = CachedEmbedder(dict(zip(questions.texts, questions.vectors, strict=True)))
    retriever = Retriever(store, embedder)
    found: dict[str, list[int]] = {arm: [] for arm in ARMS}
    for text, gold in zip(questions.texts, questions.gold, strict=True):
        hits = await retriever.retrieve(text, limit=CANDIDATES, visible_to=EVERYONE)
        wanted = {f"de{gold}", f"en{gold}"}
        right = [(n, hit) for n, hit in enumerate(hits, start=1) if hit.chunk.path in wanted]
        found["hybrid"].append(min((n for n, _ in right), default=0))
        found["words"].append(_best(hit.lexical_rank for _, hit in right))
        found["meaning"].append(_best(hit.vector_rank for _, hit in right))
    return {arm: np.array(values) for arm, values in found.items()}


def _best(ranks_of_copies: Iterable[int | None]) -> int:
    return min((rank for rank in ranks_of_copies if rank), default=0)


def summary(found: dict[str, np.ndarray], mask: np.ndarray) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for arm, values in found.items():
        rank = values[mask]
        rows[arm] = {
            "recall@1": round(float((rank == 1).mean()), 4),
            "recall@5": round(float(((rank >= 1) & (rank <= 5)).mean()), 4),
            "mrr": round(float(np.where(rank > 0, 1 / np.maximum(rank, 1), 0).mean()), 4),
        }
    for arm in ("words", "meaning"):
        better = int(((found["hybrid"] == 1) & (found[arm] != 1))[mask].sum())
        worse = int(((found["hybrid"] != 1) & (found[arm] == 1))[mask].sum())
        p = mcnemar_exact(better, worse)
        rows[f"hybrid_against_{arm}"] = {"better": better, "worse": worse, "p": float(f"{p:.2g}")}
    return rows


async def latency(
    store: PostgresStore, questions: Questions, model: Embedder
) -> dict[str, dict[str, float]]:
    """A whole `retrieve`: milliseconds on the clock, and of the processors, ours and PostgreSQL's.

    Each question once, after 20 to warm up.
    """
    known = CachedEmbedder(dict(zip(questions.texts, questions.vectors, strict=True)))
    cases: dict[str, tuple[Any, dict[str, Any]]] = {
        "without_embedding": (known, {"visible_to": EVERYONE}),
        "with_embedding": (model, {"visible_to": EVERYONE}),
        "with_permissions": (known, {"visible_to": VIEWER}),
        "filter_1_percent": (known, {"visible_to": VIEWER, "where": {"share": "7"}}),
        "filter_50_percent": (known, {"visible_to": VIEWER, "where": {"language": "de"}}),
    }
    server = await server_of(store.database)
    result = {}
    for name, (embedder, options) in cases.items():
        retriever, taken = Retriever(store, embedder), []
        for text in questions.texts[:20]:
            await retriever.retrieve(text, limit=10, **options)
        own, theirs = time.process_time(), cpu_of(server)
        for text in questions.texts[20:220]:
            began = time.perf_counter()
            await retriever.retrieve(text, limit=10, **options)
            taken.append((time.perf_counter() - began) * 1000)
        own, theirs = time.process_time() - own, cpu_of(server) - theirs
        p50, p95 = np.percentile(taken, [50, 95])
        result[name] = {
            "p50_ms": round(float(p50), 1),
            "p95_ms": round(float(p95), 1),
            "own_cpu_ms": round(own * 1000 / len(taken), 1),
            "postgres_cpu_ms": round(theirs * 1000 / len(taken), 1),
            "load": round(psutil.getloadavg()[0], 1),
        }
    return result


async def server_of(database: Database) -> psutil.Process:
    """The parent of every process that answers us."""
    async with database.connect() as connection:
        backend = await connection.exec_driver_sql("SELECT pg_backend_pid()")
        return psutil.Process(psutil.Process(backend.scalar_one()).ppid())


def cpu_of(server: psutil.Process) -> float:
    """Seconds of processor that its living processes have taken."""
    times = [child.cpu_times() for child in server.children()]
    return sum(each.user + each.system for each in times)


async def measure(
    database: Database, data: Path, distractors: Path | None, cache: Path
) -> dict[str, Any]:
    from fourfold.models.e5 import E5Embedder

    model = E5Embedder(threads=1)
    chunks, passages, questions = {}, {}, {}
    for language in ("de", "en"):
        chunks[language], passages[language], questions[language] = await read(
            data, language, model, cache
        )
    result: dict[str, Any] = {"quality": {}, "writing": {}}
    for suffix in ("", "+distractors") if distractors else ("",):
        for index in (("de", "en"),) if suffix else (("de",), ("en",), ("de", "en")):
            name = "+".join(index) + suffix
            store = PostgresStore(database, name)
            for language in index:
                renamed = [relabelled(each, name) for each in chunks[language]]
                await store.write(renamed, passages[language])
            if suffix and distractors:
                more, vectors = read_distractors(distractors)
                renamed = [relabelled(each, name) for each in more]
                if not await holds(store, renamed[-1]):
                    result["writing"][name] = await fill(store, renamed, vectors)
                async with database.begin() as connection:
                    await connection.exec_driver_sql("ANALYZE fourfold.chunks")
            for asked in ("de", "en"):
                found = await ranks(store, questions[asked])
                odd = questions[asked].article % 2 == 1
                result["quality"][f"{asked} → {name}"] = {
                    "held_out": summary(found, odd),
                    "all": summary(found, odd | ~odd),
                }
                print(
                    asked,
                    "→",
                    name,
                    json.dumps(result["quality"][f"{asked} → {name}"]["all"]),
                    flush=True,
                )
    if distractors:
        result["latency"] = await latency(
            PostgresStore(database, "de+en+distractors"), questions["de"], model
        )
    return result


async def holds(store: PostgresStore, last: Chunk) -> bool:
    async with store.database.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT 1 FROM fourfold.chunks WHERE document_id = $1", (last.document_id,)
        )
        return found.scalar() is not None


def relabelled(each: Chunk, index: str) -> Chunk:
    """The same chunk in another index is another document."""
    fields = {name: getattr(each, name) for name in Chunk.__slots__}
    return Chunk(**{**fields, "document_id": f"{index} {each.path}"})


async def run(data: Path, distractors: Path | None, cache: Path, folder: Path) -> dict[str, Any]:
    database = await open_database(Settings(database_url=None), folder)
    try:
        result = await measure(database, data, distractors, cache)
    finally:
        await database.close()
    result["machine"] = {
        "cores": psutil.cpu_count(),
        "load": psutil.getloadavg()[0],
        "python": platform.python_version(),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--distractors", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path, help="keep the index here; a full one is used again")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/fourfold-benchmark"))
    chosen = parser.parse_args()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as passing:
        folder = (chosen.folder or Path(passing)) / ".fourfold"
        result = asyncio.run(run(chosen.data, chosen.distractors, chosen.cache, folder))
    text = json.dumps(result, indent=1, ensure_ascii=False)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
