"""Money and repetitions of a project's comparisons: what goes on, and what is left out."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.project.conftest import Fakes, Script

from fourfold.core.errors import FourfoldError, ModelFiltered
from fourfold.core.records import CompletionOptions, Message
from fourfold.evaluation.estimate import Estimate
from fourfold.evaluation.records import BudgetReached, Spent
from fourfold.evaluation.store import Experiments
from fourfold.models.prices import Price
from fourfold.project.comparing import Wanted, Watch, compare_models
from fourfold.project.project import Project
from fourfold.testing.models import Reply

pytestmark = pytest.mark.anyio
RECORDS = 12


def neutral(messages: Sequence[Message], options: CompletionOptions) -> Reply:
    if "number 3" in messages[-1].content:
        return ModelFiltered("A filter stopped it.")
    return json.dumps({"sentiment": "neutral"})


@pytest.fixture
def script() -> Script:
    return neutral


@pytest.fixture
def price() -> Price:
    return Price(input=5, output=20)


@pytest.fixture
def models() -> str:
    url, price = "http://127.0.0.1:9/v1", "price: {input: 5, output: 20, date: 2026-11-22}"
    return (
        f"models:\n  - {{name: large, url: '{url}', model: l, {price}}}\n"
        f"  - {{name: small, url: '{url}', model: s, {price}}}\n"
        f"  - {{name: secret, url: '{url}', model: gpt-unheard-of}}\n"
    )


@pytest.fixture(autouse=True)
def records(project: Project) -> None:
    rows = [
        {"id": str(n), "text": f"text number {n}", "reference": "neutral"} for n in range(RECORDS)
    ]
    golden = project.folder / "datasets" / "golden.jsonl"
    golden.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def wanted(project: Project, *models: str, **more: Any) -> Wanted:
    golden = project.folder / "datasets" / "golden.jsonl"
    return Wanted(models=models, dataset=golden, metrics=("accuracy",), samples=100, **more)


async def test_a_filtered_answer_counts_as_wrong_and_is_named(project: Project) -> None:
    found = await compare_models(project, wanted(project, "large"), Watch())
    (model,) = found["models"]
    assert (found["compared"], model["answered"]) == (RECORDS, RECORDS)
    assert model["failed"] == {"model_filtered": 1}
    assert model["scores"]["accuracy"]["value"] == pytest.approx(1 - 1 / RECORDS)
    assert model["cost_per_1000"] > 0
    assert [one["code"] for one in found["failures"]] == ["model_filtered"]


async def test_the_order_of_the_models_makes_no_other_experiment(
    project: Project, fakes: Fakes
) -> None:
    one = await compare_models(project, wanted(project, "large", "small"), Watch())
    two = await compare_models(project, wanted(project, "small", "large"), Watch())
    assert one["experiment"] == two["experiment"]
    assert [model["model"] for model in two["models"]] == ["small", "large"]
    assert fakes.asked == 2 * RECORDS


async def test_a_repetition_has_a_number_and_goes_on_when_it_was_stopped(
    project: Project, fakes: Fakes
) -> None:
    first = await compare_models(project, wanted(project, "large"), Watch())
    spent = first["spent_usd"]
    with pytest.raises(BudgetReached, match="`large` after"):
        await compare_models(
            project, wanted(project, "large", again=True, budget_usd=spent), Watch()
        )
    asked = fakes.asked
    assert RECORDS < asked < 2 * RECORDS
    told: list[Spent] = []
    second = await compare_models(
        project, wanted(project, "large", again=True), Watch(before=told.append)
    )
    assert second["experiment"] == f"{first['experiment']}-2"
    assert fakes.asked == 2 * RECORDS
    assert 0 < second["spent_before_usd"] == told[0].usd < spent
    assert second["spent_before_usd"] + second["spent_usd"] == pytest.approx(spent)
    third = await compare_models(project, wanted(project, "large", again=True), Watch())
    assert third["experiment"] == f"{first['experiment']}-3"
    assert fakes.asked == 3 * RECORDS
    listed = [one.id for one in await Experiments(project.database).listed()]
    assert sorted(listed) == sorted(one["experiment"] for one in (first, second, third))


async def test_whom_the_budget_cannot_pay_is_left_out_by_name(
    project: Project, fakes: Fakes
) -> None:
    found = await compare_models(
        project,
        wanted(project, "large", "secret", "extractive", budget_usd=5, leave_out=True),
        Watch(),
    )
    assert [one["model"] for one in found["models"]] == ["large", "extractive"]
    assert found["left_out"] == [
        {
            "model": "secret",
            "code": "too_dear",
            "message": "Nobody knows its price, so no budget can be kept.",
        }
    ]
    assert fakes.made["secret"].asked == []


async def test_a_budget_that_pays_too_little_leaves_out_the_dear_ones_if_somebody_agrees(
    project: Project, fakes: Fakes
) -> None:
    asked: list[str] = []

    async def agrees(unpayable: Sequence[Estimate]) -> bool:
        asked.extend(one.system for one in unpayable)
        return True

    budget = wanted(project, "large", "small", "extractive", budget_usd=1e-6)
    found = await compare_models(project, budget, Watch(leave_out=agrees))
    assert sorted(asked) == ["large", "small"]
    assert [one["model"] for one in found["models"]] == ["extractive"]
    assert "are left" in found["left_out"][0]["message"]
    assert {one["code"] for one in found["left_out"]} == {"too_dear"}
    assert fakes.asked == 0


async def test_whom_the_budget_stopped_is_no_silent_one(project: Project, fakes: Fakes) -> None:
    expected: list[Estimate] = []

    async def declines(estimates: Sequence[Estimate]) -> bool:
        expected.extend(estimates)
        return False

    with pytest.raises(FourfoldError, match="Nothing was sent"):
        await compare_models(project, wanted(project, "large"), Watch(agree=declines))
    likely = expected[0].likely_usd
    assert likely
    fakes.made.clear()
    fakes.price = Price(input=5_000, output=20_000)  # it takes far more than anybody could expect
    enough_to_begin = wanted(project, "large", "extractive", budget_usd=likely, leave_out=True)
    (stopped,) = (await compare_models(project, enough_to_begin, Watch()))["left_out"]
    assert (stopped["model"], stopped["code"]) == ("large", "stopped")
    assert "is reached" in stopped["message"]


async def test_nobody_is_left_out_unasked(project: Project, fakes: Fakes) -> None:
    with pytest.raises(BudgetReached, match="Nobody knows what `secret` costs") as error:
        await compare_models(
            project, wanted(project, "secret", "extractive", budget_usd=5), Watch()
        )
    assert "--leave-out" in error.value.hint
    with pytest.raises(BudgetReached, match="pays for none"):
        await compare_models(
            project, wanted(project, "secret", budget_usd=5, leave_out=True), Watch()
        )
    assert fakes.asked == 0
