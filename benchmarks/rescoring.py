"""How long `compare` takes to score anew what it has kept, beside sacrebleu called plainly.

    python benchmarks/rescoring.py DATA --json benchmarks/results/rescoring.json

DATA is MLQE-PE's English-German training part as JSON lines of `source`, `draft`, `released`. A
stand-in on 127.0.0.1 answers 5,000 sources with their drafts, once. Then the same command is typed
again, with all text metrics: nothing is asked, all is read from the database and scored with
intervals of 2,000 resamples. CPU seconds are those of the processes, with starting Python; those
of the database are not in them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fourfold.project.scaffold import create_project

COUNT = 5_000
METRICS = "bleu,chrf,chrf++,ter,hter,rouge1,rouge2,rougeL,rougeLsum,em,f1"
PLAIN = """
import json, sys
import sacrebleu
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
drafts, released = [one["draft"] for one in rows], [[one["reference"] for one in rows]]
for metric in (sacrebleu.BLEU(), sacrebleu.CHRF(), sacrebleu.CHRF(word_order=2), sacrebleu.TER()):
    print(metric.corpus_score(drafts, released).score)
"""


class StandIn(ThreadingHTTPServer):
    """Answers each source with its draft."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, drafts: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Chat)
        self.drafts, self.asked = drafts, 0


class _Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, StandIn)
        server.asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = server.drafts[body["messages"][-1]["content"]]
        events = [
            {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9}},
        ]
        lines = [f"data: {json.dumps({'id': '1', **one})}\n\n" for one in events]
        answer = "".join([*lines, "data: [DONE]\n\n"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def read(data: Path) -> list[dict[str, str]]:
    """Records whose sources differ, since equal requests are sent once."""
    rows: dict[str, dict[str, str]] = {}
    for line in data.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = row["source"].strip()
        kept = {"text": text, "draft": row["draft"], "reference": row["released"], "language": "en"}
        rows.setdefault(text, {"id": str(len(rows)), **kept})
    return list(rows.values())[:COUNT]


def project(folder: Path, rows: list[dict[str, str]], url: str) -> list[str]:
    """A project with the records, and the command that compares on them."""
    create_project(folder, task="translate")
    with (folder / "fourfold.yaml").open("a", encoding="utf-8") as file:
        file.write(f"models: [{{name: standin, url: '{url}', model: m}}]\n")
    (folder / "prompts" / "plain.md").write_text("# User\n{{ text }}\n", encoding="utf-8")
    data = folder / "datasets" / "many.jsonl"
    lines = [json.dumps(one, ensure_ascii=False) for one in rows]
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [
        *(sys.executable, "-m", "fourfold", "compare", "--project", str(folder), "--json"),
        *("--models", "standin", "--prompts", str(folder / "prompts" / "plain.md")),
        *("--dataset", str(data), "--parallel", "16", "--yes"),
    ]


def cpu_seconds(command: list[str]) -> tuple[float, str]:
    """Of a process and what it waited for, and what it printed."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read().decode()
    if process.returncode:
        raise SystemExit(printed)
    return used.ru_utime + used.ru_stime, printed


def measure(data: Path) -> dict[str, Any]:
    """Ask once, score again, and score plainly."""
    rows = read(data)
    server = StandIn({one["text"]: one["draft"] for one in rows})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{server.server_port}/v1"
        command = project(Path(folder) / "project", rows, url)
        asking, _ = cpu_seconds([*command, "--metrics", "em"])
        asked = server.asked
        again, printed = cpu_seconds([*command, "--metrics", METRICS])
        once, _ = cpu_seconds([*command, "--metrics", "em"])
        file = Path(folder) / "project" / "datasets" / "many.jsonl"
        plain, _ = cpu_seconds([sys.executable, "-c", PLAIN, str(file)])
    server.shutdown()
    assert (asked, server.asked) == (len(rows), len(rows)), "something was asked twice"
    found = json.loads(printed)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "records": found["compared"],
        "metrics": found["metrics"],
        "asking_cpu_seconds": asking,
        "rescoring_cpu_seconds": again,
        "rescoring_one_metric_cpu_seconds": once,
        "plain_sacrebleu_cpu_seconds": plain,
        "rescoring_over_plain": again / plain,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    text = json.dumps(measure(given.data), indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n")
