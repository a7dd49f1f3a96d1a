"""What `compare` prints: figures with the ends that are known, and advice as sure as the choice."""

from typing import Any

import pytest
from tests.reports.conftest import HELPDESK, Fake, entry_of

from fourfold.cli.comparison import show_comparison
from fourfold.cli.progress import comparison_bar
from fourfold.evaluation.records import RunProgress


def printed(capsys: pytest.CaptureFixture[str], body: dict[str, Any]) -> str:
    show_comparison(body)
    return capsys.readouterr().out


def test_waits_and_costs_have_their_ends(capsys: pytest.CaptureFixture[str]) -> None:
    body = dict(entry_of(HELPDESK[1:], count=80).body)
    said = printed(capsys, {**body, "safety": {"tested": False, "because": "Not tested."}})
    (mini,) = (one for one in body["models"] if one["model"] == "acme-mini")
    ends = mini["seconds_p95_interval"]
    assert f"{mini['seconds_p95']:.3g} [{ends['low']:.3g} to {ends['high']:.3g}]" in said
    cost = mini["cost_per_1000_interval"]
    assert f"{mini['cost_per_1000']:.2f} [{cost['low']:.2f} to {cost['high']:.2f}]" in said
    assert "<0.01" in said  # the baseline's wait


def test_of_few_records_the_missing_ends_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, dict(entry_of([Fake("a", 0.2), Fake("b", 0.3)], count=6).body))
    assert "?" not in said.partition("Differences")[0]
    assert "hter: too few texts for an interval: 6, and 8 are needed." in said


def test_what_looks_like_markup_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    body = dict(entry_of([Fake("a [b]", 0.2), Fake("b", 0.3)]).body)
    (slow,) = (one for one in body["models"] if one["model"] == "b")
    slow["seconds_p95_interval"] = {"value": slow["seconds_p95"], "low": 1.2, "high": None}
    said = printed(capsys, body)
    assert "a [b]" in said
    assert f"{slow['seconds_p95']:.3g} [at least 1.2]" in said


def test_the_advice_is_as_sure_as_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    body = dict(entry_of([Fake("a", 0.2), Fake("b", 0.21)]).body)
    choice = {**body["recommendation"], "model": "a", "warnings": []}
    for settled, advice in ((True, "Take a\n"), (False, "Take a for now\n")):
        said = printed(capsys, {**body, "recommendation": {**choice, "settled": settled}})
        assert advice in said
    taken = [{"code": "baseline_taken", "text": "`a` is no model.", "values": {"model": "a"}}]
    said = printed(capsys, {**body, "recommendation": {**choice, "warnings": taken}})
    assert "No model is measurably better than a, which is none\n" in said
    assert "`a` is no model." in said


def test_a_log_gets_a_line_at_the_end_and_every_half_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("fourfold.cli.progress.monotonic", lambda: now[0])
    with comparison_bar() as (tell, _):
        for done, now[0] in ((1, 1.0), (2, 31.0), (3, 40.0), (4, 45.0)):
            tell(RunProgress(done=done, total=4, failed=1, cost_usd=0.5, working_on="m"))
    assert capsys.readouterr().err.splitlines() == [
        "2 of 4 answers · 0.50 $ · 1 failed · now m",
        "4 of 4 answers · 0.50 $ · 1 failed",
    ]


def test_sizes_that_are_no_rungs_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    body = dict(entry_of([Fake("big", 0.2), Fake("small", 0.21)], count=20).body)
    sizes = {"sizes": ["dead", "big", "small", "barred"], "missing": ["dead"]}
    barred = [{"model": "barred", "reasons": []}]
    said = printed(capsys, {**body, "ladder": {**body["ladder"], **sizes, "excluded": barred}})
    assert "The largest, dead, has no figures; held against big." in said
    assert "barred is out by the policy." in said
    none: dict[str, Any] = {"largest": None, "smallest": None, "rungs": [], "saves": {}}
    assert "No size may be taken" in printed(capsys, {**body, "ladder": {**body["ladder"], **none}})
