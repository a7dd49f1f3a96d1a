"""How long Fourfold takes to start, and how much memory its demo server needs.

Each start stands beside the bare interpreter's or library's own, in turns, so that a busy machine
slows both; CPU time is reported beside wall time. Memory is the PSS (shared pages counted in
parts) of the server, its PostgreSQL and its llama.cpp, after five questions.

    python benchmarks/start.py --repetitions 10 --json benchmarks/results/start.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

STARTS = {
    "python -c pass": ["-c", "pass"],
    "import fourfold": ["-c", "import fourfold"],
    "import click": ["-c", "import click"],
    "fourfold --help": ["-m", "fourfold", "--help"],
}
COMMAND = [sys.executable, "-m", "fourfold"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--models", nargs="*", default=["extractive", "qwen2.5-coder-0.5b"])
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="fourfold-start-") as folder:
        demo = make_demo(Path(folder) / "demo")
        results = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load_average_at_start": round(load, 2),
            "repetitions": arguments.repetitions,
            "starts": starts(arguments.repetitions),
            "serve_until_ready": medians([serve(demo) for _ in range(arguments.repetitions)]),
            "memory": {model: memory(demo, model) for model in arguments.models},
            "load_average_at_end": round(os.getloadavg()[0], 2),
        }
    text = json.dumps(results, indent=1, ensure_ascii=False)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


def make_demo(folder: Path) -> Path:
    """The demo project, ingested."""
    subprocess.run([*COMMAND, "demo", str(folder), "--json"], check=True, stdout=subprocess.DEVNULL)
    return folder


def starts(repetitions: int) -> dict[str, dict[str, float]]:
    """Wall and CPU seconds of each start, taken in turns."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in STARTS}
    for _ in range(repetitions):
        for name, words in STARTS.items():
            before, began = os.times(), time.monotonic()
            subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
            wall, after = time.monotonic() - began, os.times()
            user = after.children_user - before.children_user
            system = after.children_system - before.children_system
            taken[name].append({"wall_seconds": wall, "cpu_seconds": user + system})
    return {name: medians(runs) for name, runs in taken.items()}


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure, and the fastest wall time."""
    found = {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
    return {**found, "fastest_wall_seconds": round(min(run["wall_seconds"] for run in runs), 3)}


def serve(demo: Path) -> dict[str, float]:
    """From the command to the first good answer of `/readyz`; the database is started, too."""
    server = Server(demo)
    try:
        processes = server.processes()
        return {"wall_seconds": server.ready_seconds, "cpu_seconds": cpu_seconds(processes)}
    finally:
        server.stop()


def memory(demo: Path, model: str) -> dict[str, Any]:
    """PSS after five questions, summed and for each kind of process, in megabytes."""
    text = (demo / "fourfold.yaml").read_text("utf-8")
    (demo / "fourfold.yaml").write_text(
        text.replace("model: extractive", f"model: {model}"), encoding="utf-8"
    )
    server = Server(demo)
    try:
        idle = pss(server.processes())
        for line in (demo / "questions.jsonl").read_text("utf-8").splitlines():
            server.post("/api/ask", {"question": json.loads(line)["question"]})
        processes = server.processes()
        asked = pss(processes)
        # Weights that another process has open, too, are counted in half there: not so in RSS.
        alone = sum(process.memory_info().rss for process in processes["llama.cpp"])
        highest = sum(asked.values()) - asked["llama.cpp"] + round(alone / 1e6)
        return {
            "idle_mb": idle,
            "after_five_questions_mb": asked,
            "sum_mb": sum(asked.values()),
            "sum_if_nobody_shares_the_weights_mb": highest,
        }
    finally:
        server.stop()
        (demo / "fourfold.yaml").write_text(text, encoding="utf-8")


class Server:
    """A running `fourfold serve`."""

    def __init__(self, demo: Path) -> None:
        self.demo = demo
        began = time.monotonic()
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", "--json"],
            cwd=demo,
            env={**os.environ, "FOURFOLD_THREADS": "1"},
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=30) as answer:
            assert answer.status == 200
        self.ready_seconds = time.monotonic() - began

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Send JSON; raises when the answer is an error."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            answer.read()

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Those of the server, its PostgreSQL and its llama.cpp."""
        ours = psutil.Process(self.process.pid)
        pid = (self.demo / ".fourfold/postgres/postmaster.pid").read_text().splitlines()[0]
        postmaster = psutil.Process(int(pid))
        return {
            "server": [ours],
            "llama.cpp": ours.children(recursive=True),
            "postgresql": [postmaster, *postmaster.children(recursive=True)],
        }

    def stop(self) -> None:
        """As a person would."""
        self.process.terminate()
        self.process.wait(60)


def cpu_seconds(processes: dict[str, list[psutil.Process]]) -> float:
    times = [process.cpu_times() for group in processes.values() for process in group]
    return round(sum(one.user + one.system for one in times), 3)


def pss(processes: dict[str, list[psutil.Process]]) -> dict[str, int]:
    return {
        name: round(sum(process.memory_full_info().pss for process in group) / 1e6)
        for name, group in processes.items()
    }


if __name__ == "__main__":
    main()
