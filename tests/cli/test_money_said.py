"""What a comparison says of the money."""

import pytest

from fourfold.cli.compare import _say_before
from fourfold.cli.comparison import show_money
from fourfold.evaluation.records import Spent


def test_what_met_no_server_has_cost_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    failures = [{"model": "m", "code": "model_overloaded"}]
    show_money({"spent_usd": 0.25, "uncertain_usd": 0.0, "failures": failures})
    show_money({"spent_usd": 0.25, "uncertain_usd": 0.1, "failures": failures})
    known, most = (line for line in capsys.readouterr().out.splitlines() if line)
    assert known == "Spent: 0.25 $."
    assert most == "Spent: at most 0.25 $; what failed is counted with all it can have cost."


def test_in_results_of_before_all_that_failed_has_cost_at_most_that_much(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_money({"spent_usd": 0.25, "failures": []})
    show_money({"spent_usd": 0.25, "failures": [{"model": "m"}]})
    show_money({"spent_usd": 0.0, "failures": [{"model": "m"}]})
    known, most = (line for line in capsys.readouterr().out.splitlines() if line)
    assert known == "Spent: 0.25 $."
    assert most == "Spent: at most 0.25 $; what failed is counted with all it can have cost."


def test_requests_that_cost_nothing_are_not_said_to_be_charged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = {"spent_usd": 0.0, "failures": []}
    show_money({**result, "possibly_paid": {"requests": 1, "usd": 0.0}})
    _say_before(Spent())
    heard = capsys.readouterr()
    assert (heard.out, heard.err) == ("", "")
    show_money({**result, "possibly_paid": {"requests": 1, "usd": 0.5}})
    _say_before(Spent(usd=0.5, unanswered=1, unanswered_usd=0.5))
    heard = capsys.readouterr()
    assert "at most 0.50 $ for 1 request in flight" in heard.out
    assert "at most 0.50 $ for 1 request in flight" in heard.err


def test_requests_at_an_unknown_price_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    _say_before(Spent(unanswered=2))
    said = capsys.readouterr().err
    assert said == "In flight when a run was killed: 2 requests, at a price that nobody knows.\n"
