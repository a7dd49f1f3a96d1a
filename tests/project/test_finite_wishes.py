"""What Python callers ask for is held to the same numbers as the options of the commands."""

from math import inf, nan
from pathlib import Path

import pytest

from fourfold.catalogue.shortlist import Wishes
from fourfold.core.errors import InvalidInput, InvalidProject
from fourfold.project.comparing import Wanted
from fourfold.project.config_file import parse_config
from fourfold.project.marking import ToJudge


@pytest.mark.parametrize("number", [nan, inf, -1.0])
@pytest.mark.parametrize("name", ["budget_usd", "relevant", "per_hour", "patience_seconds"])
def test_a_comparison_is_refused_before_it_is_planned(name: str, number: float) -> None:
    with pytest.raises(InvalidInput, match=name.removesuffix("_usd")):
        Wanted(models=("m",), dataset=Path("golden.jsonl"), **{name: number})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [nan, inf, -1.0])
def test_a_judge_and_a_shortlist_refuse_such_budgets_too(number: float) -> None:
    with pytest.raises(InvalidInput, match="budget"):
        ToJudge(model="m", hypotheses=["a"], references=[["a"]], budget_usd=number)
    with pytest.raises(InvalidInput, match="budget"):
        Wishes(task="answer", budget_usd=number)


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan"])
def test_a_price_in_the_project_file_is_a_finite_number(number: str) -> None:
    price = f"price: {{input: {number}, output: 1, date: 2026-11-22}}"
    text = f"name: a\nmodels:\n  - {{name: m, url: 'http://x/v1', model: m, {price}}}\n"
    with pytest.raises(InvalidProject) as caught:
        parse_config(text, Path("fourfold.yaml"))
    assert "line 3: `models.0.price.input` must be a finite number." in caught.value.message
