"""The pages are whole: links lead somewhere, names exist, nothing is left out or out of date."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pydantic import BaseModel

from fourfold.assistant.readers import READERS
from fourfold.cli import fourfold
from fourfold.core.registry import Registry
from fourfold.core.settings import Settings
from fourfold.evaluation.formats import FORMATS
from fourfold.guards import GUARDS
from fourfold.ingestion.connectors import CONNECTORS
from fourfold.ingestion.parsers import PARSERS
from fourfold.metrics import METRICS
from fourfold.models import CHAT_MODELS, EMBEDDERS
from fourfold.project import config
from fourfold.project.config_file import parse_config
from fourfold.retrieval.stores import STORES

from .conftest import ROOT, Block, blocks, pages

REGISTRIES: list[Registry[Any]] = [
    CHAT_MODELS, CONNECTORS, EMBEDDERS, FORMATS, GUARDS, METRICS, PARSERS, READERS, STORES,
]  # fmt: skip
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not _leads(page, link)]
    assert broken == []


def _leads(page: Path, link: str) -> bool:
    if re.match(r"https?://|mailto:", link):
        return True
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    if not anchor:
        return True
    headings = HEADING.findall(target.read_text("utf-8"))
    return anchor in {_anchor(heading) for heading in headings}


def _anchor(heading: str) -> str:
    """As mkdocs makes it."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    docs = ROOT / "docs"
    missing = [
        page for page in docs.rglob("*.md") if page.relative_to(docs).as_posix() not in navigation
    ]
    assert missing == []


def test_every_decision_is_in_their_index() -> None:
    index = (ROOT / "docs/decisions/index.md").read_text("utf-8")
    written = sorted(page.name for page in (ROOT / "docs/decisions").glob("0*.md"))
    assert written == sorted(re.findall(r"\((0\d+[^)]+)\)", index))


def test_the_glossary_is_in_order_and_names_each_word_once() -> None:
    rows = (ROOT / "docs/glossary.md").read_text("utf-8").splitlines()[6:]
    words = [row.split(" | ")[0].removeprefix("| ").lower() for row in rows]
    assert len(words) > 50
    assert words == sorted(set(words))


def test_the_reference_is_what_the_code_says() -> None:
    files = sorted(str(page) for page in (ROOT / "docs/reference").glob("*.md"))
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"Type `make reference`.\n{done.stdout}{done.stderr}"


def test_the_picture_of_the_rows_is_what_the_linter_checks() -> None:
    drawing = runpy.run_path(str(ROOT / "docs/pictures/draw_rows.py"))["drawing"]
    assert (ROOT / "docs/pictures/rows.svg").read_text("utf-8") == drawing()


@pytest.mark.parametrize(
    "section",
    [Settings, *(one for one in vars(config).values() if isinstance(one, type))],
    ids=lambda section: section.__name__,
)
def test_every_setting_and_every_key_says_what_it_means(section: type) -> None:
    if not issubclass(section, BaseModel):
        return
    silent = [
        name
        for name, field in section.model_fields.items()
        if not field.description and not isinstance(field.default, BaseModel)
    ]
    assert silent == []


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_every_backend_is_described(registry: Registry[Any]) -> None:
    described = (ROOT / "docs/reference/backends.md").read_text("utf-8")
    missing = [name for name in registry.names() if f"| `{name}` | " not in described]
    assert missing == []
    assert registry.group in described


def _command_lines() -> Iterator[tuple[Block, str]]:
    for block in blocks("bash"):
        for line in block.text.splitlines():
            if line.startswith("fourfold "):
                yield block, line


@pytest.mark.parametrize(("block", "line"), list(_command_lines()), ids=str)
def test_every_command_line_can_be_typed(block: Block, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = fourfold
    context = click.Context(fourfold, info_name="fourfold")
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, f"{block}: {line}"
        command, context = found, click.Context(found, parent=context)
    _, rest, _ = command.make_parser(context).parse_args(words)  # raises for unknown options
    assert rest == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_is_yaml_and_a_project_file_is_one(block: Block) -> None:
    values = yaml.safe_load(block.text)
    if values.keys() & config.ProjectConfig.model_fields.keys():
        named = values if "name" in values else {"name": "example", **values}
        parse_config(yaml.safe_dump(named), Path(str(block)))
