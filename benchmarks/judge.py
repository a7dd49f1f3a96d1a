"""Small judges: are right outputs marked above truncated ones, and those above wrong ones.

    python benchmarks/judge.py GOLDEN.jsonl --model NAME=FILE.gguf … [--sources] [--json FILE]

Three outputs of each record are marked: the reference itself, its first half (in words), and the
reference of another record of the same language. The right order is known without people. Marks
are compared with it record by record, and by agreement with the marks that the rubric demands (5,
3 and 1). The file is written after each record, and the same command goes on with it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from fourfold.core.errors import FourfoldError
from fourfold.datasets import Record, read_records
from fourfold.evaluation.agreement import agreement
from fourfold.evaluation.judge import Judge, default_rubric, score_marks
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.statistics import wilson
from fourfold.models.llama import LlamaModel

Row = dict[str, Any]
DUE = {"right": 5, "truncated": 3, "wrong": 1}
HOW = Resampling(seed=0, samples=2_000)


def outputs(records: Sequence[Record], place: int) -> dict[str, str]:
    """The three outputs of a record."""
    record = records[place]
    words = record.references[0].split(" ")
    same = [one for one in records if one.language == record.language]
    other = same[(same.index(record) + 1) % len(same)]
    return {
        "right": record.references[0],
        "truncated": " ".join(words[: len(words) // 2]),
        "wrong": other.references[0],
    }


def balanced(records: Sequence[Record], limit: int) -> list[Record]:
    """The first ones of each language, as many of each."""
    languages = dict.fromkeys(record.language for record in records)
    each = limit // len(languages)
    return [one for name in languages for one in [r for r in records if r.language == name][:each]]


async def marks(judge: Judge, records: Sequence[Record], place: int, *, sources: bool) -> Row:
    """Language, and mark (or error) and reason of each output of a record."""
    record = records[place]
    row: Row = {"id": record.id, "language": record.language}
    for name, output in outputs(records, place).items():
        source = record.text if sources else ""
        try:
            found = await judge.mark(
                output, record.references, source=source, language=record.language
            )
            row[name] = {"mark": found.score, "reason": found.reason}
        except FourfoldError as error:
            row[name] = {"mark": None, "error": error.code}
    print(record.id, {name: row[name]["mark"] for name in DUE}, flush=True)
    return row


def summary(rows: Sequence[dict[str, Any]], signature: str) -> dict[str, Any]:
    """Mean marks, how often each pair is in the right order, agreement with what is due."""
    found: dict[str, Any] = {
        "failed": sum(row[name]["mark"] is None for row in rows for name in DUE)
    }
    for name in DUE:
        given = [row[name]["mark"] for row in rows if row[name]["mark"] is not None]
        if given:
            found[name] = score_marks(given, signature, HOW).as_json()
            found[name]["marks"] = dict(sorted(Counter(given).items()))
    for better, worse in (("right", "truncated"), ("truncated", "wrong"), ("right", "wrong")):
        pairs = [(row[better]["mark"], row[worse]["mark"]) for row in rows]
        pairs = [(a, b) for a, b in pairs if a is not None and b is not None]
        above = wilson(sum(a > b for a, b in pairs), len(pairs))
        found[f"{better} > {worse}"] = {
            "share": above.value,
            "low": above.low,
            "high": above.high,
            "equal": sum(a == b for a, b in pairs) / len(pairs) if pairs else None,
            "pairs": len(pairs),
        }
    both = [(row[name]["mark"], due) for row in rows for name, due in DUE.items()]
    both = [(given, due) for given, due in both if given is not None]
    clusters = [row["id"] for row in rows for name in DUE if row[name]["mark"] is not None]
    how = Resampling(seed=0, samples=2_000, clusters=clusters)
    given_marks, due_marks = [given for given, _ in both], [due for _, due in both]
    found["agreement with what is due"] = agreement(given_marks, due_marks, how).as_json()
    return found


async def measure(
    name: str, path: Path, records: Sequence[Record], known: dict[str, Any], *, sources: bool
) -> AsyncIterator[dict[str, Any]]:
    """The result so far, after each record; `known` is that of a run that was stopped."""
    model = LlamaModel(path=path, name=name, threads=1, concurrent=1)
    judge = Judge(model, identity=name, rubric=default_rubric())
    await model.load()
    process = psutil.Process(model._start().pid)
    rows = list(known.get("rows", []))
    for place in range(len(rows), len(records)):
        before, began = _cpu_seconds(process), time.perf_counter()
        row = await marks(judge, records, place, sources=sources)
        row["cpu_seconds"] = _cpu_seconds(process) - before
        row["seconds"] = time.perf_counter() - began
        rows.append(row)
        yield {
            "judge": name,
            "sources": sources,
            "records": len(rows),
            "signature": judge.signature,
            **summary(rows, judge.signature),
            "cpu_seconds_per_mark": sum(one["cpu_seconds"] for one in rows) / (3 * len(rows)),
            "seconds_per_mark": sum(one["seconds"] for one in rows) / (3 * len(rows)),
            "rows": rows,
        }
    await model.close()


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def run(arguments: argparse.Namespace) -> None:
    records = balanced(read_records(arguments.golden), arguments.limit)
    found: dict[str, Any] = {}
    if arguments.json and arguments.json.exists():
        found = json.loads(arguments.json.read_text(encoding="utf-8"))
    for named in arguments.model:
        name, _, path = named.partition("=")
        key = f"{name}, with sources" if arguments.sources else name
        known = found.get(key, {})
        result = known
        async for result in measure(name, Path(path), records, known, sources=arguments.sources):
            found[key] = result
            if arguments.json:
                text = json.dumps(found, indent=1, ensure_ascii=False)
                arguments.json.write_text(text + "\n", encoding="utf-8")
        print(json.dumps({key: one for key, one in result.items() if key != "rows"}, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("golden", type=Path)
    parser.add_argument("--model", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--sources", action="store_true", help="the judge reads the text as well")
    parser.add_argument("--limit", type=int, default=40, help="as many of each language")
    parser.add_argument("--json", type=Path, help="goes on with what the file holds")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
