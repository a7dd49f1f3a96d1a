"""How much of a folder of real files is parsed, how fast, and how much of the text comes out.

    python benchmarks/parsing.py DATA --against markitdown --python /path/to/venv/bin/python

Each side parses in a process of its own. Times are CPU seconds of that process, files that need
text recognition left aside, because only one side recognises text. The reference for the text of
a PDF is `pdftotext` (poppler-utils); recall is the share of its words (a bag of words, letters
and digits only) that come out.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

# Files that nobody could make a document of, and the cause that has to be named.
UNSOUND = {
    "empty.txt": {"empty"},
    "empty.xlsx": {"empty"},
    "password_protected.xlsx": {"encrypted"},
    "password.pdf": {"encrypted"},
    "fake-encrypted.eml": {"encrypted"},
    "fake-encrypted.msg": {"encrypted"},
    "DA-1p.heic": {"unsupported"},
}
PICTURES = {".png", ".jpg", ".jpeg", ".heic"}

FOURFOLD = """
import json, logging, sys, time
from pathlib import Path
from fourfold.ingestion.base import Limits, Unparsable
from fourfold.ingestion.parse import parse_bytes
logging.disable()
def parse(path):
    try:
        parsed = parse_bytes(path.read_bytes(), path.name, Limits())
    except Unparsable as error:
        return "", error.cause
    return "\\n\\n".join(document.text for document in parsed.documents), ""
"""
MARKITDOWN = """
import json, logging, sys, time, warnings
from pathlib import Path
from markitdown import MarkItDown
logging.disable()
warnings.simplefilter("ignore")
converter = MarkItDown(enable_plugins=False)
def parse(path):
    try:
        return converter.convert(str(path)).text_content, ""
    except Exception as error:
        return "", type(error).__name__
"""
LOOP = """
for name in json.load(sys.stdin):
    started = time.process_time()
    text, cause = parse(Path(name))
    seconds = time.process_time() - started
    print(json.dumps({"file": name, "text": text, "cause": cause, "seconds": seconds}), flush=True)
"""


def main() -> None:
    arguments = _arguments()
    files = sorted(path for path in arguments.data.rglob("*") if path.is_file())
    references = {path: _pdftotext(path) for path in files if path.suffix == ".pdf"}
    pages = {path: _pages(path) for path in references}
    sides = {"fourfold": _run(sys.executable, FOURFOLD, files)}
    if arguments.against == "markitdown":
        sides["markitdown"] = _run(arguments.python, MARKITDOWN, files)
    results = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "files": len(files),
        "versions": _versions(arguments),
        **{name: _summary(rows, references, pages) for name, rows in sides.items()},
    }
    text = json.dumps(results, indent=2, ensure_ascii=False)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--against", choices=["markitdown"])
    parser.add_argument("--python", default=sys.executable, help="where markitdown is installed")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _run(python: str, code: str, files: list[Path]) -> dict[Path, dict[str, Any]]:
    done = subprocess.run(
        [python, "-c", code + LOOP],
        input=json.dumps([str(path) for path in files]),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {Path(row["file"]): row for row in rows}


def _summary(
    rows: dict[Path, dict[str, Any]], references: dict[Path, str], pages: dict[Path, int]
) -> dict[str, Any]:
    sound = {path: row for path, row in rows.items() if path.name not in UNSOUND}
    unsound = {path: row for path, row in rows.items() if path.name in UNSOUND}
    with_text = {path: text for path, text in references.items() if len(text.split()) >= 5}
    recalls = {path.name: _recall(with_text[path], rows[path]["text"]) for path in with_text}
    timed = [path for path in with_text if rows[path]["text"]]
    unpictured = [path for path in rows if path.suffix not in PICTURES and path not in references]
    return {
        "sound_files": len(sound),
        "parsed": sum(bool(row["text"].strip()) for row in sound.values()),
        "not_parsed": [path.name for path, row in sound.items() if not row["text"].strip()],
        "unsound_files": len(unsound),
        "cause_named": sum(row["cause"] in UNSOUND[path.name] for path, row in unsound.items()),
        "causes": {path.name: row["cause"] for path, row in unsound.items()},
        "pdf_pages": sum(pages[path] for path in timed),
        "pdf_pages_per_cpu_second": round(
            sum(pages[path] for path in timed) / sum(rows[path]["seconds"] for path in timed), 1
        ),
        "other_files_cpu_seconds": round(sum(rows[path]["seconds"] for path in unpictured), 2),
        "pdf_recall_mean": round(sum(recalls.values()) / len(recalls), 4),
        "pdf_recall_all_words": round(_recall_of_all(with_text, rows), 4),
        "pdf_recall": {name: round(value, 3) for name, value in recalls.items()},
    }


def _recall(reference: str, text: str) -> float:
    wanted, found = _words(reference), _words(text)
    return sum((wanted & found).values()) / max(1, sum(wanted.values()))


def _recall_of_all(references: dict[Path, str], rows: dict[Path, dict[str, Any]]) -> float:
    kept = total = 0
    for path, reference in references.items():
        wanted = _words(reference)
        kept += sum((wanted & _words(rows[path]["text"])).values())
        total += sum(wanted.values())
    return kept / max(1, total)


def _words(text: str) -> Counter[str]:
    """Both sides' words that were parted at the end of a line are joined first."""
    joined = re.sub(r"(\w)[-\u00ad\u2010]\n\s*(\w)", r"\1\2", text)
    return Counter(re.findall(r"[^\W_]+", joined.lower()))


def _pdftotext(path: Path) -> str:
    command = ["pdftotext", "-enc", "UTF-8", "-nopgbrk", str(path), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _pages(path: Path) -> int:
    done = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=False)
    found = re.search(r"^Pages:\s+(\d+)", done.stdout, re.MULTILINE)
    return int(found[1]) if found else 0


def _versions(arguments: argparse.Namespace) -> dict[str, str]:
    code = "import importlib.metadata as m; print(m.version('markitdown'))"
    versions = {}
    if arguments.against:
        done = subprocess.run(
            [arguments.python, "-c", code], capture_output=True, text=True, check=True
        )
        versions["markitdown"] = done.stdout.strip()
    shown = subprocess.run(["pdftotext", "-v"], capture_output=True, text=True, check=False)
    versions["pdftotext"] = (shown.stderr or shown.stdout).split("\n", 1)[0]
    return versions


if __name__ == "__main__":
    main()
