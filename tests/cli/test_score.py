"""`fourfold score`, as a user types it."""

from pathlib import Path
from unicodedata import normalize

import pytest
from tests.cli.conftest import Run

FIELDS = ("metric", "value", "low", "high", "count", "signature")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "drafts.txt").write_text("Zwei Jahre Garantie.\nÄpfel\n\n", encoding="utf-8")
    (tmp_path / "released.txt").write_bytes("\ufeffZwei Jahre Garantie.\r\nÖpfel\r\n\r\n".encode())
    return tmp_path


def scored(run: Run, files: Path, *words: str) -> list[dict[str, object]]:
    texts = ("--hypotheses", "drafts.txt", "--references", "released.txt", "--json")
    result = run("score", *texts, *words, folder=files)
    assert result.code == 0, result.err
    return result.lines


def test_each_metric_is_a_line_with_interval_and_signature(run: Run, files: Path) -> None:
    hter, bleu = scored(run, files, "--metric", "hter, bleu", "--per-segment")
    assert hter["segments"] == [0.0, 1.0, 0.0]
    assert hter["value"] == pytest.approx(1 / 3)
    assert str(bleu["signature"]).startswith("nrefs:1|case:mixed|eff:no|tok:13a")
    assert (bleu["low"], bleu["high"]) == (None, None)
    assert bleu["note"] == "too few texts for an interval: 3, and 8 are needed"
    assert {*bleu} - {"note", "segments", "segments_signature"} == {*FIELDS}
    assert str(bleu["segments_signature"]).startswith("nrefs:1|case:mixed|eff:yes|tok:13a")
    assert "segments_signature" not in hter


def test_further_references_count_where_they_have_a_text(run: Run, files: Path) -> None:
    (files / "other.txt").write_text("\nÄpfel\n\n", encoding="utf-8")
    (found,) = scored(run, files, "--metric", "em", "--references", "other.txt")
    assert found["value"] == 1.0
    assert "nrefs:var" in str(found["signature"])


def test_clusters_make_the_interval_honest(run: Run, files: Path) -> None:
    (files / "one.txt").write_text("a\na\na\n", encoding="utf-8")
    (found,) = scored(run, files, "--metric", "f1", "--clusters", "one.txt")
    assert (found["low"], found["high"]) == (None, None)


def test_bad_input_is_an_error_in_words(run: Run, files: Path) -> None:
    (files / "short.txt").write_text("eins\n", encoding="utf-8")
    (files / "latin.txt").write_bytes("Öl\n".encode("latin-1"))
    (files / "empty.txt").write_text("")
    for texts, references, metric, words in (
        ("short.txt", "released.txt", "f1", "1 texts and references for 3"),
        ("latin.txt", "latin.txt", "f1", "not UTF-8"),
        ("empty.txt", "empty.txt", "f1", "nothing to score"),
        ("short.txt", "short.txt", "blue", "Did you mean `bleu`"),
    ):
        options = ("--hypotheses", texts, "--references", references, "--metric", metric)
        result = run("score", *options, "--json", folder=files)
        assert result.code == 1
        assert words in result.out
    assert run("score", "--metric", "f1", folder=files).code == 2


def test_clusters_for_other_texts_are_an_error(run: Run, files: Path) -> None:
    (files / "two.txt").write_text("a\nb\n", encoding="utf-8")
    texts = ("--hypotheses", "drafts.txt", "--references", "released.txt")
    result = run("score", *texts, "--clusters", "two.txt", folder=files)
    assert result.code == 1
    assert "3 texts, and clusters are named for 2" in result.err


def test_letters_in_two_parts_are_told_of(run: Run, files: Path) -> None:
    (files / "mac.txt").write_text(normalize("NFD", "Zwei Jahre Garantie.\nÖpfel\n\n"))
    texts = ("--hypotheses", "mac.txt", "--references", "released.txt", "--json")
    result = run("score", *texts, "--metric", "hter,ter", folder=files)
    hter, ter = result.lines
    assert (hter["value"], ter["value"]) == (0.0, 25.0)
    assert "warning: One side writes letters such as `ä` in two parts" in result.err


def test_a_correction_of_capitals_is_shown_though_it_is_no_edit(run: Run, files: Path) -> None:
    (files / "drafts.txt").write_text("wir bitten sie um Antwort.\nzwei\n", encoding="utf-8")
    (files / "released.txt").write_text("Wir bitten Sie um Antwort.\nzwei\n", encoding="utf-8")
    texts = ("--hypotheses", "drafts.txt", "--references", "released.txt")
    shown = run("score", "--metric", "hter", *texts, "--changes", "1", folder=files).out
    assert "1: 0 edits, 0%, and 2 words in other capitals" in shown
    assert "{wir→Wir} bitten {sie→Sie} um Antwort." in shown


def test_changes_and_what_they_cost(run: Run, files: Path) -> None:
    line = '{"draft": "Zwei Jahre", "released": "Drei Jahre", "seconds": 6}\n'
    (files / "timed.jsonl").write_text(line * 6, encoding="utf-8")
    options = ("--metric", "untouched", "--timed", "timed.jsonl", "--per-hour", "60")
    untouched, minutes, cost, change = scored(run, files, *options, "--changes", "1")
    assert untouched["value"] == pytest.approx(2 / 3)
    assert cost["value"] == minutes["value"]
    assert change == {
        "text": 2,
        "hter": 1.0,
        "shifts": 0,
        "recased": 0,
        "changes": [["substituted", "Äpfel", "Öpfel"]],
    }
    (files / "timed.jsonl").write_text(line + '{"draft": "x"}\n', encoding="utf-8")
    texts = ("--hypotheses", "drafts.txt", "--references", "released.txt")
    result = run("score", *texts, "--timed", "timed.jsonl", folder=files)
    assert result.code == 1
    assert "Line 2 of" in result.err
