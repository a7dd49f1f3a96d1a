"""What the pages show works: as it stands there, and as a reader would run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

from .conftest import ROOT, Block, blocks

PYTHON = blocks("python")
LOCAL = "http://127.0.0.1:8400"
ANSWERS = {  # the words that a reader sees, by those of the question
    "return unused goods": "within 60 days",
    "Garantie bei privater Nutzung": "drei Jahre",
    "blade bolt": "40 Nm",
    "Band 4": "personal/gehaltsbaender-2026.xlsx",
}


@pytest.mark.parametrize("example", list(find_examples(ROOT / "README.md", ROOT / "docs")), ids=str)
def test_python_is_sound(example: CodeExample, eval_example: EvalExample) -> None:
    eval_example.set_config(line_length=100, ruff_ignore=["D", "I", "S101", "T201"])
    eval_example.lint_ruff(example)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


def test_the_plug_in_of_the_guide_keeps_the_contract_and_is_found(tmp_path: Path) -> None:
    guide = "docs/guides/plug-ins.md"
    [settings] = [one.text for one in blocks("toml") if one.page == guide]
    module, test = [one.text for one in PYTHON if one.page == guide]
    (tmp_path / "house_rules.py").write_text(module, encoding="utf-8")
    (tmp_path / "test_house_rules.py").write_text(test, encoding="utf-8")
    (tmp_path / "test_found.py").write_text(_FOUND, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(_BACKEND, encoding="utf-8")
    _install(tmp_path, settings)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "anyio.pytest_plugin", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


_BACKEND = 'import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return "asyncio"\n'
_FOUND = """
from fourfold.guards import GUARDS
from fourfold.retrieval.stores import STORES

def test_it_is_found():
    assert GUARDS.load("competitors")().name == "competitors"
    assert "list" in STORES.names()
"""


def _install(folder: Path, settings: str) -> None:
    """What an installer leaves of a package: its name and its entry points."""
    project = tomllib.loads(settings)["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    points = [
        line
        for group, names in project["entry-points"].items()
        for line in [f"[{group}]", *(f"{name} = {target}" for name, target in names.items())]
    ]
    (info / "entry_points.txt").write_text("\n".join(points) + "\n", encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("block", [one for one in PYTHON if "demo" in one.text], ids=str)
def test_python_runs(block: Block, home: Path, address: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block.text.replace(LOCAL, address)],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    expected = [words for asked, words in ANSWERS.items() if asked in block.text]
    assert expected, "say in ANSWERS what this example prints"
    assert [words for words in expected if words not in done.stdout] == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("block", [one for one in blocks("bash") if "curl" in one.text], ids=str)
def test_curl_is_answered(block: Block, address: str) -> None:
    done = subprocess.run(
        ["bash", "-c", block.text.replace(LOCAL, address)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer = json.loads(done.stdout)
    evidence = answer.get("fourfold", answer)
    assert evidence["citations"], answer
    assert re.search(r"\[1\]", done.stdout)
