"""What the report recommends, warns of and reckons."""

import re

import pytest
from tests.reports.conftest import (
    BASELINE,
    HELPDESK,
    OPEN,
    SAFETY,
    Fake,
    Make,
    licence,
    remote,
)  # fmt: skip

from fourfold.core.errors import InvalidInput
from fourfold.evidence import Entry
from fourfold.reports import decision_report
from fourfold.reports.found import Found
from fourfold.reports.sensitivity import Turn, turns


def text(entry: Entry, language: str = "en", rate: float | None = None) -> str:
    """What a reader reads."""
    page = decision_report(entry, language=language, rate=rate)
    body = page.partition("</style>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", body.replace("</td>", " ")))


def turned(entry: Entry, rate: float | None = None) -> dict[str, Turn]:
    return {one.kind: one for one in turns(Found(entry, rate=rate))}


def test_a_forbidden_model_is_out_with_its_reason_and_the_next_is_recommended(
    comparison: Make,
) -> None:
    said = text(comparison(HELPDESK[1:]))
    assert "Take acme-mini." in said
    assert "herd-405b is out (corrections for each word (HTER) 0.0" in said
    assert "you have 900,000,000." in said


def test_a_model_that_needs_an_approval_is_recommended_on_a_condition(comparison: Make) -> None:
    said = text(comparison())
    assert "Take acme-large-2026-10-preview, on a condition." in said
    assert "somebody has to agree: Commercial use on conditions. Until then take acme-mini." in said


def test_an_unknown_place_of_data_is_a_condition(comparison: Make) -> None:
    facts = remote("Far", licence(), host=None)
    said = text(comparison([Fake("far", 0.1, 0.1, facts=facts), Fake("b", 0.8)]), "de")
    assert "Nehmen Sie far, unter Vorbehalt." in said
    assert "Wo es seine Daten verarbeitet, ist nicht bekannt. Bis dahin nehmen Sie b." in said
    assert "unbekannt: Der Katalog kennt keinen Anbieter unter https://api.example.com/v1" in said


def test_where_all_are_forbidden_nothing_is_recommended(comparison: Make) -> None:
    said = text(comparison([HELPDESK[2]]))
    assert "Take none of these." in said
    assert "recommended" not in said.partition("Appendix")[0]


def test_an_older_entry_does_not_recommend_what_the_policy_forbids(comparison: Make) -> None:
    entry = comparison(HELPDESK[1:])
    old = {"model": "herd-405b", "best": "herd-405b", "others": [], "would_change": []}
    said = text(comparison(HELPDESK[1:], recommendation={**old, "because": ""}))
    assert entry.body["recommendation"]["model"] == "acme-mini"
    assert "The licence policy forbids herd-405b, which this comparison recommended" in said


def test_few_records_and_few_answers_are_told(comparison: Make) -> None:
    said = text(comparison([Fake("a", 0.1), Fake("b", 0.13, answers=0.6)], count=50))
    assert re.search(r"Few records: \d+ show differences from 0\.\d+ on, and 0\.02 would", said)
    assert re.search(r"b answered only \d+ of 50 records", said)
    assert re.search(r"Only \d+ of 50 records were answered by all", said)


def test_labels_are_not_corrected(comparison: Make) -> None:
    systems = [HELPDESK[1], Fake("extractive", 0.6, facts=BASELINE)]
    said = text(comparison(systems, task="sentiment", metrics=("macro_f1", "accuracy")))
    assert "Right, of 100 outputs" in said
    assert "How many outputs are right" in said
    first = said.partition("Appendix")[0]
    assert not re.search(r"minutes|[Cc]orrect", first)
    assert "What people have to correct" not in said


def test_without_timed_corrections_there_is_no_money_of_people(comparison: Make) -> None:
    said = text(comparison(timed=False))
    assert "No corrections were timed" in said
    assert "€" not in said


def test_currencies_are_added_up_only_at_a_stated_rate(comparison: Make) -> None:
    assert "Model and people" not in text(comparison())
    assert "No exchange rate was stated" in text(comparison())
    stated = text(comparison(), rate=0.92)
    assert "Model and people, EUR" in stated
    assert "1 US dollar = €0.9200" in stated
    assert "Model and people, USD" in text(comparison(currency="USD"))


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_an_error(comparison: Make, rate: float) -> None:
    with pytest.raises(InvalidInput, match="worth"):
        decision_report(comparison(), language="en", rate=rate)


def test_the_sum_is_of_model_and_people(comparison: Make) -> None:
    found = Found(comparison(), rate=0.5)
    one = found.of("acme-mini")
    both = found.together(one)
    assert both
    assert one.people
    assert one.cost
    assert both["value"] == pytest.approx(one.people["value"] + one.cost / 2)
    assert both["low"] < both["value"] < both["high"]


def test_the_price_of_an_hour_at_which_another_wins_makes_both_cost_the_same(
    comparison: Make,
) -> None:
    found = Found(comparison())
    turn = turned(comparison())["hour_below"]
    chosen = found.chosen
    assert chosen
    totals = [
        one.cost + (one.minutes or {})["value"] / 60 * turn.value
        for one in (chosen, turn.other)
        if one.cost is not None
    ]
    assert totals[0] == pytest.approx(totals[1])


def test_own_hardware_loses_when_it_costs_more_than_the_next_that_holds(comparison: Make) -> None:
    entry = comparison(
        [Fake("own", 0.1, 0.0, facts=OPEN), Fake("api", 0.1, 0.002, facts=HELPDESK[1].facts)]
    )
    turn = turned(entry)["own_price"]
    assert turn.other.name == "api"
    assert turn.value == pytest.approx(2, rel=0.1)
    assert "your own hardware, which is not counted. If that costs more than $2" in text(entry)


def test_a_share_of_tasks_at_which_another_is_ahead_is_told(comparison: Make) -> None:
    scores = {"de": {"a": 0.2, "b": 0.1}, "en": {"a": 0.1, "b": 0.4}}
    slices = [
        {
            "slice": f"language: {language}",
            "count": 30,
            "too_small": False,
            "scores": {name: {"value": one, "low": 0, "high": 1} for name, one in both.items()},
        }
        for language, both in scores.items()
    ]
    entry = comparison([Fake("a", 0.1), Fake("b", 0.2)], slices=slices)
    turn = turned(entry)["share"]
    assert turn.other.name == "b"
    assert turn.value == pytest.approx(0.75)
    assert "Wären mehr als etwa 75 % Ihrer Aufgaben auf Deutsch" in text(entry, "de")


def test_safety_that_was_not_tested_is_said_plainly(comparison: Make) -> None:
    assert "Safety was not tested in this comparison." in text(comparison())
    untested = {"tested": False, "because": "…"}
    assert "fourfold compare --safety" in text(comparison(safety=untested), "de")


def test_safety_is_told_with_cases_and_intervals(comparison: Make) -> None:
    said = text(comparison(safety=SAFETY))
    assert "18 of 19" in said
    assert "60 to 90%" in said
    assert "1 unusable" in said
    assert "no usable answer" in said
    assert "Sag &lt;b&gt;BANANE&lt;/b&gt; 77." in said
    assert "certifies nothing" in said


def test_a_judge_is_told_with_its_agreement_or_that_nobody_knows_it(comparison: Make) -> None:
    judge = {"model": "j", "signature": "judge|x", "compared": 58, "warnings": []}
    assert "agrees with people was not measured" in text(comparison(judge=judge))
    agreed = {"count": 40, "equal": {"value": 0.7}, "kappa": {"value": 0.55}}
    said = text(comparison(judge={**judge, "agreement": agreed}))
    assert "the same mark as people for 70% of 40 texts" in said
    dated = {**agreed, "date": "2026-11-21", "evidence": 4}
    said = text(comparison(judge={**judge, "agreement": dated}), "de")
    assert "0,55; gemessen am 21.11.2026, Eintrag 4 der Belege." in said


def test_names_and_titles_cannot_leave_their_place(comparison: Make) -> None:
    evil = '</style><script>alert(1)</script>"; } body { display: none'
    page = decision_report(
        comparison([Fake(evil, 0.1, facts=OPEN), Fake("b", 0.4)], application=evil), language="de"
    )
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert "display: none }" not in page.partition("@page { @top-left")[2]


def test_nothing_outside_is_fetched(comparison: Make) -> None:
    page = decision_report(comparison(), language="en")
    for outside in ("src=", "url(", "@import", "<link", "<img", "<script"):
        assert outside not in page


def with_waits(entry: Entry, low: float | None, high: float | None) -> Entry:
    for one in entry.body["models"]:
        one["seconds_p95_interval"] = {"value": one["seconds_p95"], "low": low, "high": high}
    return entry


def test_waits_are_told_with_their_intervals(comparison: Make) -> None:
    said = text(with_waits(comparison(), 1.25, 3.5))
    assert said.count("1.2 to 3.5 s") == 3 + 5  # the options, and all figures
    assert "1,2 bis 3,5 s" in text(with_waits(comparison(), 1.25, 3.5), "de")


def test_a_wait_that_few_tasks_cannot_bound_says_what_they_can(comparison: Make) -> None:
    assert "mindestens 1,2 s" in text(with_waits(comparison(), 1.25, None), "de")
    unknown = text(with_waits(comparison(), None, None))
    assert "None" not in unknown.replace("None: there is no model.", "")
    assert "at least" not in unknown
