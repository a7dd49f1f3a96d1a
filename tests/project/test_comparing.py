"""Comparisons of a project: who is compared, what is kept, what the policy keeps out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.project.conftest import Fakes, Script

from fourfold.core.errors import FourfoldError, InvalidInput, UnknownBackend
from fourfold.core.records import CompletionOptions, Message
from fourfold.evaluation.records import BudgetReached
from fourfold.evaluation.store import Experiments
from fourfold.models.prices import Price
from fourfold.project.comparing import Wanted, Watch, compare_models
from fourfold.project.licences import LicenceGate
from fourfold.project.project import Project
from fourfold.project.scaffold import create_project, ships
from fourfold.reports import decision_report
from fourfold.testing.models import Reply

pytestmark = pytest.mark.anyio
REMOTE = """
models:
  - {name: large, url: 'http://127.0.0.1:9/v1', model: l,
     price: {input: 5, output: 20, date: 2026-11-22}}
  - {name: small, url: 'http://127.0.0.1:9/v1', model: s,
     price: {input: 1, output: 4, date: 2026-11-22}}
  - {name: secret, url: 'http://127.0.0.1:9/v1', model: gpt-unheard-of}
  - {name: smol, url: 'http://127.0.0.1:9/v1', model: x, catalogue: smollm2-135m-instruct,
     price: {input: 1, output: 4, date: 2026-11-22}}
"""


def judges(messages: Sequence[Message], options: CompletionOptions) -> Reply:
    """Right where a word gives it away; `neutral` for all else."""
    text = messages[-1].content.casefold()
    good = any(word in text for word in ("super", "great", "gut", "love", "zufrieden", "toll"))
    bad = any(word in text for word in ("nie", "never", "schlecht", "bad", "leider", "kaputt"))
    label = "positive" if good and not bad else "negative" if bad else "neutral"
    return json.dumps({"sentiment": label})


@pytest.fixture
def script() -> Script:
    return judges


@pytest.fixture
def price() -> Price:
    return Price(input=5, output=20)  # as the project says of the large model


@pytest.fixture
def models() -> str:
    return REMOTE


def wanted(project: Project, *models: str, **more: Any) -> Wanted:
    golden = project.folder / "datasets" / "golden.jsonl"
    return Wanted(models=models, dataset=golden, samples=200, **more)


async def test_models_are_compared_on_the_golden_set_of_the_task(project: Project) -> None:
    found = await compare_models(project, wanted(project, "large", "extractive"), Watch())
    assert [one["model"] for one in found["models"]] == ["large", "extractive"]
    assert found["metrics"] == ["macro_f1", "accuracy"]
    assert found["compared"] == found["dataset"]["records"] == 60
    assert {"a", "b", "p", "difference", "metric"} <= set(found["tests"][0])
    assert found["models"][1]["cost_per_1000"] == 0
    assert found["recommendation"]["model"] in ("large", "extractive")
    entry = await project.evidence.latest("comparison", found["experiment"])
    assert entry.hash == found["evidence"]["hash"]


async def test_the_same_comparison_goes_on_where_it_was(project: Project, fakes: Fakes) -> None:
    first = await compare_models(project, wanted(project, "large"), Watch())
    asked = fakes.asked
    second = await compare_models(project, wanted(project, "large"), Watch())
    assert fakes.asked == asked == 60
    assert first["experiment"] == second["experiment"]
    other = await compare_models(project, wanted(project, "large", "small"), Watch())
    assert fakes.asked == 120  # only the new one is asked
    assert other["experiment"] != first["experiment"]


async def test_all_is_asked_anew_where_that_is_wished(project: Project, fakes: Fakes) -> None:
    await compare_models(project, wanted(project, "large"), Watch())
    await compare_models(project, wanted(project, "large", again=True), Watch())
    assert fakes.asked == 120


async def test_each_prompt_is_tried_with_each_model(project: Project) -> None:
    short = project.folder / "prompts" / "short.md"
    short.write_text("# User\nJudge: {{ text }}\n", encoding="utf-8")
    own = project.folder / "prompts" / "sentiment.en.md"
    found = await compare_models(
        project, wanted(project, "large", "small", prompts=(own, short)), Watch()
    )
    assert [one["model"] for one in found["models"]] == [
        "large · sentiment.en",
        "large · short",
        "small · sentiment.en",
        "small · short",
    ]


async def test_what_it_costs_is_estimated_and_asked_about_first(
    project: Project, fakes: Fakes
) -> None:
    told = []

    async def refuses(estimates: Any) -> bool:
        told.extend(estimates)
        return False

    with pytest.raises(FourfoldError, match="Nothing was sent"):
        await compare_models(project, wanted(project, "large", "small"), Watch(agree=refuses))
    assert fakes.asked == 0
    large, small = told
    assert 0 < large.likely_usd < large.most_usd
    assert large.most_usd == pytest.approx(5 * small.most_usd)


async def test_what_was_answered_before_is_not_estimated_again(project: Project) -> None:
    told = []

    async def agrees(estimates: Any) -> bool:
        told.append({one.system: one.most_usd for one in estimates})
        return True

    await compare_models(project, wanted(project, "large"), Watch(agree=agrees))
    await compare_models(project, wanted(project, "large", "small"), Watch(agree=agrees))
    assert told[0]["large"] > 0
    assert told[1]["large"] == 0 < told[1]["small"]


async def test_a_price_that_nobody_agreed_to_leaves_nothing_behind(project: Project) -> None:
    async def refuses(estimates: Any) -> bool:
        return False

    with pytest.raises(FourfoldError, match="Nothing was sent"):
        await compare_models(project, wanted(project, "large"), Watch(agree=refuses))
    assert await Experiments(project.database).listed() == []


async def test_a_budget_stops_the_run_and_more_of_it_goes_on(
    project: Project, fakes: Fakes
) -> None:
    with pytest.raises(BudgetReached):
        await compare_models(project, wanted(project, "large", budget_usd=0.05), Watch())
    asked = fakes.asked
    assert 0 < asked < 60
    found = await compare_models(project, wanted(project, "large", budget_usd=50), Watch())
    assert found["compared"] == 60
    assert fakes.asked == 60


async def test_a_budget_cannot_be_kept_without_a_price(project: Project, fakes: Fakes) -> None:
    with pytest.raises(BudgetReached, match="Nobody knows"):
        await compare_models(project, wanted(project, "secret", budget_usd=5), Watch())
    assert fakes.asked == 0


async def test_a_misspelt_metric_is_an_error_before_anything_is_sent(
    project: Project, fakes: Fakes
) -> None:
    with pytest.raises(UnknownBackend, match="macro-f1"):
        await compare_models(project, wanted(project, "large", metrics=("macro-f1",)), Watch())
    assert fakes.asked == 0


async def test_a_key_in_an_address_is_not_kept(project: Project) -> None:
    url = "http://user:hidden@127.0.0.1:9/v1?api-key=hidden"
    models = [one.model_copy(update={"url": url}) for one in project.config.models]
    project.config = project.config.model_copy(update={"models": models})
    found = await compare_models(project, wanted(project, "large"), Watch())
    entry = await project.evidence.latest("comparison")
    assert "hidden" not in json.dumps([found, dict(entry.body)])
    assert found["models"][0]["facts"]["where"] == "http://127.0.0.1:9/v1"


async def test_a_model_is_not_compared_with_itself(project: Project) -> None:
    with pytest.raises(InvalidInput, match="compared with itself"):
        await compare_models(project, wanted(project, "large", "large"), Watch())


async def test_the_policy_keeps_out_what_nobody_has_agreed_to(
    project: Project, fakes: Fakes
) -> None:
    (project.folder / "policy.yaml").write_text("use: customer-facing\n", encoding="utf-8")
    with pytest.raises(LicenceGate) as error:
        await compare_models(project, wanted(project, "smol", "secret"), Watch())
    assert "secret: needs an approval" in error.value.message
    assert "smol" not in error.value.message
    assert fakes.asked == 0
    found = await compare_models(project, wanted(project, "smol"), Watch())
    licence = found["models"][0]["facts"]["licence"]
    assert (licence["licence"], licence["verdict"]) == ("apache-2.0", "allowed")


async def test_a_policy_on_places_looks_at_the_host_that_is_asked(project: Project) -> None:
    (project.folder / "policy.yaml").write_text("regions: [eu]\n", encoding="utf-8")
    at = {"smol": "https://api.deepseek.com/v1"}
    models = [
        one.model_copy(update={"url": at.get(one.name, one.url)}) for one in project.config.models
    ]
    project.config = project.config.model_copy(update={"models": models})
    with pytest.raises(LicenceGate, match="may process data in: cn"):
        await compare_models(project, wanted(project, "smol"), Watch())


async def test_a_server_does_not_start_with_a_model_that_is_kept_out(project: Project) -> None:
    project.check_licences()  # no policy, no gate
    (project.folder / "policy.yaml").write_text("use: internal\n", encoding="utf-8")
    with pytest.raises(LicenceGate):
        project.check_licences()


async def test_timed_corrections_become_minutes_and_money(project: Project) -> None:
    timed = project.folder / "timed.jsonl"
    lines = [
        {"draft": "neutral", "released": released, "seconds": seconds}
        for released, seconds in (("neutral", 2), ("positive", 5), ("negative", 6)) * 3
    ]
    timed.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = await compare_models(
        project, wanted(project, "large", "small", timed=timed, per_hour=60.0), Watch()
    )
    one = found["models"][0]
    assert one["minutes_per_1000"]["value"] > 0
    assert one["correction_cost_per_1000"]["value"] == pytest.approx(
        one["minutes_per_1000"]["value"]
    )
    assert "timed:9" in one["minutes_per_1000"]["signature"]


@pytest.mark.parametrize("language", ["de", "en"])
async def test_the_report_of_a_comparison_is_one_file_without_anything_beside_it(
    project: Project, language: str
) -> None:
    evil = "</title><script>alert(1)</script>"
    project.config = project.config.model_copy(update={"title": evil})
    found = await compare_models(
        project, wanted(project, "large", "small", "extractive", down_the_ladder=True), Watch()
    )
    entry = await project.evidence.latest("comparison")
    page = decision_report(entry, language=language)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for outside in ('src="http', "url(", "@import", "<link", "<img"):
        assert outside not in page
    assert f'<html lang="{language}">' in page
    assert found["experiment"] in page
    assert page.count("<svg") == page.count("<desc>") == 4  # two pictures, wide and narrow
    assert entry.hash in page
    words = {"de": ("Empfehlung", "Kosten", "Verfahren"), "en": ("Recommendation", "Method")}
    for word in words[language]:
        assert word in page


async def test_a_report_of_something_else_or_in_another_language_is_an_error(
    project: Project,
) -> None:
    entry = await project.evidence.append("benchmark", "x", {})
    with pytest.raises(InvalidInput, match="not a comparison"):
        decision_report(entry, language="de")
    with pytest.raises(InvalidInput, match="no report in `fr`"):
        decision_report(entry, language="fr")


@pytest.mark.parametrize("task", ["sentiment", "answer", "extract"])
def test_an_unchanged_golden_set_of_ours_is_known_as_one(tmp_path: Path, task: str) -> None:
    create_project(tmp_path / "new", task=task)
    golden = tmp_path / "new" / "datasets" / "golden.jsonl"
    assert ships(golden, task)
    with golden.open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not ships(golden, task)
