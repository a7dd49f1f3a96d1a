"""Recommendations keep to what is allowed, and say how far the figures carry."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fourfold.core.records import Usage
from fourfold.datasets import Record
from fourfold.evaluation.choice import Recommendation, recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.ladder import ladder
from fourfold.evaluation.permission import permission, places
from fourfold.evaluation.records import Case, Outcome
from fourfold.metrics.resampling import Resampling

COUNT = 60
FORBIDDEN = {
    "licence": {
        "verdict": "forbidden",
        "findings": [
            {"code": "not_commercial", "level": "forbidden", "text": "No commerce.", "values": {}},
            {"code": "attribution", "level": "allowed", "text": "Name it.", "values": {}},
        ],
    }
}
APPROVAL = {
    "licence": {
        "verdict": "approval",
        "approved_by": None,
        "findings": [
            {"code": "unknown_licence", "level": "approval", "text": "Unread.", "values": {}}
        ],
    }
}


def outcome(output: str, cost: float) -> Outcome:
    usage = Usage(prompt_tokens=100, completion_tokens=10, cost_usd=cost)
    return Outcome(
        output=output, refused=False, evidence=(), usage=usage, seconds=0.5, first_text_seconds=None
    )


def cases(system: str, right: int, cost: float, answered: int = COUNT) -> list[Case]:
    return [
        Case(
            system=system,
            record_id=str(n),
            outcome=outcome("yes" if n < right else "no", cost) if n < answered else None,
            exchanges=(),
            error_code="" if n < answered else "model_overloaded",
        )
        for n in range(COUNT)
    ]


def recommended(
    *systems: Sequence[Case], facts: Mapping[str, Mapping[str, Any]] | None = None
) -> Recommendation:
    records = [Record(id=str(n), text=f"text {n}", references=("yes",)) for n in range(COUNT)]
    every = [case for system in systems for case in system]
    return recommend(compare(every, records, ["accuracy"], Resampling(samples=200), facts=facts))


def test_a_forbidden_system_is_neither_taken_nor_held_against() -> None:
    choice = recommended(
        cases("barred", 58, 0.001),
        cases("next", 40, 0.002),
        cases("last", 10, 0.001),
        facts={"barred": FORBIDDEN},
    )
    assert (choice.system, choice.best) == ("next", "next")
    assert [one.system for one in choice.excluded] == ["barred"]
    assert [one["code"] for one in choice.excluded[0].reasons] == ["not_commercial"]
    assert "barred" not in [rung.system for rung in choice.rungs]
    assert "barred" not in choice.because


def test_where_all_are_forbidden_nothing_is_recommended() -> None:
    choice = recommended(cases("barred", 58, 0.001), facts={"barred": FORBIDDEN})
    assert (choice.system, choice.best, choice.as_json()["model"]) == (None, None, None)
    assert "forbids every" in choice.because


def test_what_needs_an_approval_is_recommended_on_a_condition_with_the_one_until_then() -> None:
    choice = recommended(
        cases("unread", 58, 0.001),
        cases("cheap", 30, 0.001),
        cases("good", 50, 0.002),
        facts={"unread": APPROVAL},
    )
    assert choice.system == "unread"
    assert [one["code"] for one in choice.as_json()["conditions"]] == ["unknown_licence"]
    assert choice.otherwise == "good"


def test_a_system_that_is_allowed_has_no_conditions() -> None:
    choice = recommended(cases("a", 58, 0.001), cases("b", 30, 0.001), facts={"b": APPROVAL})
    assert (choice.system, choice.conditions, choice.otherwise) == ("a", None, None)


def test_an_unknown_place_of_data_is_a_condition() -> None:
    facts = {"kind": "remote", "where": "https://models.example.com/v1"}
    choice = recommended(cases("far", 58, 0.001), facts={"far": facts})
    assert [one["code"] for one in choice.as_json()["conditions"]] == ["residency_unknown"]
    assert choice.otherwise is None


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        ({"kind": "weights", "where": "this machine"}, ["own"]),
        ({"kind": "remote", "site": {"kind": "own-machine", "regions": []}}, ["own"]),
        ({"kind": "remote", "site": {"kind": "own-network", "regions": []}}, ["own"]),
        ({"kind": "remote", "site": {"kind": "own-network", "regions": ["de"]}}, ["de"]),
        ({"kind": "remote", "site": {"kind": "unknown", "regions": []}}, []),
        ({"kind": "remote", "site": {"kind": "unknown", "regions": ["us"]}}, ["us"]),
        ({"kind": "remote", "where": "https://x.example.com"}, []),
        ({"kind": "remote", "where": "https://api.x.ai", "host": {"regions": ["us"]}}, ["us"]),
    ],
)  # fmt: skip
def test_where_data_can_be_processed(facts: dict[str, Any], known: list[str]) -> None:
    assert places(facts) == known
    assert permission("one", facts).free == bool(known)


def test_an_approval_by_name_settles_the_place_too() -> None:
    licence = {"verdict": "warning", "approved_by": "A. Meyer, 2026-11-01", "findings": []}
    facts = {"kind": "remote", "where": "https://x.example.com", "licence": licence}
    assert permission("one", facts).free


def test_few_records_are_told_with_the_difference_that_they_could_show() -> None:
    choice = recommended(cases("a", 58, 0.001), cases("b", 55, 0.001))
    warned = {one.code: one.values for one in choice.warnings}
    assert warned["few_records"]["count"] == COUNT
    assert warned["few_records"]["detectable"] > warned["few_records"]["relevant"] == 0.02


def test_records_that_a_system_did_not_answer_are_told() -> None:
    choice = recommended(cases("a", 58, 0.001), cases("b", 40, 0.001, answered=50))
    warned = {one.code: one.values for one in choice.warnings}
    assert warned["few_compared"] == {"count": 50, "records": 60}
    assert warned["few_answered"] == {"model": "b", "count": 50, "records": 60}
    whole = recommended(cases("a", 58, 0.001), cases("b", 40, 0.001, answered=54))
    assert not any("answered" in one.code for one in whole.warnings)


def test_a_pair_that_plainly_differs_calls_for_no_more_records() -> None:
    choice = recommended(cases("a", 58, 0.001), cases("b", 20, 0.001), cases("c", 10, 0.001))
    assert "few_records" not in {one.code for one in choice.warnings}
    assert choice.would_change == ()


@pytest.mark.parametrize(
    ("code", "answered", "said"),
    [
        ("invalid_output", True, "5 outputs count as wrong"),
        ("model_overloaded", False, "5 records are not in its figures"),
    ],
)
def test_a_wrong_form_is_in_the_figures_and_a_failure_is_not(
    code: str, answered: bool, said: str
) -> None:
    good = [replace(one, error_code="") for one in cases("a", COUNT, 0.001)]
    failed = [
        replace(one, outcome=outcome("", 0.001) if answered else None, error_code=code)
        for one in good[:5]
    ]
    (told,) = recommended([*failed, *good[5:]]).would_change
    assert told.startswith(said)


def test_the_smallest_saves_what_both_are_known_to_take() -> None:
    records = [Record(id=str(n), text=f"text {n}", references=("yes",)) for n in range(COUNT)]
    facts = {"large": {"bytes": 3_000}, "small": {"bytes": 1_000}}
    every = [*cases("large", 58, 0.003), *cases("small", 58, 0.001)]
    found = compare(every, records, ["accuracy"], Resampling(samples=200), facts=facts)
    assert ladder(found, ["large", "small"]).saves == {
        "cost_per_1000": pytest.approx(2.0),
        "seconds_p95": 0.0,
        "bytes": 2_000,
    }
    unknown = compare(every, records, ["accuracy"], Resampling(samples=200))
    assert ladder(unknown, ["large", "small"]).saves["bytes"] is None


def test_a_choice_of_which_nothing_is_right_is_warned_of() -> None:
    bad = recommended(cases("a", 0, 0.002), cases("b", 0, 0.001))
    assert next(one.text for one in bad.warnings if one.code == "nothing_right").startswith("`b`")
    assert (bad.system, bad.best) == (None, "a")
    assert bad.because == "`b` has accuracy 0: nothing came out right."
    good = recommended(cases("a", 1, 0.002), cases("b", 0, 0.003))
    assert good.system == "a"
    assert "nothing_right" not in {one.code for one in good.warnings}


def test_texts_with_as_many_edits_as_words_are_not_taken() -> None:
    records = [Record(id=str(n), text="x", references=("ja",)) for n in range(COUNT)]
    wrong = compare(cases("a", 0, 0.001), records, ["hter"], Resampling(samples=200))
    assert recommend(wrong).system is None
    assert "writing it anew takes no more edits" in recommend(wrong).because
    records = [Record(id=str(n), text="x", references=("yes",)) for n in range(COUNT)]
    right = compare(cases("a", 6, 0.001), records, ["hter"], Resampling(samples=200))
    assert recommend(right).system == "a"


def test_a_baseline_that_no_model_surpasses_is_said_to_be_no_model() -> None:
    facts = {"copies": {"kind": "baseline"}, "model": {"kind": "weights"}}
    both = recommended(cases("copies", 40, 0.0), cases("model", 40, 0.001), facts=facts)
    assert both.system == "copies"
    (warned,) = (one for one in both.warnings if one.code.startswith("baseline"))
    assert (warned.code, warned.values) == ("baseline_taken", {"model": "copies"})
    assert "No model here is measurably better." in warned.text
    alone = recommended(cases("copies", 40, 0.0), facts=facts)
    assert [one.code for one in alone.warnings] == ["baseline_alone"]
    model = recommended(cases("copies", 10, 0.0), cases("model", 55, 0.001), facts=facts)
    assert not [one for one in model.warnings if one.code.startswith("baseline")]


def test_a_choice_is_settled_when_every_other_is_plainly_worse_or_plainly_as_good() -> None:
    assert recommended(cases("a", 58, 0.002), cases("b", 20, 0.001)).settled
    unsure = recommended(cases("a", 40, 0.002), cases("b", 38, 0.001))
    assert not unsure.settled  # neither significantly worse nor within the margin
    assert unsure.as_json()["settled"] is False


def test_of_a_handful_of_records_nothing_is_chosen() -> None:
    records = [Record(id=str(n), text="x", references=("yes",)) for n in range(7)]
    every = [*cases("a", 6, 0.002)[:7], *cases("b", 5, 0.001)[:7]]
    choice = recommend(compare(every, records, ["accuracy"], Resampling(samples=200)))
    assert [one.code for one in choice.warnings] == ["too_few"]
    assert choice.warnings[0].values == {"count": 7, "fewest": 8}
