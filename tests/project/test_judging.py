"""A judge in a project's comparison, and on texts of files."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.project.conftest import Fakes, Script

from fourfold.core.errors import FourfoldError, InvalidInput, ModelOverloaded
from fourfold.core.records import CompletionOptions, Message
from fourfold.evaluation.estimate import Estimate
from fourfold.evaluation.records import BudgetReached
from fourfold.models.prices import Price
from fourfold.project.comparing import Wanted, Watch, compare_models
from fourfold.project.marking import ToJudge, judge_texts
from fourfold.project.project import Project
from fourfold.reports import decision_report
from fourfold.testing.models import Reply

pytestmark = pytest.mark.anyio
PRICE = "price: {input: 1, output: 4, date: 2026-11-22}}"
REMOTE = f"""
models:
  - {{name: large, url: 'http://127.0.0.1:9/v1?key=geheim', model: qwen-large, {PRICE}
  - {{name: examiner, url: 'http://127.0.0.1:9/v1?key=geheim', model: other-one, {PRICE}
  - {{name: cousin, url: 'http://127.0.0.1:9/v1', model: qwen-small, {PRICE}
"""


def replies(messages: Sequence[Message], options: CompletionOptions) -> Reply:
    """As a model `neutral` to all; as a judge 5 for what equals the reference, else 2."""
    asked = messages[-1].content
    if "</output>" not in asked:
        return json.dumps({"sentiment": "neutral"})
    if "BROKEN" in asked:
        return "no JSON"
    if "AWAY" in asked:
        return ModelOverloaded("Gone.")
    parts = [
        asked.partition(f"<{name}>\n")[2].partition("\n<")[0] for name in ("reference", "output")
    ]
    return json.dumps({"reason": "So it is.", "score": 5 if parts[0] == parts[1] else 2})


@pytest.fixture
def script() -> Script:
    return replies


@pytest.fixture
def price() -> Price:
    return Price(input=1, output=4)


@pytest.fixture
def models() -> str:
    return REMOTE


def wanted(project: Project, *models: str, **more: Any) -> Wanted:
    golden = project.folder / "datasets" / "golden.jsonl"
    return Wanted(models=models, dataset=golden, samples=200, judge="examiner", **more)


async def test_a_judge_adds_a_score_with_signature_and_test(project: Project) -> None:
    found = await compare_models(project, wanted(project, "large", "extractive"), Watch())
    assert found["metrics"] == ["macro_f1", "accuracy", "judge"]
    for one in found["models"]:
        score, right = one["scores"]["judge"], one["scores"]["accuracy"]["value"]
        assert score["value"] == pytest.approx(2 + 3 * right)
        assert score["signature"] == found["judge"]["signature"]
        assert one["judge_failed"] == 0
    assert found["judge"]["compared"] == 60
    assert "|rubric:" in found["judge"]["signature"]
    assert "geheim" not in found["judge"]["signature"]
    assert any(test["metric"] == "judge" for test in found["tests"])


async def test_the_judge_is_part_of_the_experiment_and_asked_once(
    project: Project, fakes: Fakes
) -> None:
    first = await compare_models(project, wanted(project, "large"), Watch())
    count = len(fakes.made["examiner"].asked)
    again = await compare_models(project, wanted(project, "large"), Watch())
    assert first["experiment"] == again["experiment"]
    assert len(fakes.made["examiner"].asked) == count == 60
    plain = Wanted(models=("large",), dataset=wanted(project).dataset, samples=200)
    other = await compare_models(project, plain, Watch())
    assert other["experiment"] != first["experiment"]
    assert len(fakes.made["large"].asked) == 60  # its answers are known


async def test_another_rubric_is_another_judge(project: Project, tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("5 is good.", encoding="utf-8")
    first = await compare_models(project, wanted(project, "large"), Watch())
    own = await compare_models(
        project, wanted(project, "large", rubric=tmp_path / "own.md"), Watch()
    )
    assert first["experiment"] != own["experiment"]
    assert first["judge"]["signature"] != own["judge"]["signature"]


async def test_a_judge_of_the_same_family_is_warned_about(project: Project) -> None:
    found = await compare_models(project, wanted(project, "large", "extractive"), Watch())
    assert found["judge"]["warnings"] == []
    kin = Wanted(models=("large",), dataset=wanted(project).dataset, samples=200, judge="cousin")
    (warning,) = (await compare_models(project, kin, Watch()))["judge"]["warnings"]
    assert "`large` are of one family (qwen)" in warning


async def test_what_the_judge_costs_is_part_of_the_estimate_and_of_the_budget(
    project: Project, fakes: Fakes
) -> None:
    model, judge = await estimated(project)
    assert (model.system, judge.system) == ("large", "judge: examiner")
    assert model.likely_usd
    assert judge.likely_usd
    too_little = model.likely_usd + 0.9 * judge.likely_usd
    with pytest.raises(BudgetReached, match=r"not for the judge\. It would cost about"):
        await compare_models(project, wanted(project, "large", budget_usd=too_little), Watch())
    assert fakes.asked == 0


async def estimated(project: Project) -> list[Estimate]:
    """What a comparison with a judge would cost."""
    told: list[Estimate] = []

    async def declines(estimates: Sequence[Estimate]) -> bool:
        told.extend(estimates)
        return False

    with pytest.raises(FourfoldError, match="Nothing was sent"):
        await compare_models(project, wanted(project, "large"), Watch(agree=declines))
    return told


async def test_what_is_left_to_mark_is_estimated_again_after_a_stop(
    project: Project, fakes: Fakes
) -> None:
    budget = sum(one.likely_usd or 0.0 for one in await estimated(project))
    usual, fakes.made["examiner"].price = fakes.price, Price(input=500, output=2_000)
    told: list[Estimate] = []

    async def agrees(estimates: Sequence[Estimate]) -> bool:
        told[:] = estimates
        return True

    watch = Watch(agree=agrees)
    with pytest.raises(BudgetReached, match="is reached"):
        await compare_models(project, wanted(project, "large", budget_usd=budget), watch)
    fakes.made["examiner"].price = usual
    found = await compare_models(project, wanted(project, "large", budget_usd=9.0), watch)
    system, judge = told
    assert (system.likely_usd, system.most_usd) == (0, 0)
    assert judge.likely_usd is not None
    assert judge.most_usd is not None
    assert 0 < judge.likely_usd <= judge.most_usd
    assert 0 < found["spent_usd"] <= judge.most_usd
    await compare_models(project, wanted(project, "large", budget_usd=9.0), watch)
    assert [one.most_usd for one in told] == [0, 0]


async def test_the_report_shows_the_judge_beside_the_metrics(project: Project) -> None:
    found = await compare_models(project, wanted(project, "large", "extractive"), Watch())
    entry = await project.evidence.latest("comparison", found["experiment"])
    assert found["judge"]["signature"] in decision_report(entry, language="en")


async def test_the_extractive_reader_cannot_judge(project: Project) -> None:
    with pytest.raises(InvalidInput, match="no language model"):
        await judge_texts(project, to_judge(["x"], ["x"], model="extractive"))


def to_judge(texts: list[str], right: list[str], **more: Any) -> ToJudge:
    references = [[one] for one in right]
    return ToJudge(
        model=more.pop("model", "examiner"), hypotheses=texts, references=references, **more
    )


async def test_texts_of_files_are_marked_and_failures_counted_apart(project: Project) -> None:
    texts = ["Ja.", "BROKEN", "Nein.", "AWAY"]
    found = (await judge_texts(project, to_judge(texts, ["Ja."] * 4))).as_json()
    assert [one["score"] for one in found["marks"]] == [5, None, 2, None]
    assert found["marks"][1]["error"]["code"] == "invalid_output"
    assert (found["value"], found["count"], found["judge_failed"]) == (3.5, 2, 2)
    assert "agreement" not in found
    json.dumps(found, allow_nan=False)


async def test_marks_of_people_are_set_beside_those_of_the_judge(project: Project) -> None:
    texts, people = ["Ja.", "Ja.", "Nein.", "BROKEN", "Ja."], ["5", "4,5", "1", "3", ""]
    wanted = to_judge(texts, ["Ja."] * 5, human=people)
    agreed = (await judge_texts(project, wanted)).as_json()["agreement"]
    assert agreed["count"] == 3
    assert agreed["equal"]["value"] == pytest.approx(1 / 3)
    assert agreed["rho"]["value"] > 0.8


async def test_a_comparison_says_how_far_people_agreed_with_its_judge_last(
    project: Project, tmp_path: Path
) -> None:
    first = await compare_models(project, wanted(project, "extractive"), Watch())
    assert first["judge"]["agreement"] is None
    for people in (["1", "1"], ["5", "2"]):
        await judge_texts(project, to_judge(["Ja.", "Nein."], ["Ja.", "Ja."], human=people))
    found = await compare_models(project, wanted(project, "extractive"), Watch())
    agreed, entry = found["judge"]["agreement"], await project.evidence.latest("agreement")
    assert (agreed["equal"]["value"], agreed["count"]) == (1.0, 2)
    assert (agreed["evidence"], agreed["date"]) == (entry.number, entry.at.date().isoformat())
    kept = await project.evidence.latest("comparison", found["experiment"])
    assert "100% of" in re.sub("<[^>]*>", "", decision_report(kept, language="en"))
    (tmp_path / "own.md").write_text("5 is good.", encoding="utf-8")
    other = wanted(project, "extractive", rubric=tmp_path / "own.md")
    assert (await compare_models(project, other, Watch()))["judge"]["agreement"] is None


async def test_a_judge_of_which_nothing_could_be_scored_has_no_mean(project: Project) -> None:
    found = (await judge_texts(project, to_judge(["BROKEN"], ["Ja."], human=["3"]))).as_json()
    assert (found["value"], found["count"], found["judge_failed"]) == (None, 0, 1)


async def test_what_was_marked_is_not_asked_again(project: Project, fakes: Fakes) -> None:
    for _ in range(2):
        await judge_texts(project, to_judge(["Ja.", "Nein."], ["Ja.", "Ja."]))
    assert len(fakes.made["examiner"].asked) == 2


async def test_the_budget_of_files_is_kept(project: Project) -> None:
    with pytest.raises(BudgetReached):
        await judge_texts(project, to_judge(["Ja."], ["Ja."], budget_usd=0.000001))


@pytest.mark.parametrize(
    "more",
    [
        {"human": ["5"]},
        {"human": ["5", "good"]},
        {"human": ["5", "6"]},
        {"human": ["nan", "1"]},
        {"sources": ["a"]},
    ],
)
async def test_files_that_do_not_belong_together_are_refused_before_anything_is_asked(
    project: Project, fakes: Fakes, more: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        await judge_texts(project, to_judge(["a", "b"], ["a", "b"], **more))
    assert fakes.made == {}


def fields(row: str) -> dict[str, Any]:
    """`a`, `b: [{c, d: {e}}]` as names with what stands in their braces."""
    found: dict[str, Any] = {}
    stack, name = [found], ""
    for token in re.findall(r"\w+|[{}]", re.sub(r"\([^)]*\)|`(?= with)", "", row)):
        if token == "{":
            stack.append(stack[-1].setdefault(name, {}))
        elif token == "}":
            stack.pop()
        else:
            name = token
            stack[-1].setdefault(token, {})
    return found


async def test_the_reference_names_every_field_of_a_comparison(project: Project) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "json.md"
    row = next(
        line for line in page.read_text("utf-8").splitlines() if line.startswith("| `compare` |")
    )
    told = fields(row.partition("|")[2].partition("|")[2])
    sizes = wanted(project, "large", "extractive", down_the_ladder=True)
    found = await compare_models(project, sizes, Watch())
    assert set(found) - set(told) == set()
    for name in ("models", "tests", "slices"):
        assert set(found[name][0]) - set(told[name]) == set(), name
    for name in ("recommendation", "ladder", "judge", "dataset", "possibly_paid"):
        assert set(found[name]) - set(told[name]) == set(), name
