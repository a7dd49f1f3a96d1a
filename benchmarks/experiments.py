"""How much a comparison adds to the waiting for a provider, and what a busy one does to it.

    python benchmarks/experiments.py overhead --inspect VENV/bin/python \
        --json benchmarks/results/experiments-overhead.json
    python benchmarks/experiments.py busy --json benchmarks/results/experiments-busy.json

`overhead` sends 1,000 requests, 32 at once, to a stand-in that takes 200 ms for each, in turns from
`fourfold compare` and from Inspect (a Python with `inspect-ai` and `openai` installed). Both are
timed by the stand-in: from the first request to the last answer. The ideal is 32 waves of 200 ms.
`busy` runs 60 records against a stand-in that says 429 for its first minute.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

REQUESTS, AT_ONCE, LATENCY = 1_000, 32, 0.2
ROUNDS = 3
INSPECT = """
import json, os, sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate
url, count, at_once, log_dir = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
samples = [Sample(input=f"text number {n}", target="positive") for n in range(count)]
model = get_model("openai-api/standin/m", base_url=url, api_key="none",
                  config=GenerateConfig(max_connections=at_once, max_tokens=32))
(log,) = eval(Task(dataset=samples, solver=generate(), scorer=match()), model=model,
              display="none", log_dir=log_dir, max_samples=at_once)
print(json.dumps({"status": log.status}))
"""


@contextmanager
def stand_in(*, latency: float = LATENCY, busy_seconds: float = 0.0) -> Iterator[dict[str, Any]]:
    """A running stand-in; its counts are in the dictionary once it has ended."""
    script = Path(__file__).with_name("standin.py")
    command = [sys.executable, str(script), "--latency", str(latency)]
    process = subprocess.Popen(
        [*command, "--busy-seconds", str(busy_seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    told: dict[str, Any] = {"url": f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"}
    try:
        yield told
    finally:
        process.stdin.close()
        told.update(json.loads(process.stdout.readline()))
        process.wait()


def ours(url: str, count: int, folder: Path) -> dict[str, Any]:
    """`fourfold compare` in a process of its own, on a new project."""
    from fourfold.project.scaffold import create_project

    project = folder / "mood"
    create_project(project, task="sentiment")
    with (project / "fourfold.yaml").open("a") as file:
        file.write(
            f"models: [{{name: standin, url: '{url}', model: m, "
            "price: {input: 1, output: 1, date: 2026-11-22}}]\n"
        )
    (project / "schema.json").unlink()
    text = (project / "fourfold.yaml").read_text().replace("output_schema: schema.json\n", "")
    (project / "fourfold.yaml").write_text(
        text.replace("examples:\n  de: examples.de.jsonl\n  en: examples.en.jsonl\n", "")
    )
    rows = [
        {"id": str(n), "text": f"text number {n}", "reference": "positive"} for n in range(count)
    ]
    data = project / "datasets" / "many.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)))
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "fourfold", "compare", "--project", str(project)),
            *("--models", "standin", "--dataset", str(data), "--parallel", str(AT_ONCE)),
            *("--metrics", "accuracy", "--yes", "--json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    result = json.loads(done.stdout)
    return {
        "compared": result["compared"],
        "failures": len(result["failures"]),
        "whole_seconds": time.monotonic() - began,
    }


def inspect(python: str, url: str, count: int, folder: Path) -> dict[str, Any]:
    """Inspect's `eval` in a process of its own."""
    began = time.monotonic()
    done = subprocess.run(
        [python, "-c", INSPECT, url, str(count), str(AT_ONCE), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "STANDIN_API_KEY": "none"},
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return {**json.loads(done.stdout.splitlines()[-1]), "whole_seconds": time.monotonic() - began}


def overhead(python: str | None) -> dict[str, Any]:
    """Rounds in turn; the ratio to the ideal of each."""
    ideal = ceil(REQUESTS / AT_ONCE) * LATENCY
    found: dict[str, list[dict[str, Any]]] = {"fourfold": [], "inspect": []}
    for _ in range(ROUNDS):
        for name in found if python else ["fourfold"]:
            with tempfile.TemporaryDirectory() as folder, stand_in() as told:
                run = (
                    ours(told["url"], REQUESTS, Path(folder))
                    if name == "fourfold"
                    else inspect(str(python), told["url"], REQUESTS, Path(folder))
                )
            row = {**run, **told, "over_ideal": told["seconds"] / ideal - 1}
            found[name].append(row)
            print(name, {key: row[key] for key in ("seconds", "over_ideal", "whole_seconds")})
    return {"ideal_seconds": ideal, **found}


def busy() -> dict[str, Any]:
    """A minute of 429."""
    with tempfile.TemporaryDirectory() as folder:
        with stand_in(latency=0.05, busy_seconds=60) as told:
            run = ours(told["url"], 60, Path(folder))
        return {**run, **told}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["overhead", "busy"])
    parser.add_argument("--inspect", help="A Python that has inspect-ai and openai.")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        **(overhead(given.inspect) if given.what == "overhead" else busy()),
    }
    text = json.dumps(result, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n")
