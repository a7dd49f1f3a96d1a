"""Weights that have got another name: the old one still works, and nothing is fetched again."""

import json
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import pytest

from fourfold.core.errors import NotFound
from fourfold.models import weights as table
from fourfold.models.install import install
from fourfold.models.weights import WEIGHTS, Weights, current_name, installed, locate, remove

CONTENT = b"GGUF" * 100
HASH = sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which `new` was installed while it was called `old`."""
    renamed = Weights(
        name="new",
        earlier_names=("old",),
        title="New",
        file_name="new.gguf",
        size_bytes=len(CONTENT),
        sha256=HASH,
        licence="CC0-1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        context_tokens=10,
        languages=("en",),
        sources=(),
    )
    monkeypatch.setattr(table, "WEIGHTS", MappingProxyType({"new": renamed}))
    (tmp_path / f"sha256-{HASH}.gguf").write_bytes(CONTENT)
    record = {"sha256": HASH, "bytes": len(CONTENT), "origin": "somewhere"}
    (tmp_path / "old.json").write_text(json.dumps(record))
    return tmp_path


@pytest.mark.parametrize("name", ["old", "new"])
def test_what_was_installed_under_the_old_name_is_found_by_both(folder: Path, name: str) -> None:
    assert locate(name, folder) == folder / f"sha256-{HASH}.gguf"


def test_it_is_listed_once_under_the_new_name(folder: Path) -> None:
    assert installed(folder) == ["new"]
    (folder / "new.json").write_text((folder / "old.json").read_text())
    assert installed(folder) == ["new"]


@pytest.mark.parametrize("name", ["old", "new"])
def test_it_is_not_fetched_again(folder: Path, name: str) -> None:
    assert install(name, models_folder=folder) == folder / f"sha256-{HASH}.gguf"


@pytest.mark.parametrize("name", ["old", "new"])
def test_it_is_removed_by_either_name_with_all_its_records(folder: Path, name: str) -> None:
    (folder / "new.json").write_text((folder / "old.json").read_text())
    assert remove(name, folder) == "new"
    assert list(folder.iterdir()) == []


def test_what_is_not_installed_is_asked_for_by_its_new_name(folder: Path) -> None:
    remove("old", folder)
    with pytest.raises(NotFound, match="`new` are not installed") as raised:
        locate("old", folder)
    assert raised.value.hint == "Type: fourfold models install new"


def test_the_coder_model_is_called_by_its_name() -> None:
    assert current_name("qwen2.5-0.5b") == "qwen2.5-coder-0.5b"
    assert current_name("gpt-5") == "gpt-5"
    assert "Coder" in WEIGHTS["qwen2.5-coder-0.5b"].title
