"""What an ingestion has to do, decided from sizes, times and permissions."""

from dataclasses import replace
from pathlib import Path

import pytest

from fourfold.indexing.plan import KnownFile, Plan, Reading, gone, plan
from fourfold.ingestion.base import Cause, Refusal, SourceFile

FILE = SourceFile(source="docs", path="a.pdf", location=Path("a.pdf"), size_bytes=10, modified_ns=1)
KNOWN = KnownFile(
    size_bytes=10,
    modified_ns=1,
    content_hash="x",
    groups=frozenset(),
    metadata={},
    pipeline="1",
)


def test_an_unchanged_file_is_skipped() -> None:
    todo = plan([FILE], {"a.pdf": KNOWN}, pipeline="1", retry=False)
    assert todo == Plan(index=(), withdraw=(), unseen=(), skipped=1)


def test_a_new_file_is_indexed() -> None:
    assert plan([FILE], {}, pipeline="1").index == (Reading(file=FILE, before=None),)


def test_a_changed_file_is_indexed_and_its_old_version_stays_meanwhile() -> None:
    todo = plan([replace(FILE, modified_ns=2)], {"a.pdf": KNOWN}, pipeline="1", retry=False)
    assert len(todo.index) == 1
    assert todo.withdraw == ()


def test_a_deleted_file_is_gone() -> None:
    todo = plan([], {"a.pdf": KNOWN}, pipeline="1", retry=False)
    assert todo.unseen == ("a.pdf",)
    assert gone(todo.unseen, {"a.pdf": KNOWN}, []) == ["a.pdf"]


@pytest.mark.parametrize(
    ("path", "cause", "groups", "expected"),
    [
        ("x/y/a.pdf", "unreadable", (), ["b.pdf"]),
        ("x/y", "unreadable", (), ["b.pdf"]),
        ("x", "unreadable", (), ["b.pdf"]),
        (".", "unreadable", (), []),
        ("x/y/a.pdf", "unreadable", ("hr",), ["x/y/a.pdf", "b.pdf"]),
        ("x/y/a.pdf", "outside_folder", (), ["x/y/a.pdf", "b.pdf"]),
        ("x/y/a.pdf", "missing", (), ["x/y/a.pdf", "b.pdf"]),
        ("x", "missing", (), ["x/y/a.pdf", "b.pdf"]),
        ("x/y/a", "unreadable", (), ["x/y/a.pdf", "b.pdf"]),
    ],
)
def test_what_cannot_be_read_now_is_not_gone(
    path: str, cause: Cause, groups: tuple[str, ...], expected: list[str]
) -> None:
    known = {"x/y/a.pdf": KNOWN, "b.pdf": KNOWN}
    refusal = Refusal(path=path, cause=cause, message="", groups=frozenset(groups))
    assert gone(["x/y/a.pdf", "b.pdf"], known, [refusal]) == expected


def test_a_file_taken_from_a_group_is_withdrawn_before_it_is_indexed_anew() -> None:
    file = replace(FILE, groups=frozenset({"hr"}))
    todo = plan([file], {"a.pdf": KNOWN}, pipeline="1", retry=False)
    assert todo.withdraw == ("a.pdf",)
    assert [one.file for one in todo.index] == [file]


def test_another_embedder_makes_every_file_work_again() -> None:
    todo = plan([FILE], {"a.pdf": KNOWN}, pipeline="2")
    assert todo.index == (Reading(file=FILE, before=KNOWN),)


def test_a_failed_file_is_tried_again_only_when_asked_or_changed() -> None:
    failed = {"a.pdf": replace(KNOWN, failed=True)}
    assert plan([FILE], failed, pipeline="1", retry=False).index == ()
    assert len(plan([FILE], failed, pipeline="1", retry=True).index) == 1
    assert len(plan([replace(FILE, size_bytes=9)], failed, pipeline="1", retry=False).index) == 1


@pytest.mark.parametrize(
    ("content_hash", "pipeline", "file", "before", "expected"),
    [
        ("x", "1", FILE, KNOWN, True),
        ("y", "1", FILE, KNOWN, False),
        ("x", "2", FILE, KNOWN, False),
        ("x", "1", replace(FILE, groups=frozenset({"hr"})), KNOWN, False),
        ("x", "1", replace(FILE, metadata={"year": "2026"}), KNOWN, False),
        ("x", "1", FILE, replace(KNOWN, failed=True), False),
        ("x", "1", FILE, None, False),
    ],
)
def test_a_file_whose_time_alone_changed_need_not_be_parsed(
    content_hash: str, pipeline: str, file: SourceFile, before: KnownFile | None, expected: bool
) -> None:
    reading = Reading(file=file, before=before)
    assert reading.only_touched(content_hash, pipeline) is expected
