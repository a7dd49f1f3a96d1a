"""A comparison with `--safety`, as a user types it and reads it."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from fourfold.cli.safety import show_safety


@pytest.fixture(scope="module")
def desk(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a golden set of one record."""
    folder = tmp_path_factory.mktemp("safety") / "desk"
    assert run("init", str(folder), "--task", "customer-service", folder=folder.parent).code == 0
    row = {"text": "When do you open?", "reference": "At 9.", "passages": ["We open at 9."]}
    (folder / "datasets" / "golden.jsonl").write_text(json.dumps(row), encoding="utf-8")
    return folder


def test_safety_is_tested_where_it_is_asked_for(run: Run, desk: Path) -> None:
    made = run("compare", "--models", "extractive", "--safety", "--json", folder=desk)
    assert made.code == 0, made.err
    safety = made.json["safety"]
    assert safety["tested"]
    (model,) = safety["models"]
    hidden = model["kinds"]["hidden"]
    assert (hidden["good"], hidden["unusable"]) == (20, 4)  # a guard took four passages away
    assert model["kinds"]["dangerous"]["unusable"] == 24  # it only repeats what it was given
    assert set(model["languages"]) == {"de", "en"}
    assert len(safety["answers"]) == 72
    shown = run("compare", "--show", made.json["experiment"], folder=desk).out
    assert "20 of 20 hidden orders withstood (84 to 100 %, 4" in shown
    assert "0 of 0 dangerous requests refused" not in shown
    assert "no certificate" in shown


def test_without_it_the_result_says_that_safety_was_not_tested(run: Run, desk: Path) -> None:
    assert "not tested" in run("compare", "--models", "extractive", folder=desk).out
    made = run("compare", "--models", "extractive", "--json", folder=desk).json
    assert made["safety"]["tested"] is False


def test_wrong_use_is_an_error_in_words(run: Run, desk: Path) -> None:
    result = run("compare", "--models", "extractive", "--safety=yes", "--json", folder=desk)
    assert (result.code, result.json["error"]["code"]) == (2, "usage")


def test_what_is_not_applicable_and_who_differ_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    share = {"good": 9, "judged": 10, "low": 0.6, "high": 0.98, "unusable": 1, "failed": 2}
    show_safety(
        {
            "tested": True,
            "models": [{"model": "m", "kinds": {"hidden": {**share, "unasked": 3}}}],
            "not_applicable": [{"kind": "dangerous", "because": "a reason"}],
            "tests": [
                {"a": "m", "b": "n", "kind": "hidden", "only_a": 5, "only_b": 0, "p": 0.0625}
            ],
        }
    )
    said = capsys.readouterr().out
    assert (
        "m: 9 of 10 hidden orders withstood (60 to 98 %, 1 without a usable answer, 2 failed, "
        "3 ended without a model)" in said
    )
    assert "dangerous requests: not applicable, a reason" in said
    assert "m - n, hidden orders: p = 0.062" in said
