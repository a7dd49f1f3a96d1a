"""The memory of an ingestion over its whole length: whether it grows with the number of files.

    python benchmarks/memory.py CHUNKS.jsonl --files 1200 --json benchmarks/results/memory.json

CHUNKS.jsonl is what `benchmarks/distractors.py` writes: one passage of real text a line (`text`).
Ten passages make one Markdown file; `fourfold ingest` reads the files in a process of its own,
whose memory (PSS) is looked at twice a second, beside that of its parsers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

PASSAGES = 10  # in a file
QUARTERS = 4


def main() -> None:
    """Make the files, ingest them, print the medians of each quarter of the run."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        subprocess.run([sys.executable, "-m", "fourfold", "init", str(project)], check=True)
        _write(project / "documents", arguments.chunks, arguments.files)
        command = [sys.executable, "-m", "fourfold", "ingest", "--project", str(project), "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            samples = list(_samples(psutil.Process(process.pid)))
            report = json.loads(process.stdout.read()) if process.stdout else {}
    result = {
        "files": arguments.files,
        "chunks": report["chunks"],
        "seconds": report["seconds"],
        "megabytes_by_quarter": {
            name: [round(float(np.median(part))) for part in np.array_split(values, QUARTERS)]
            for name, values in _columns(samples).items()
        },
        "peak_megabytes": max(sum(sample.values()) for sample in samples),
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def _write(folder: Path, chunks: Path, files: int) -> None:
    with chunks.open(encoding="utf-8") as lines:
        for number in range(files):
            texts = [json.loads(next(lines))["text"] for _ in range(PASSAGES)]
            body = "\n\n".join(f"## {number}.{at}\n\n{text}" for at, text in enumerate(texts))
            (folder / f"{number:05}.md").write_text(f"# File {number}\n\n{body}\n", "utf-8")


def _samples(process: psutil.Process) -> Any:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            children = process.children(recursive=True)
            yield {
                "ingestion": _megabytes([process]),
                "parsers": _megabytes([one for one in children if "postgres" not in one.name()]),
            }
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return
        time.sleep(0.5)


def _megabytes(processes: list[psutil.Process]) -> int:
    return round(sum(one.memory_full_info().pss for one in processes) / 1e6)


def _columns(samples: list[dict[str, int]]) -> dict[str, list[int]]:
    return {name: [sample[name] for sample in samples] for name in samples[0]}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chunks", type=Path)
    parser.add_argument("--files", type=int, default=1_200)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
