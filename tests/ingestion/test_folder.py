"""The connector for folders."""

import os
import unicodedata
from errno import EACCES, EIO, ELOOP, ENOENT
from pathlib import Path

import pytest

from fourfold.core.errors import InvalidProject
from fourfold.ingestion.connectors import CONNECTORS
from fourfold.ingestion.connectors.folder import FileRule, FolderConnector


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")


def paths(connector: FolderConnector) -> list[str]:
    return [file.path for file in connector.files()]


def test_files_come_in_a_stable_order_without_hidden_ones(tmp_path: Path) -> None:
    write(
        tmp_path, "b.txt", "a/c.txt", ".git/x", ".DS_Store", "~$brief.docx", "a/Thumbs.db", "a.txt"
    )
    connector = FolderConnector("s", tmp_path)
    assert paths(connector) == paths(connector) == ["a/c.txt", "a.txt", "b.txt"]
    assert list(connector.refused()) == []


def test_names_are_composed_and_slashed(tmp_path: Path) -> None:
    write(tmp_path, unicodedata.normalize("NFD", "Prüfung/Größe ß.txt"))
    assert paths(FolderConnector("s", tmp_path)) == ["Prüfung/Größe ß.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text_is_offered(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))).write_text("x")
    files = list(FolderConnector("s", tmp_path).files())
    assert files[0].location.read_text() == "x"
    assert files[0].path.encode()


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "out", "secret.txt")
    write(tmp_path / "in", "a.txt", "sub/b.txt")
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "out/secret.txt")
    (tmp_path / "in/folder").symlink_to(tmp_path / "out")
    (tmp_path / "in/gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in/inside.txt").symlink_to(tmp_path / "in/a.txt")
    (tmp_path / "in/itself").symlink_to("itself")
    (tmp_path / "in/sub/loop").symlink_to(tmp_path / "in")
    connector = FolderConnector("s", tmp_path / "in")
    assert paths(connector) == ["a.txt", "inside.txt", "sub/b.txt"]
    assert [(one.path, one.cause) for one in connector.refused()] == [
        ("folder", "outside_folder"),
        ("gone", "missing"),
        ("itself", "missing"),
        ("link.txt", "outside_folder"),
    ]


@pytest.mark.parametrize(
    ("number", "cause"),
    [(ENOENT, "missing"), (ELOOP, "missing"), (EIO, "unreadable"), (EACCES, "unreadable")],
)
def test_a_disk_in_trouble_is_not_a_link_that_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, cause: str
) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "link.txt").symlink_to("a.txt")
    resolve = Path.resolve

    def failing(path: Path, strict: bool = False) -> Path:
        if strict:
            raise OSError(number, os.strerror(number))
        return resolve(path)

    monkeypatch.setattr(Path, "resolve", failing)
    connector = FolderConnector("s", tmp_path)
    assert paths(connector) == ["a.txt"]
    (refusal,) = connector.refused()
    assert refusal.cause == cause


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "a.txt").chmod(0)
    connector = FolderConnector("s", tmp_path)
    assert paths(connector) == []
    assert [one.cause for one in connector.refused()] == ["unreadable"]


def test_a_pipe_is_no_document(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    connector = FolderConnector("s", tmp_path)
    assert paths(connector) == []
    assert [one.cause for one in connector.refused()] == ["unsupported"]


def test_rules_say_who_may_see_a_file(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "personal/b.txt", "personal/tief/c.txt")
    rules = [
        FileRule(match="*.txt", metadata={"team": "all"}),
        FileRule(match="personal/**", groups=frozenset({"hr"}), metadata={"team": "hr"}),
    ]
    connector = FolderConnector("s", tmp_path, groups=frozenset({"staff"}), rules=rules)
    found = {file.path: (set(file.groups), file.metadata["team"]) for file in connector.files()}
    assert found == {
        "a.txt": ({"staff"}, "all"),
        "personal/b.txt": ({"hr"}, "hr"),
        "personal/tief/c.txt": ({"hr"}, "hr"),
    }


@pytest.mark.parametrize("match", ["personal", "personal/", "./Personal/**", "personal/*"])
def test_a_rule_may_name_a_folder_in_any_way(match: str) -> None:
    rule = FileRule(match=match)
    assert rule.fits("personal/gehalt.xlsx")
    assert rule.fits("personal/2026/gehalt.xlsx")
    assert not rule.fits("personalities/a.md")


def test_a_link_inside_keeps_the_rule_of_the_file_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path, "personal/lohn.md", "offen/a.md")
    (tmp_path / "offen" / "link.md").symlink_to("../personal/lohn.md")
    (tmp_path / "ordner").symlink_to("personal")
    rules = [FileRule(match="personal/**", groups=frozenset({"hr"}))]
    groups = {
        file.path: set(file.groups) for file in FolderConnector("s", tmp_path, rules=rules).files()
    }
    assert groups == {
        "offen/a.md": set(),
        "offen/link.md": {"hr"},
        "ordner/lohn.md": {"hr"},
        "personal/lohn.md": {"hr"},
    }


def test_a_missing_folder_is_an_error_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(InvalidProject, match="does not exist"):
        paths(FolderConnector("s", tmp_path / "none"))


def test_the_registry_offers_it() -> None:
    assert CONNECTORS.names() == ["folder"]
    assert CONNECTORS.load("folder") is FolderConnector
