"""Comparisons: scores, tests, slices, and which system to take."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Usage
from fourfold.datasets import Record
from fourfold.evaluation.choice import recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.ladder import ladder
from fourfold.evaluation.measured import Comparison
from fourfold.evaluation.records import Case, Outcome
from fourfold.metrics.resampling import Resampling

COUNT = 100
HOW = Resampling(samples=500)
LABELS = ["positive", "neutral", "negative"]


def records(count: int = COUNT, **more: Any) -> list[Record]:
    return [
        Record(
            id=str(n),
            text=f"text {n}",
            references=(LABELS[n % 3],),
            language="de" if n % 2 else "en",
            tags=("rare",) if n < 5 else ("often",),
            **more,
        )
        for n in range(count)
    ]


def cases(system: str, outputs: Sequence[str | None], cost: float | None = 0.001) -> list[Case]:
    return [
        Case(
            system=system,
            record_id=str(n),
            outcome=None
            if output is None
            else Outcome(
                output=output,
                refused=False,
                evidence=(),
                usage=Usage(prompt_tokens=100, completion_tokens=10, cost_usd=cost),
                seconds=0.5,
                first_text_seconds=0.1,
            ),
            exchanges=(),
            error_code="" if output is not None else "model_overloaded",
            error_message="" if output is not None else "It was too slow.",
        )
        for n, output in enumerate(outputs)
    ]


def right_in(share: float, count: int = COUNT) -> list[str]:
    """So many right labels, spread evenly."""
    return [
        LABELS[n % 3] if int(n * share) != int((n + 1) * share) else "wrong" for n in range(count)
    ]


def compared(*given: list[Case], metrics: Sequence[str] = ("accuracy",)) -> Comparison:
    return compare([case for group in given for case in group], records(), metrics, HOW)


def test_each_system_has_its_score_with_an_interval_and_a_signature() -> None:
    found = compared(cases("good", right_in(0.9)), metrics=["accuracy", "macro_f1"])
    score = found.measured[0].scores["accuracy"]
    assert score.interval.value == 0.9
    assert score.interval.low < 0.9 < score.interval.high
    assert "case:mixed" in score.signature
    assert found.measured[0].cost_per_1000.value == 1.0  # type: ignore[union-attr]


def test_right_and_wrong_are_tested_by_mcnemar_and_corrected_for_several_pairs() -> None:
    found = compared(
        cases("a", right_in(0.9)), cases("b", right_in(0.5)), cases("c", right_in(0.48))
    )
    assert [(one.a, one.b) for one in found.tests] == [("a", "b"), ("a", "c"), ("b", "c")]
    first = found.tests[0]
    assert first.method == "exact McNemar"
    assert first.difference.value == pytest.approx(0.4)
    assert first.p_raw < first.p < 0.001
    assert found.tests[2].p > 0.05
    assert 0.02 < found.tests[2].detectable < 0.4


def test_other_metrics_are_tested_by_randomisation() -> None:
    found = compared(
        cases("a", right_in(0.9)), cases("b", right_in(0.5)), metrics=["macro_f1", "chrf"]
    )
    assert {one.method for one in found.tests} == {"approximate randomisation"}
    assert all(one.p < 0.05 for one in found.tests)


def test_systems_that_give_the_same_do_not_differ() -> None:
    found = compared(cases("a", right_in(0.7)), cases("b", right_in(0.7)))
    assert found.tests[0].difference.value == 0
    assert found.tests[0].p == 1


def test_only_records_that_all_answered_are_compared_and_failures_are_counted() -> None:
    partly: list[str | None] = [*right_in(0.8)]
    partly[3] = partly[7] = None
    found = compared(cases("whole", right_in(0.8)), cases("partly", partly))
    assert found.count == 98
    assert found.measured[1].failed == {"model_overloaded": 2}


def test_a_system_that_answered_nothing_is_left_out() -> None:
    found = compared(cases("good", right_in(0.8)), cases("dead", [None] * COUNT))
    assert [one.system for one in found.measured] == ["good"]


def test_nothing_to_compare_is_an_error_that_says_what_failed_first() -> None:
    with pytest.raises(InvalidInput) as error:
        compared(cases("dead", [None] * COUNT))
    assert "dead: It was too slow." in error.value.hint


def test_slices_by_language_and_tag_say_when_they_are_too_small() -> None:
    found = {one.name: one for one in compared(cases("a", right_in(0.8))).slices}
    assert [found[name].count for name in ("language: de", "language: en")] == [50, 50]
    assert found["rare"].too_small
    assert not found["often"].too_small
    assert set(found["often"].scores) == {"a"}


def test_records_of_one_cluster_say_less_than_as_many_others() -> None:
    alone = compare(cases("a", right_in(0.5)), records(), ["accuracy"], HOW)
    together = [
        Record(id=one.id, text=one.text, references=one.references, cluster=str(n // 20))
        for n, one in enumerate(records())
    ]
    blocks = ["wrong" if n % 40 < 20 else LABELS[n % 3] for n in range(COUNT)]
    clustered = compare(cases("a", blocks), together, ["accuracy"], HOW)
    free = alone.measured[0].scores["accuracy"].interval
    bound = clustered.measured[0].scores["accuracy"].interval
    assert bound.high - bound.low > 2 * (free.high - free.low)


def test_waits_have_intervals_and_an_end_that_nobody_knows_is_null() -> None:
    waited = [
        replace(one, outcome=replace(one.outcome, seconds=float(n)))  # type: ignore[type-var]
        for n, one in enumerate(cases("a", right_in(0.8)))
    ]
    found = compared(waited).measured[0].as_json()
    assert (found["seconds_p50"], found["seconds_p95"]) == pytest.approx((49.5, 94.05))
    half, most = found["seconds_p50_interval"], found["seconds_p95_interval"]
    assert 38 < half["low"] < 49.5 < half["high"] < 61
    assert 88 < most["low"] < 94 < most["high"] <= 99
    few = compare(waited[:40], records(40), ["accuracy"], HOW).measured[0].as_json()
    assert few["seconds_p95_interval"]["high"] is None


def test_a_price_that_nobody_knows_is_unknown_and_not_nothing() -> None:
    found = compared(cases("a", right_in(0.8), cost=None))
    assert found.measured[0].cost_per_1000 is None


def test_the_json_is_json() -> None:
    found = compared(cases("a", right_in(0.8)), cases("b", right_in(0.7)))
    parts = [one.as_json() for one in found.measured]
    parts += [one.as_json() for one in found.tests]
    parts += [one.as_json() for one in found.slices]
    text = json.dumps(parts, allow_nan=False)
    assert '"model": "a"' in text


def test_the_cheapest_that_is_not_worse_is_recommended() -> None:
    found = compared(
        cases("large", right_in(0.9), cost=0.1),
        cases("small", right_in(0.89), cost=0.001),
        cases("tiny", right_in(0.5), cost=0.0001),
    )
    choice = recommend(found, relevant=0.02)
    assert (choice.system, choice.best) == ("small", "large")
    assert {rung.system: rung.holds for rung in choice.rungs} == {"small": True, "tiny": False}
    assert "neither significant" in choice.because
    assert any("More records" in one for one in choice.would_change)


def test_systems_that_give_the_same_need_no_more_records() -> None:
    found = compared(cases("a", right_in(0.7)), cases("b", right_in(0.7), cost=0.1))
    choice = recommend(found)
    assert choice.system == "a"
    assert "holds too, but is not cheaper" in choice.because
    assert not any("More records" in one for one in choice.would_change)


def test_the_best_is_taken_when_no_cheaper_one_holds() -> None:
    found = compared(cases("large", right_in(0.9), cost=0.1), cases("tiny", right_in(0.5)))
    assert recommend(found).system == "large"


def test_an_unknown_price_counts_as_dearer_than_all() -> None:
    found = compared(cases("unknown", right_in(0.9), cost=None), cases("known", right_in(0.9)))
    assert recommend(found).system == "known"


def test_of_errors_fewer_are_better() -> None:
    found = compared(
        cases("good", right_in(0.9)), cases("bad", right_in(0.4)), metrics=["hter", "chrf"]
    )
    assert recommend(found).best == "good"


def test_the_ladder_ends_above_the_first_rung_that_breaks() -> None:
    found = compared(
        cases("large", right_in(0.9)),
        cases("middle", right_in(0.9)),
        cases("small", right_in(0.6)),
        cases("tiny", right_in(0.9)),
    )
    made = ladder(found, ["large", "middle", "small", "tiny"])
    assert made.smallest == "middle"
    assert [rung.holds for rung in made.rungs] == [True, False, True]
    assert (made.missing, made.excluded) == ((), ())


def test_a_ladder_names_the_sizes_that_have_no_figures() -> None:
    found = compared(cases("big", right_in(0.9)), cases("small", right_in(0.9)))
    made = ladder(found, ["dead", "big", "lost", "small"]).as_json()
    assert (made["largest"], made["smallest"]) == ("big", "small")
    assert made["missing"] == ["dead", "lost"]
    assert made["sizes"] == ["dead", "big", "lost", "small"]


def test_a_ladder_leads_past_what_the_policy_forbids() -> None:
    found = compared(*(cases(name, right_in(0.9)) for name in ("large", "middle", "small")))
    found = barring(found, "small")
    made = ladder(found, ["large", "middle", "small"])
    assert made.smallest == "middle"
    assert [one.system for one in made.excluded] == ["small"]
    assert [rung.system for rung in made.rungs] == ["middle"]
    topless = ladder(barring(found, "large"), ["large", "middle", "small"])
    assert (topless.largest, topless.smallest, topless.rungs) == ("middle", "middle", ())
    none = ladder(barring(found, "large", "middle"), ["large", "middle", "small"])
    assert (none.largest, none.smallest, none.rungs, none.saves) == (None, None, (), {})


def barring(found: Comparison, *names: str) -> Comparison:
    """The same with systems that the policy forbids."""
    facts = {"licence": {"verdict": "forbidden", "findings": []}}
    return replace(
        found,
        measured=tuple(
            replace(one, facts=facts) if one.system in names else one for one in found.measured
        ),
    )
