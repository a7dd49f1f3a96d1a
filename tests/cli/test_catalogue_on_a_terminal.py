"""The catalogue as a user meets it: narrow tables, nearest names, and nothing cut in silence."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run


def test_the_list_fits_a_terminal_and_the_wide_one_has_the_rest(run: Run, tmp_path: Path) -> None:
    narrow = run("models", "list", folder=tmp_path).out
    assert max(map(len, narrow.splitlines())) <= 100
    assert "…" not in narrow
    wide = run("models", "list", "--wide", folder=tmp_path).out
    assert {"provider", "languages"} <= {*wide.splitlines()[0].split()}


def test_the_list_is_filtered_by_language_and_size(run: Run, tmp_path: Path) -> None:
    words = ("--language", "DE", "--max-parameters", "8B", "--family", "QWEN", "--json")
    found = run("models", "list", *words, folder=tmp_path).json["models"]
    assert found
    assert {one["family"] for one in found} == {"qwen"}
    assert all("de" in one["languages"] and one["parameters"] <= 8e9 for one in found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--family", "lama"), "No family `lama` is known. Did you mean `llama`?"),
        (("list", "--provider", "Mta"), "Did you mean `Meta`?"),
        (("shortlist", "--family", "lama"), "Did you mean `llama`?"),
        (("shortlist", "--language", "deutsch"), "Did you mean `de`?"),
        (("shortlist", "--language", "zzzzzz"), "Write its code of two letters, `de`."),
        (("shortlist", "--region", "eurpoe"), "Did you mean `eu`?"),
    ],
)
def test_a_name_that_nobody_knows_is_answered_with_the_nearest(
    run: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = run("models", *words, folder=tmp_path)
    assert result.code == 2
    assert said in result.err
    assert len(result.err) < 300


def test_the_extractive_reader_is_no_model(run: Run, tmp_path: Path) -> None:
    result = run("models", "show", "extractive", folder=tmp_path)
    assert result.code == 1
    assert "Fourfold's own reader" in result.err
    assert len(result.err) < 300


def test_a_shortlist_says_how_many_of_how_many_it_shows(run: Run, tmp_path: Path) -> None:
    short = run("models", "shortlist", "--limit", "2", folder=tmp_path)
    assert "2 of " in short.err
    assert "--limit" in short.err
    assert "Last, since the catalogue has no published result of theirs" in short.err
    whole = run("models", "shortlist", "--json", folder=tmp_path).json
    assert len(whole["models"]) == whole["in"] > 15
    cut = run("models", "shortlist", "--json", "--limit", "2", folder=tmp_path).json
    assert (len(cut["models"]), cut["in"]) == (2, whole["in"])


def test_terms_read_in_a_copy_are_shown_at_their_own_page_too(run: Run, tmp_path: Path) -> None:
    shown = run("models", "show", "phi-4", folder=tmp_path).out
    said = run("models", "show", "phi-4", "--json", folder=tmp_path).json["verdict"]
    assert said["page"] == "https://opensource.org/licenses/MIT"
    assert said["source"] != said["page"]
    assert shown.index(said["page"]) < shown.index(f"read at {said['source']}")
    own = run("models", "show", "llama-3.1-8b-instruct", folder=tmp_path)
    assert "github.com/meta-llama" in own.out
