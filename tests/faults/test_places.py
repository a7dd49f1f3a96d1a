"""Projects in unusual places: odd paths, read-only folders, links that leave, vanished folders."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.faults.conftest import AS_NOBODY, READING, Fourfold, Mount

pytestmark = pytest.mark.slow


def test_a_path_with_umlauts_and_spaces_that_no_socket_could_have(
    fourfold: Fourfold, unused: Path
) -> None:
    home = unused.parent / "Büro für Öl & Söhne" / ("lang " * 30)
    home.mkdir(parents=True)
    project = home / "größe %d 'ß'"
    unused.rename(project)
    assert len(os.fsencode(project)) > 107
    assert fourfold.run("ingest", folder=project).json["documents"] == 2
    assert fourfold.finds("Garantie auf Akkus", project)[0] == "garantie.md"
    saved = fourfold.run("backup", folder=project).json["file"]
    assert fourfold.run("restore", saved, "--force", folder=project).code == 0
    assert fourfold.finds("parcels to Norway", project)[0] == "shipping.md"


def test_a_folder_that_belongs_to_somebody_else_is_a_clear_error(
    fourfold: Fourfold, open_folder: Path, ingested: Path
) -> None:
    project = open_folder / "project"
    shutil.copytree(ingested, project, ignore=shutil.ignore_patterns(".fourfold"))
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        before = (*AS_NOBODY, *READING)
    else:
        project.chmod(0o555)
    result = fourfold.run("ingest", folder=project, before=before)
    project.chmod(0o755)
    assert (result.code, result.error["code"]) == (1, "storage"), result
    assert "cannot be written" in result.error["message"]
    assert "writable" in result.error["hint"]


def test_a_read_only_disk_is_a_clear_error(fourfold: Fourfold, project: Path, mount: Mount) -> None:
    mount("--bind", str(project), at=project)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(project)], check=True)
    for words in (["ingest"], ["search", "Garantie"]):
        result = fourfold.run(*words, folder=project)
        assert (result.code, result.error["code"]) == (1, "storage"), result
        assert "Read-only" in result.error["message"]


def test_links_that_leave_the_folder_are_listed_and_not_read(
    fourfold: Fourfold, project: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "geheim.md").write_text("Das Geheimwort lautet Xylophon.")
    documents = project / "documents"
    (documents / "file.md").symlink_to(secret / "geheim.md")
    (documents / "folder").symlink_to(secret)
    (documents / "relative.md").symlink_to("../../secret/geheim.md")
    (documents / "chain.md").symlink_to("file.md")
    (documents / "inside.md").symlink_to("garantie.md")
    (documents / "nowhere.md").symlink_to("missing.md")
    report = fourfold.run("ingest", folder=project).json
    causes = {failure["document"]: failure["cause"] for failure in report["failed"]}
    assert causes == {
        "file.md": "outside_folder",
        "folder": "outside_folder",
        "relative.md": "outside_folder",
        "chain.md": "outside_folder",
        "nowhere.md": "missing",
    }
    hits = fourfold.run("search", "Geheimwort Xylophon", folder=project).json["hits"]
    assert not any("Xylophon" in hit["text"] for hit in hits)


def test_a_link_whose_target_was_deleted_leaves_the_index(
    fourfold: Fourfold, project: Path
) -> None:
    documents = project / "documents"
    (documents / "tief").mkdir()
    (documents / "tief" / "lohn.md").write_text("Das Geheimwort lautet Xylophon.")
    (documents / "link.md").symlink_to("tief/lohn.md")
    (documents / "ordner").symlink_to("tief")
    fourfold.run("ingest", folder=project)
    assert "link.md" in fourfold.finds("Geheimwort Xylophon", project)
    shutil.rmtree(documents / "tief")
    report = fourfold.run("ingest", folder=project).json
    causes = {failure["document"]: failure["cause"] for failure in report["failed"]}
    assert causes == {"link.md": "missing", "ordner": "missing"}
    hits = fourfold.run("search", "Geheimwort Xylophon", folder=project).json["hits"]
    assert not any("Xylophon" in hit["text"] for hit in hits)


def test_a_source_that_vanished_is_an_error_and_the_index_stays(
    fourfold: Fourfold, project: Path
) -> None:
    (project / "documents").rename(project / "elsewhere")
    result = fourfold.run("ingest", folder=project)
    assert (result.code, result.error["code"]) == (1, "invalid_project")
    assert "documents" in result.error["message"]
    assert fourfold.finds("Garantie auf Akkus", project)[0] == "garantie.md"


def test_a_pipe_among_the_documents_keeps_nobody_waiting(fourfold: Fourfold, project: Path) -> None:
    os.mkfifo(project / "documents" / "pipe.txt")
    report = fourfold.run("ingest", folder=project).json
    causes = {failure["document"]: failure["cause"] for failure in report["failed"]}
    assert causes == {"pipe.txt": "unsupported"}
