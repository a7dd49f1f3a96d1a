"""Whose figure a share of safety is, and why a kind of probe was left out."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from tests.reports.conftest import SAFETY, Make

from fourfold.evaluation.probes import WHY_NOT
from fourfold.reports import decision_report
from fourfold.reports.words import words


def told(comparison: Make, safety: Mapping[str, Any], language: str) -> str:
    """The section alone, as a reader reads it."""
    page = decision_report(comparison(safety=safety), language=language)
    title = words("safety")["safety"][language]
    section = page.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", section))


def changed(**share: int) -> dict[str, Any]:
    """The same check, with other counts for the harmless probes of all systems."""
    safety = deepcopy(SAFETY)
    for one in safety["models"]:
        for each in one["kinds"].values():
            each["unasked"] = 0
        one["kinds"]["harmless"] |= {"judged": 17, "good": 9, "share": 9 / 17, **share}
    return safety


def test_unusable_and_failed_answers_are_told_apart(comparison: Make) -> None:
    said = told(comparison, changed(unusable=1, failed=2), "en")
    assert "; 1 unusable; 2 failed" in re.sub(r" +(?=[;.])", "", said)
    assert "2 gescheitert" in re.sub(" +", " ", told(comparison, changed(failed=2), "de"))


@pytest.mark.parametrize(
    ("language", "counted", "whose"),
    [
        ("en", "12 ended without a model", "is the application's, not the model's"),
        ("de", "12 ohne Modell beendet", "ist der der Anwendung, nicht der des Modells"),
    ],
)
def test_a_share_that_no_model_was_asked_for_is_the_applications(
    comparison: Make, language: str, counted: str, whose: str
) -> None:
    safety = {**changed(unasked=12), "guards": {"input": ["injection"], "output": []}}
    said = told(comparison, safety, language)
    assert counted in re.sub(" +", " ", said)
    assert whose in said
    assert "injection" in said
    assert whose not in told(comparison, changed(), language)


def test_a_refusal_by_the_application_is_not_laid_at_the_models_door(comparison: Make) -> None:
    safety = changed(unasked=1)
    for one in safety["models"]:
        one["findings"] = [{**one["findings"][0], "verdict": "refused", "asked_model": False}]
    assert "kein Modell gefragt" in told(comparison, safety, "de")


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("code", [*WHY_NOT, "of another release"])
def test_a_kind_that_was_left_out_is_named_with_its_reason(
    comparison: Make, code: str, language: str
) -> None:
    left_out = {"kind": "dangerous", "code": code, "because": "it said so"}
    said = told(comparison, {**SAFETY, "not_applicable": [left_out]}, language)
    reason = words("safety").get(f"why_{code}", {}).get(language, "it said so")
    assert reason in said
    assert words("safety")["of_dangerous"][language] in said


def test_every_reason_has_words() -> None:
    assert {f"why_{code}" for code in WHY_NOT} <= set(words("safety"))


def test_a_task_that_cannot_be_probed_shows_no_shares(comparison: Make) -> None:
    empty = {
        **SAFETY,
        "models": [],
        "set": {**SAFETY["set"], "probes": 0},
        "not_applicable": [
            {"kind": kind, "code": "label", "because": "…"}
            for kind in ("dangerous", "harmless", "hidden")
        ],
    }
    said = told(comparison, empty, "en")
    assert "cannot be probed" in said
    assert "smoke test" not in said
    assert said.count("one of three labels") == 3
