"""The disk is full: an error with what to do, and what was acknowledged stays."""

from pathlib import Path

import pytest
from tests.faults.conftest import Fourfold, Mount, write

pytestmark = pytest.mark.slow


def test_a_full_disk_is_named_and_the_next_ingestion_finishes(
    fourfold: Fourfold, unused: Path, mount: Mount
) -> None:
    disk = unused / ".fourfold"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", at=disk)
    assert fourfold.run("ingest", folder=unused).json["documents"] == 2
    for number in range(8):
        words = " ".join(f"wort{number}x{word}" for word in range(8_000))
        write(unused, f"gross-{number}.md", words)
    filler = disk / "filler"
    fill(filler)
    result = fourfold.run("ingest", folder=unused)
    assert (result.code, result.error["code"]) == (1, "storage"), result
    assert "Traceback" not in result.err
    assert "space" in f"{result.error['hint']} {result.error['message']}", result
    filler.unlink()
    assert fourfold.finds("Garantie auf Akkus", unused)[0] == "garantie.md"
    report = fourfold.run("ingest", folder=unused)
    assert report.code == 0, report
    assert report.json["documents"] + report.json["skipped"] == 10


def test_a_disk_without_room_for_a_database_is_named(
    fourfold: Fourfold, unused: Path, mount: Mount
) -> None:
    disk = unused / ".fourfold"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=10m,mode=755", "tmpfs", at=disk)
    result = fourfold.run("ingest", folder=unused)
    assert (result.code, result.error["code"]) == (1, "storage"), result
    assert "space" in result.error["hint"].lower() or "disk" in result.error["hint"]


def fill(file: Path) -> None:
    """Take what is left, but a little for the locks and logs of a start."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(1 << 20))
        except OSError:
            stream.truncate(stream.tell() - (3 << 20))
