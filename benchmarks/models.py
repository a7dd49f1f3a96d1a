"""Embedded chat models: loading, memory, speed, prompt cache, JSON schema, tokens counted.

    python benchmarks/models.py NAME=FILE.gguf … [--threads 1,2] [--json FILE]

CPU seconds are those of llama.cpp's own process, so that they hold on a busy machine, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from fourfold.core.records import CompletionOptions, Message
from fourfold.models.llama import LlamaModel
from fourfold.models.tokens import estimate_tokens

SYSTEM = (
    "You answer questions about a company from the passages below, shortly, and say so when they "
    "do not hold the answer. "
) + " ".join(
    f"Passage {number}: device {number} weighs {number * 3} kg, costs {number * 17} euros, and has "
    f"a guarantee of {number % 4 + 1} years from the day of delivery."
    for number in range(1, 13)
)
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "maxLength": 80}, "found": {"type": "boolean"}},
    "required": ["answer", "found"],
    "additionalProperties": False,
}


@dataclass
class Watch:
    """Wall and CPU seconds of a process since it was last looked at."""

    process: psutil.Process
    wall: float = field(default_factory=time.perf_counter)
    cpu: float = 0.0

    def lap(self) -> dict[str, float]:
        """Seconds since the last lap."""
        times = self.process.cpu_times()
        wall, cpu = time.perf_counter(), times.user + times.system
        took = {"seconds": wall - self.wall, "cpu_seconds": cpu - self.cpu}
        self.wall, self.cpu = wall, cpu
        return took


async def measure(name: str, path: Path, threads: int) -> dict[str, Any]:
    model = LlamaModel(path=path, name=name, threads=threads, context_tokens=4096, concurrent=2)
    began = time.perf_counter()
    await model.load()
    process = psutil.Process(model._start().pid)
    watch = Watch(process, wall=began)
    row: dict[str, Any] = {"model": name, "threads": threads, "load": watch.lap()}

    async def ask(question: str, **options: Any) -> dict[str, Any]:
        messages = [Message("system", SYSTEM), Message("user", question)]
        watch.lap()
        completion = await model.complete(messages, CompletionOptions(**options))
        return {**watch.lap(), "usage": completion.usage, "text": completion.text}

    first = await ask("How heavy is device 7?", max_tokens=1)
    row["read_tokens_per_cpu_second"] = first["usage"].prompt_tokens / first["cpu_seconds"]
    row["read_tokens_per_second"] = first["usage"].prompt_tokens / first["seconds"]
    again = await ask("How heavy is device 7?", max_tokens=1)
    other = await ask("What does device 3 cost?", max_tokens=1)
    row["prompt_tokens"] = first["usage"].prompt_tokens
    row["first_word_seconds"] = {
        "new_prompt": first["seconds"],
        "same_prompt": again["seconds"],
        "same_passages_other_question": other["seconds"],
    }
    row["cached_tokens"] = [each["usage"].cached_tokens for each in (first, again, other)]
    written = await ask("Tell the story of device 9.", max_tokens=64, seed=1, temperature=0.7)
    row["write_tokens_per_cpu_second"] = written["usage"].completion_tokens / written["cpu_seconds"]
    row["write_tokens_per_second"] = written["usage"].completion_tokens / written["seconds"]
    row["json"] = await _schema_cost(ask)
    row["count_tokens_ms"] = _count_cost(model)
    memory = process.memory_full_info()
    row["memory_mb"] = {"pss": memory.pss / 1e6, "rss": memory.rss / 1e6, "uss": memory.uss / 1e6}
    row["estimate_over_exact"] = _estimate_error(model)
    await model.close()
    return row


async def _schema_cost(ask: Any) -> dict[str, Any]:
    """The same question, with the same number of tokens, free and bound to a schema."""
    question = "How long is the guarantee of device 5? Answer as JSON."
    await ask(question, max_tokens=1)
    bound = await ask(question, max_tokens=120, json_schema=SCHEMA)
    tokens = bound["usage"].completion_tokens
    free = await ask(question, max_tokens=tokens)
    return {
        "text": bound["text"],
        "tokens": tokens,
        "cpu_ms_per_token_bound": 1000 * bound["cpu_seconds"] / tokens,
        "cpu_ms_per_token_free": 1000 * free["cpu_seconds"] / free["usage"].completion_tokens,
    }


def _count_cost(model: LlamaModel) -> float:
    sentences = [f"Satz {number}: {SYSTEM[:300]}" for number in range(200)]
    began = time.perf_counter()
    for sentence in sentences:
        model.count_tokens(sentence)
    return 1000 * (time.perf_counter() - began) / len(sentences)


def _estimate_error(model: LlamaModel) -> dict[str, float]:
    """The estimate for remote models, over the tokens that this vocabulary needs."""
    german = (
        "Die Garantie für Akkus beträgt 24 Monate ab Lieferung; Verschleißteile wie Filtertüten, "
        "Rührbesen und Dichtungen sind ausgenommen. Rücksendungen bitte an: "
        "Straße 12, 70173 Stuttgart."
    )
    texts = {
        "english": SYSTEM,
        "german": german,
        "numbers": "12,345.67 EUR; " * 20,
        "japanese": "保証期間は二年です。" * 5,
    }
    return {key: estimate_tokens(text) / model.count_tokens(text) for key, text in texts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    for named in arguments.models:
        name, _, path = named.partition("=")
        for threads in map(int, arguments.threads.split(",")):
            rows.append(asyncio.run(measure(name, Path(path), threads)))
            print(json.dumps(rows[-1], indent=1, ensure_ascii=False))
    if arguments.json:
        found = {"load_average": psutil.getloadavg(), "cores": psutil.cpu_count(), "rows": rows}
        arguments.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
