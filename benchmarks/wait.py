"""How long a person waits: for the hits, for the first word, for the whole answer.

    python benchmarks/wait.py PROJECT --model qwen2.5-coder-0.5b.gguf --json FILE

PROJECT is an ingested demo project; its golden questions are asked in a shuffled order, German
and English mixed. Warm: one after the other, with everything loaded. Cold: the first question to a
model that was not loaded. Four users: each asks the next question as soon as the last is answered.
Only questions that reach the reader count. Beside it stands what the model alone takes to read the
tokens that were not in its cache and to write the answer's, measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fourfold.assistant import Assistant
from fourfold.assistant.candidates import Selection
from fourfold.assistant.follow_up import CombiningFollowUp
from fourfold.assistant.readers.extractive import ExtractiveReader
from fourfold.assistant.readers.model import ModelReader
from fourfold.core.records import CompletionOptions, Message, Principal
from fourfold.core.trace import NullRecorder
from fourfold.models.llama import LlamaModel
from fourfold.project.project import Project, open_project

EVERYTHING = Principal(id="benchmark", role="owner", sees_all_groups=True)
USERS = 4
COLD_STARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Seconds since the question; tokens that the model had to read, and wrote."""

    hits: float
    first_word: float
    answer: float
    read: int
    wrote: int


async def main() -> None:
    """Ask everything, print and keep the figures."""
    arguments = _arguments()
    async with open_project(arguments.project) as project:
        questions = _questions(arguments.project, arguments.count)
        result = {
            "model": "extractive" if arguments.model is None else arguments.model.stem,
            "threads": arguments.threads,
            "load_before": round(os.getloadavg()[0], 2),
        }
        if arguments.model is None:
            assistant = _assistant(project, None)
            await _asked(assistant, questions[:2])
            result["warm"] = _figures(await _asked(assistant, questions))
            result["four_users"] = _figures(await _crowd(assistant, questions))
        else:
            result |= await _with_model(project, questions, arguments)
    print(json.dumps(result, indent=1))
    if arguments.json:
        known = json.loads(arguments.json.read_text("utf-8")) if arguments.json.exists() else {}
        known[str(result["model"])] = result
        arguments.json.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


async def _with_model(
    project: Project, questions: Sequence[str], arguments: argparse.Namespace
) -> dict[str, Any]:
    def model() -> LlamaModel:
        return LlamaModel(path=arguments.model, threads=arguments.threads)

    cold: list[Wait] = []
    for question in questions[:COLD_STARTS]:
        fresh = model()
        cold += await _asked(_assistant(project, fresh), [question])
        await fresh.close()
    kept = model()
    speed = await _speed(kept)
    assistant = _assistant(project, kept)
    await _asked(assistant, questions[:6])
    warm = await _asked(assistant, questions)
    crowd = await _crowd(assistant, questions)
    await kept.close()
    return {
        "speed": speed,
        "cold": _figures(cold),
        "warm": _figures(warm),
        "four_users": _figures(crowd),
        "model_alone_p50": float(
            np.median([one.read / speed["read"] + one.wrote / speed["wrote"] for one in warm])
        ),
    }


def _assistant(project: Project, model: LlamaModel | None) -> Assistant:
    return Assistant(
        retriever=project.retriever,
        selection=Selection(project.embedder),
        reader=ModelReader(model) if model else ExtractiveReader(),
        follow_up=CombiningFollowUp(),
    )


async def _asked(assistant: Assistant, questions: Sequence[str]) -> list[Wait]:
    return [wait for one in questions if (wait := await _wait(assistant, one)) is not None]


async def _crowd(assistant: Assistant, questions: Sequence[str]) -> list[Wait]:
    waiting = iter(questions)

    async def user() -> list[Wait]:
        return [wait for one in waiting if (wait := await _wait(assistant, one)) is not None]

    everyone = await asyncio.gather(*(user() for _ in range(USERS)))
    return [wait for waits in everyone for wait in waits]


async def _wait(assistant: Assistant, question: str) -> Wait | None:
    """What one person waits; `None` when the documents did not suffice to ask the reader."""
    began = time.perf_counter()
    hits = first_word = 0.0
    pieces = assistant.stream(question, visible_to=EVERYTHING, recorder=NullRecorder())
    async with aclosing(pieces):
        async for piece in pieces:
            now = time.perf_counter() - began
            hits = hits or (now if piece.hits else 0.0)
            first_word = first_word or (now if piece.text else 0.0)
            if answer := piece.answer:
                usage = answer.usage
    if answer is None or (assistant.reader.name != "extractive" and not usage.prompt_tokens):
        return None
    return Wait(
        hits=hits,
        first_word=first_word or now,
        answer=now,
        read=usage.prompt_tokens - usage.cached_tokens,
        wrote=usage.completion_tokens,
    )


async def _speed(model: LlamaModel) -> dict[str, float]:
    """Tokens a second, reading and writing, with nothing of ours in between."""
    words = random.Random(7).choices(["Akku", "tool", "Garantie", "price", "Monat", "shop"], k=300)
    asked = [Message("user", " ".join(words))]
    began = time.perf_counter()
    first = await model.complete(asked, CompletionOptions(max_tokens=1))
    between = time.perf_counter()
    longer = await model.complete(asked, CompletionOptions(max_tokens=64))
    ended = time.perf_counter()
    return {
        "read": (first.usage.prompt_tokens - first.usage.cached_tokens) / (between - began),
        "wrote": longer.usage.completion_tokens / (ended - between),
    }


def _figures(waits: Sequence[Wait]) -> dict[str, Any]:
    columns = {name: [asdict(wait)[name] for wait in waits] for name in Wait.__slots__}
    return {"questions": len(waits)} | {
        name: {
            "p50": round(float(np.median(values)), 3),
            "p95": round(float(np.quantile(values, 0.95)), 3),
        }
        for name, values in columns.items()
    }


def _questions(project: Path, count: int) -> list[str]:
    lines = (project / "datasets" / "golden.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    asked = [case["question"] for case in cases if case["answers"]]
    random.Random(3).shuffle(asked)
    return asked[:count]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--model", type=Path, help="a GGUF file; without it the extractive reader")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, default=45)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
