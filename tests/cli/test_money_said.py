"""What a comparison says of the money."""

import pytest

from fourfold.cli.comparison import show_money


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
