"""Refusals told by words: do the labels agree with a person who reads; and how models fared.

    python benchmarks/safety.py ask HARMFUL.jsonl HARMLESS.jsonl --model NAME=FILE.gguf …
        --answers ANSWERS.jsonl [--each 60] [--seed 0]
    python benchmarks/safety.py score ANSWERS.jsonl --labels LABELS.json [--json FILE]
    python benchmarks/safety.py models COMPARISON.json … [--json FILE]

`ask` puts a sample of both files, and the shipped German probes, to each model without a system
prompt, and keeps the answers; the same command goes on with the file. A person then writes what he
reads into LABELS.json, `{"ID": true}` for a refusal. `score` compares. `models` prints a table of
what `compare --safety --json` found. The answers stay outside of the repository: some are what a
model should not have said.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from fourfold.core.records import CompletionOptions, Message
from fourfold.evaluation.probes import shipped_probes
from fourfold.metrics.refusals import REFUSALS_VERSION, is_refusal
from fourfold.metrics.statistics import wilson
from fourfold.models.llama import LlamaModel

Row = dict[str, Any]
OPTIONS = CompletionOptions(max_tokens=64, seed=0, temperature=0.0)


def sampled(file: Path, each: int, seed: int) -> list[str]:
    """Texts drawn without replacement."""
    texts = [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()]
    return random.Random(seed).sample(texts, each)


def requests(arguments: argparse.Namespace) -> list[Row]:
    """Each request with its language and what it is."""
    found = [
        {"kind": kind, "language": "en", "asked": text}
        for kind, file in (("dangerous", arguments.harmful), ("harmless", arguments.harmless))
        for text in sampled(file, arguments.each, arguments.seed)
    ]
    return found + [
        {"kind": one.kind, "language": "de", "asked": one.text}
        for one in shipped_probes()
        if one.language == "de" and one.kind != "hidden"
    ]


async def ask(arguments: argparse.Namespace) -> None:
    """Write the answers, one at a time."""
    answers: Path = arguments.answers
    done = {row["id"] for row in read(answers)}
    for named in arguments.model:
        name, _, file = named.partition("=")
        model = LlamaModel(path=Path(file), name=name, threads=1, context_tokens=2_048)
        for request in requests(arguments):
            told = json.dumps([name, request["asked"]])
            row = {"id": sha256(told.encode()).hexdigest()[:10], "model": name, **request}
            if row["id"] in done:
                continue
            completion = await model.complete([Message("user", row["asked"])], OPTIONS)
            with answers.open("a", encoding="utf-8") as out:
                out.write(json.dumps({**row, "answer": completion.text}, ensure_ascii=False) + "\n")
        await model.close()


def read(file: Path) -> list[Row]:
    """The rows of a file of JSON lines; none where there is no file."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def score(arguments: argparse.Namespace) -> dict[str, Any]:
    """Shares refused by the words, and precision and recall where a person has read."""
    rows = read(arguments.answers)
    labels: Mapping[str, bool] = json.loads(arguments.labels.read_text("utf-8"))
    groups = dict.fromkeys((row["model"], row["language"], row["kind"]) for row in rows)
    return {
        "detector": f"phrases.{REFUSALS_VERSION}",
        "refused": [
            {
                "model": model,
                "language": language,
                "kind": kind,
                **share(
                    [
                        is_refusal(row["answer"])
                        for row in rows
                        if (row["model"], row["language"], row["kind"]) == (model, language, kind)
                    ]
                ),
            }
            for model, language, kind in groups
        ],
        "read": [
            {"language": language, **agreement(rows, labels, language)} for language in ("de", "en")
        ],
        "labels": [
            {"id": row["id"], "person": labels[row["id"]], "words": is_refusal(row["answer"])}
            for row in rows
            if row["id"] in labels
        ],
    }


def share(refused: Sequence[bool]) -> dict[str, Any]:
    """A share with its interval."""
    found = wilson(sum(refused), len(refused))
    return {"count": len(refused), "refused": sum(refused), "low": found.low, "high": found.high}


def agreement(rows: Sequence[Row], labels: Mapping[str, bool], language: str) -> dict[str, Any]:
    """Precision and recall of the words beside the person."""
    pairs = [
        (is_refusal(row["answer"]), labels[row["id"]])
        for row in rows
        if row["id"] in labels and row["language"] == language
    ]
    both = sum(words and person for words, person in pairs)
    found, due = sum(words for words, _ in pairs), sum(person for _, person in pairs)
    return {
        "count": len(pairs),
        "refusals": due,
        "found": found,
        "both": both,
        "precision": both / found if found else None,
        "recall": both / due if due else None,
    }


def models(files: Sequence[Path]) -> list[dict[str, Any]]:
    """What comparisons found of safety, without the answers; printed as rows of a table."""
    found = []
    for file in files:
        result = json.loads(file.read_text("utf-8"))
        safety = {name: one for name, one in result["safety"].items() if name != "answers"}
        for model in safety["models"]:
            del model["findings"]
            for language, kinds in (("de + en", model["kinds"]), *model["languages"].items()):
                row = (result["task"], model["model"], language, *map(cell, kinds.items()))
                print("|", " | ".join(row), "|")
        found.append({"task": result["task"], "machine": result["machine"], **safety})
    return found


def cell(of_kind: tuple[str, Mapping[str, Any]]) -> str:
    """A share as a table shows it."""
    kind, one = of_kind
    apart = [f"{one[name]} {name}" for name in ("unusable", "failed", "unasked") if one[name]]
    ends = f"{100 * one['low']:.0f} to {100 * one['high']:.0f} %"
    return f"{kind} {one['good']}/{one['judged']} ({', '.join([ends, *apart])})"


def main() -> None:
    """Ask, or score."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    asking = commands.add_parser("ask")
    asking.add_argument("harmful", type=Path)
    asking.add_argument("harmless", type=Path)
    asking.add_argument("--model", action="append", required=True, metavar="NAME=FILE")
    asking.add_argument("--answers", type=Path, required=True)
    asking.add_argument("--each", type=int, default=60)
    asking.add_argument("--seed", type=int, default=0)
    scoring = commands.add_parser("score")
    scoring.add_argument("answers", type=Path)
    scoring.add_argument("--labels", type=Path, required=True)
    scoring.add_argument("--json", type=Path)
    showing = commands.add_parser("models")
    showing.add_argument("comparisons", type=Path, nargs="+")
    showing.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "ask":
        asyncio.run(ask(arguments))
        return
    found: Any
    if arguments.command == "models":
        found = models(arguments.comparisons)
    else:
        found = score(arguments)
        print(json.dumps({**found, "labels": len(found["labels"])}, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
