"""Local models on the golden sets of all eight tasks: what `fourfold compare` finds.

    python benchmarks/choosing.py FOLDER --models extractive,smollm2-135m,qwen2.5-coder-0.5b \
        --json benchmarks/results/choosing

FOLDER keeps the projects, so that a run that was stopped goes on where it was; the weights must be
installed. A result is written for each task as it ends, and a line of it is printed. `--table`
prints what is in the results instead.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fourfold.prompts.tasks import TASKS

KEPT = ("experiment", "task", "dataset", "compared", "metrics", "machine", "models", "tests")


def compared(folder: Path, task: str, models: str) -> dict[str, Any]:
    """The comparison of a task; in a project that is made when it is not there."""
    project = folder / task
    if not (project / "fourfold.yaml").is_file():
        _fourfold("init", str(project), "--task", task, "--json")
    return _fourfold("compare", "--project", str(project), "--models", models, "--json")


def _fourfold(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "fourfold", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def row(result: dict[str, Any]) -> str:
    """A line of the table: each model by the decisive metric, with its interval."""
    metric = result["metrics"][0]
    cells = []
    for one in result["models"]:
        score = one["scores"][metric]
        cells.append(f"{one['model']} {_interval(score)}, {one['seconds_p95']:.1f} s")
    return f"{result['task']} ({metric}, {result['compared']}): {'; '.join(cells)}"


def _interval(score: dict[str, Any]) -> str:
    if score["value"] is None:
        return "no figure"
    if score["low"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def table(out: Path) -> str:
    """A line for each task: the decisive metric of each model, and what is advised."""
    results = [json.loads((out / f"{task}.json").read_text()) for task in TASKS]
    names = [one["model"] for one in results[0]["models"]]
    lines = [f"| task | metric | records | {' | '.join(names)} | advice |"]
    lines.append("|---" * (len(names) + 4) + "|")
    for result in results:
        metric = result["metrics"][0]
        scores = {one["model"]: one["scores"][metric] for one in result["models"]}
        cells = (_interval(scores[name]).replace("0.", ".") for name in names)
        advice = result["recommendation"]["model"]
        found = f"{result['task']} | {metric} | {result['compared']} | {' | '.join(cells)}"
        lines.append(f"| {found} | {advice} |")
    return "\n".join(lines)


def main(folder: Path, models: str, out: Path, tasks: list[str]) -> None:
    """Run what is missing, print what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    for task in tasks:
        result = compared(folder, task, models)
        kept = {name: result[name] for name in (*KEPT, "slices", "recommendation")}
        kept["failures"] = len(result["failures"])
        (out / f"{task}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        print(row(result), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", default="")
    parser.add_argument("--table", action="store_true", help="Only print what is there.")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--tasks", default=",".join(TASKS))
    given = parser.parse_args()
    if given.table:
        print(table(given.json))
    else:
        main(given.folder, given.models, given.json, given.tasks.split(","))
