"""The safety check inside a comparison: asked like the golden set, kept, paid once, as served."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Delta, Message
from fourfold.core.settings import Settings
from fourfold.evaluation.records import BudgetReached, RunProgress
from fourfold.evaluation.store import Experiments
from fourfold.models.prices import Price, charged
from fourfold.project.asking import Watch
from fourfold.project.comparing import Wanted, compare_models
from fourfold.project.config_file import load_config
from fourfold.project.exporting import export_experiment
from fourfold.project.project import Project
from fourfold.project.scaffold import create_project
from fourfold.storage.database import Database
from fourfold.testing.models import ScriptedModel
from fourfold.tracing.tracer import Tracer

pytestmark = pytest.mark.anyio
REMOTE = """
models:
  - {name: careful, url: 'http://127.0.0.1:9/v1', model: l,
     price: {input: 5, output: 20, date: 2026-11-22}}
  - {name: careless, url: 'http://127.0.0.1:9/v1', model: s,
     price: {input: 5, output: 20, date: 2026-11-22}}
"""
GOLDEN = [
    {"id": "1", "language": "en", "text": "When do you open?", "reference": "We open at 9."},
    {"id": "2", "language": "de", "text": "Wann öffnen Sie?", "reference": "Um 9 Uhr."},
]
DANGER = ("bomb", "poison", "gift", "meth", "konto", "account", "troja", "phishing-mail im", "peil")


def careful(messages: Sequence[Message], options: CompletionOptions) -> str:
    """Refuses what holds a word of danger."""
    asked = messages[-1].content.casefold()
    return "I cannot help with that." if any(word in asked for word in DANGER) else "At 9 o'clock."


def careless(messages: Sequence[Message], options: CompletionOptions) -> str:
    """Goes along with everything, orders in the material included."""
    asked = messages[-1].content
    found = [word for word in ("Tango", "Polka", "Gecko", "Orbit", "Salsa") if word in asked]
    orders = found or [word for word in ("tango", "polka", "gecko", "salsa") if word in asked]
    return f"Sure, this is how it goes. {orders[0].upper() if orders else 'Enjoy!'}"


class Charging(ScriptedModel):
    """A scripted model with a price."""

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        async for delta in super().stream(messages, options):
            price = Price(input=5, output=20)
            yield replace(delta, usage=charged(delta.usage, price)) if delta.usage else delta


Made = dict[str, ScriptedModel]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    models: Made = {}

    def make(name: str, *_: Any, **__: Any) -> ChatModel:
        says = careful if name == "careful" else careless
        return models.setdefault(name, Charging(says, name=name))

    monkeypatch.setattr("fourfold.project.wiring.chat_model", make)
    return models


@pytest.fixture
async def project(
    tmp_path: Path, database: Database, settings: Settings, made: Made
) -> AsyncIterator[Project]:
    folder = tmp_path / "desk"
    create_project(folder, task="customer-service")
    with (folder / "fourfold.yaml").open("a", encoding="utf-8") as file:
        file.write(REMOTE)
    lines = [json.dumps({**row, "passages": ["We open at 9."]}) for row in GOLDEN]
    (folder / "datasets" / "golden.jsonl").write_text("\n".join(lines), encoding="utf-8")
    async with Tracer(database) as tracer:
        yield Project(folder, load_config(folder), settings, database, tracer)


def wanted(project: Project, *models: str, **more: Any) -> Wanted:
    golden = project.folder / "datasets" / "golden.jsonl"
    return Wanted(models=models, dataset=golden, samples=50, **{"safety": True, **more})


async def test_each_system_answers_the_probes_beside_the_golden_set(
    project: Project, made: Made
) -> None:
    seen: list[RunProgress] = []
    watch = Watch(progress=seen.append)
    found = await compare_models(project, wanted(project, "careful", "careless"), watch)
    assert found["compared"] == found["dataset"]["records"] == 2
    assert seen[-1].total == seen[-1].done == 2 * (2 + 72)
    safety = found["safety"]
    assert safety["tested"]
    assert safety["set"]["languages"] == ["de", "en"]
    assert safety["guards"] == {"input": ["length", "injection"], "output": ["leak"]}
    good, bad = safety["models"]
    assert good["kinds"]["dangerous"]["good"] > 8
    assert bad["kinds"]["dangerous"]["good"] == 0
    assert good["kinds"]["hidden"]["good"] == 24 > bad["kinds"]["hidden"]["good"]
    assert bad["findings"][0]["kind"] == "dangerous"
    assert {test["kind"] for test in safety["tests"]} == {"dangerous", "harmless", "hidden"}
    hidden = [a for a in safety["answers"] if a["kind"] == "hidden" and not a["asked_model"]]
    assert not hidden  # a guard drops the passage, and the model is asked without it


async def test_transcripts_are_kept_and_evidence_stays_short(project: Project) -> None:
    found = await compare_models(project, wanted(project, "careless"), Watch())
    answers = found["safety"]["answers"]
    assert len(answers) == 72
    kept = {row["id"] async for row in Experiments(project.database).requests(found["experiment"])}
    assert {one for answer in answers for one in answer["exchanges"]} <= kept
    shown = await Experiments(project.database).named(found["experiment"])
    assert shown.result
    assert shown.result["safety"]["answers"] == answers
    entry = await project.evidence.latest("comparison", found["experiment"])
    assert "answers" not in entry.body["safety"]
    assert entry.body["safety"]["models"] == found["safety"]["models"]


async def test_without_the_check_the_result_says_so(project: Project, made: Made) -> None:
    found = await compare_models(project, wanted(project, "careful", safety=False), Watch())
    assert found["safety"]["tested"] is False
    assert "--safety" in found["safety"]["because"]
    assert len(made["careful"].asked) == 2


async def test_the_check_is_resumed_and_asks_nothing_twice(project: Project, made: Made) -> None:
    plain = await compare_models(project, wanted(project, "careful", safety=False), Watch())
    checked = await compare_models(project, wanted(project, "careful"), Watch())
    assert checked["experiment"] != plain["experiment"]
    assert len(made["careful"].asked) == 2 + 72
    again = await compare_models(project, wanted(project, "careful"), Watch())
    assert len(made["careful"].asked) == 2 + 72
    assert again["safety"]["models"] == checked["safety"]["models"]


async def test_an_export_says_that_it_holds_no_probes(project: Project) -> None:
    found = await compare_models(project, wanted(project, "careful"), Watch())
    file = project.folder / "out.jsonl"
    made = await export_experiment(project, found["experiment"], "jsonl", file, dataset=None)
    assert made.rows == 2
    assert [warning for warning in made.warnings if "probes of safety" in warning]
    assert len(made.warnings) == 1


async def test_the_check_is_estimated_and_budgeted(project: Project) -> None:
    told: list[float] = []

    async def refuses(estimates: Any) -> bool:
        told.append(estimates[0].most_usd)
        return told[-1] < 0

    for safety in (False, True):
        with pytest.raises(Exception, match="Nothing was sent"):
            await compare_models(
                project, wanted(project, "careful", safety=safety), Watch(agree=refuses)
            )
    assert told[1] > 20 * told[0]
    with pytest.raises(BudgetReached):
        await compare_models(project, wanted(project, "careful", budget_usd=0.1), Watch())


async def test_a_task_of_labels_is_not_tested_and_says_why(
    tmp_path: Path, database: Database, settings: Settings
) -> None:
    create_project(tmp_path / "mood", task="sentiment")
    async with Tracer(database) as tracer:
        config = load_config(tmp_path / "mood")
        project = Project(tmp_path / "mood", config, settings, database, tracer)
        found = await compare_models(project, wanted(project, "extractive"), Watch())
    assert found["safety"]["tested"] is False
    assert "labels" in found["safety"]["because"]
