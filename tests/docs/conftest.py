"""The documentation as data, and a demo project that its examples talk to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page that a reader can open."""
    return [ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(*languages: str) -> list[Block]:
    """The blocks in these languages, in all pages."""
    return [
        Block(
            page=str(page.relative_to(ROOT)),
            line=text.count("\n", 0, found.start()) + 1,
            language=found[1],
            text=found[2],
        )
        for page in pages()
        for text in [page.read_text("utf-8")]
        for found in _FENCE.finditer(text)
        if found[1] in languages
    ]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No setting of this machine; one worker and one thread, to be gentle to it."""
    kept = {name: value for name, value in os.environ.items() if "FOURFOLD" not in name}
    return {
        **kept,
        "FOURFOLD_MODELS_FOLDER": str(tmp_path_factory.mktemp("models")),
        "FOURFOLD_PARSE_WORKERS": "1",
        "PYTHONPATH": "",
    }


@pytest.fixture(scope="session")
def home(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ingested project `demo` in it, as after `make demo`."""
    folder = tmp_path_factory.mktemp("home")
    subprocess.run(
        [sys.executable, "-m", "fourfold", "demo", "--json"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        timeout=280,
    )
    return folder


@pytest.fixture(scope="session")
def address(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Where the demo is served."""
    command = [sys.executable, "-m", "fourfold", "serve", "--project", "demo", "--port", "0"]
    with subprocess.Popen(
        [*command, "--json"], cwd=home, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["url"]
        server.terminate()
        assert server.wait(timeout=60) == 0
