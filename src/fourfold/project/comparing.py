"""Compares models and prompts on the project's own task: the systems, the run, the record of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import FourfoldError, InvalidInput
from fourfold.core.records import Usage
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.choice import RELEVANT, ladder, recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.estimate import CountingModel, Estimate, estimate
from fourfold.evaluation.kept import KeptModel
from fourfold.evaluation.records import RunProgress
from fourfold.evaluation.run import Run
from fourfold.evaluation.store import Experiments
from fourfold.evaluation.systems import ApplicationSystem
from fourfold.metrics.resampling import Resampling
from fourfold.project import wiring
from fourfold.project.application import application, output_schema
from fourfold.project.licences import check_licences
from fourfold.prompts.tasks import TASKS

if TYPE_CHECKING:
    from fourfold.catalogue.policy import Verdict
    from fourfold.core.protocols import ChatModel
    from fourfold.datasets import Record
    from fourfold.evaluation.store import Journal
    from fourfold.models.prices import Tariff
    from fourfold.project.project import Project

_USUAL_PARALLEL = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be compared. Empty `prompts` means the project's own, empty `metrics` likewise."""

    models: tuple[str, ...]
    dataset: Path
    prompts: tuple[Path, ...] = ()
    metrics: tuple[str, ...] = ()
    budget_usd: float | None = None
    parallel: int = _USUAL_PARALLEL
    relevant: float = RELEVANT
    seed: int = 0
    samples: int = 2_000
    down_the_ladder: bool = False  # the models are sizes of a family, the largest first
    again: bool = False  # ask anew what was answered before
    patience_seconds: float = 180.0


@dataclass(slots=True)
class Asked:
    """How a run is watched: what it tells while it goes on, and whether its price is all right."""

    progress: Callable[[RunProgress], None] = lambda _: None
    scoring: Callable[[str], None] = lambda _: None
    agree: Callable[[Sequence[Estimate]], Awaitable[bool]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contestant:
    """A model with a prompt, before it is made into a system."""

    name: str
    model: str
    prompt: Path | None
    chat_model: ChatModel | None
    identity: str
    tariff: Tariff
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """True when it computes on this machine."""
        return self.identity.startswith(("weights:", wiring.EXTRACTIVE))


async def compare_models(project: Project, wanted: Wanted, asked: Asked) -> dict[str, Any]:
    """Run, score and keep a comparison; gives what `compare --json` prints.

    The same comparison is the same experiment: it goes on where it was stopped, and what was
    answered is not asked again. Raises `BudgetReached` when the money ends before the records do.
    """
    from fourfold.datasets import read_records

    records = read_records(wanted.dataset)
    licences = check_licences(project.folder, project.config, wanted.models)
    contestants = _contestants(project, wanted)
    metrics = _metrics(project, wanted)
    spec = await _spec(project, wanted, contestants, records)
    experiment = _experiment_id(spec, again=wanted.again)
    experiments = Experiments(project.database)
    await experiments.begin(experiment, wanted.dataset.stem, spec, datetime.now(UTC))
    done = {(case.system, case.record_id): case for case in await experiments.cases(experiment)}
    done = {name: case for name, case in done.items() if case.outcome}
    budget = Budget(wanted.budget_usd)
    async with AsyncExitStack() as stack:
        for one in contestants:
            if one.chat_model is not None:
                stack.push_async_callback(one.chat_model.close)
        if asked.agree is not None:
            left = [
                one for one in records if any((c.name, one.id) not in done for c in contestants)
            ]
            if not await asked.agree(await _estimates(project, contestants, left)):
                raise FourfoldError("Nothing was sent.", code="not_agreed")
        names = [one.chat_model.name for one in contestants if one.chat_model]
        journal = await stack.enter_async_context(experiments.journal(experiment, names))
        if wanted.again:
            journal.forget()
        run = Run(
            systems=_systems(project, contestants, journal, budget, wanted),
            records=records,
            journal=journal,
            budget=budget,
            done=done,
            patience_seconds=wanted.patience_seconds,
            progress=asked.progress,
        )
        cases = await run.run()
    if run.stopped_because:
        raise run.stopped_because
    comparison = compare(
        cases,
        records,
        metrics,
        Resampling(seed=wanted.seed, samples=wanted.samples),
        schema=output_schema(project) if project.config.task != "answer" else None,
        facts={one.name: _facts(one, licences) for one in contestants},
        progress=asked.scoring,
    )
    choice = recommend(comparison, relevant=wanted.relevant)
    result = {
        "experiment": experiment,
        "task": project.config.task,
        "dataset": {"file": str(wanted.dataset), "hash": spec["dataset"], "records": len(records)},
        "compared": comparison.count,
        "metrics": list(metrics),
        "relevant": wanted.relevant,
        "models": [one.as_json() for one in comparison.measured],
        "tests": [one.as_json() for one in comparison.tests],
        "slices": [one.as_json() for one in comparison.slices],
        "recommendation": choice.as_json(),
        "failures": [
            {
                "model": case.system,
                "record": case.record_id,
                "code": case.error_code,
                "message": case.error_message,
            }
            for case in cases
            if case.error_code
        ],
        "spent_usd": budget.spent_usd,
    }
    if wanted.down_the_ladder:
        smallest, rungs = ladder(
            comparison, [one.name for one in contestants], relevant=wanted.relevant
        )
        result["ladder"] = {"smallest": smallest, "rungs": [rung.as_json() for rung in rungs]}
    await experiments.end(experiment, result, datetime.now(UTC))
    entry = await project.evidence.append("comparison", experiment, {"spec": spec, **result})
    return {**result, "evidence": {"number": entry.number, "hash": entry.hash}}


def _facts(one: _Contestant, licences: Mapping[str, Verdict]) -> dict[str, Any]:
    verdict = licences.get(one.model)
    return {**one.facts, **({"licence": verdict.as_json()} if verdict else {})}


def _metrics(project: Project, wanted: Wanted) -> tuple[str, ...]:
    from fourfold.metrics.scoring import metric_named

    task = TASKS[project.config.task]
    names = wanted.metrics or tuple(project.config.metrics) or task.metrics
    for name in names:
        metric_named(name)  # a misspelt one is an error before any money is spent
    return names


def _contestants(project: Project, wanted: Wanted) -> list[_Contestant]:
    prompts: Sequence[Path | None] = wanted.prompts or (None,)
    found = []
    for model in wanted.models:
        chat_model, identity, tariff, facts = _model(project, model)
        for prompt in prompts:
            file = None if prompt is None else prompt.resolve()
            short = Path(model).stem if model.endswith(".gguf") else model
            name = short if len(prompts) == 1 else f"{short} · {file.stem if file else 'own'}"
            found.append(
                _Contestant(
                    name=name,
                    model=model,
                    prompt=file,
                    chat_model=chat_model,
                    identity=identity,
                    tariff=tariff,
                    facts={**facts, "prompt": file.name if file else "the project's"},
                )
            )
    names = [one.name for one in found]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(
            f"`{twins[0]}` would be compared with itself.",
            hint="Name each model once, and prompts in files of different names.",
        )
    return found


def _model(project: Project, name: str) -> tuple[ChatModel | None, str, Tariff, dict[str, Any]]:
    """The model of that name, what tells it from others, its price, and what to say of it."""
    if name == wiring.EXTRACTIVE:
        return None, wiring.EXTRACTIVE, _free, {"where": "this machine", "kind": "baseline"}
    remote = {one.name: one for one in project.config.models}
    made = wiring.chat_model(name, project.config, project.settings, project.folder)
    if name in remote:
        config = remote[name]
        identity = f"remote:{config.provider}:{config.url}:{config.model}"
        facts = {"where": config.url, "kind": "remote", "model": config.model}
        return made, identity, wiring.tariff(config), facts
    file = wiring.weights_file(name, project.settings, project.folder)
    size = file.stat().st_size
    identity = f"weights:{file.name}:{size}:{_head_hash(file)}"
    known = {"where": "this machine", "kind": "weights", "file": file.name, "bytes": size}
    return made, identity, _free, known


def _free(usage: Usage) -> float:
    return 0.0


def _head_hash(file: Path) -> str:
    """Of the first megabyte, where a GGUF has its metadata; hashing gigabytes takes too long."""
    with file.open("rb") as opened:
        return sha256(opened.read(1_000_000)).hexdigest()[:16]


def _systems(
    project: Project,
    contestants: Sequence[_Contestant],
    journal: Journal,
    budget: Budget,
    wanted: Wanted,
) -> list[ApplicationSystem]:
    """A model with several prompts is given back after the last of them."""
    found = []
    for place, one in enumerate(contestants):
        model = one.chat_model and KeptModel(
            one.chat_model, identity=one.identity, memory=journal, budget=budget, tariff=one.tariff
        )
        needed_later = any(other.model == one.model for other in contestants[place + 1 :])
        found.append(
            ApplicationSystem(
                name=one.name,
                application=application(project, model, prompt=one.prompt),
                embedder=project.embedder,
                parallel=1 if one.is_local else wanted.parallel,
                is_local=one.is_local,
                facts=one.facts,
                model=None if needed_later else one.chat_model,
            )
        )
    return found


async def _estimates(
    project: Project, contestants: Sequence[_Contestant], records: Sequence[Record]
) -> list[Estimate]:
    """Of the systems that cost money."""
    found = []
    for one in contestants:
        if one.chat_model is None or one.is_local:
            continue
        system = ApplicationSystem(
            name=one.name,
            application=application(project, CountingModel(one.chat_model), prompt=one.prompt),
            embedder=project.embedder,
        )
        found.append(await estimate(system, records, one.tariff, one.chat_model.count_tokens))
    return found


async def _spec(
    project: Project, wanted: Wanted, contestants: Sequence[_Contestant], records: list[Record]
) -> dict[str, Any]:
    """Everything that the answers depend on."""
    from importlib.metadata import version

    from fourfold.datasets import dataset_hash

    reads_documents = TASKS[project.config.task].reads_passages and any(
        not record.passages for record in records
    )
    return {
        "fourfold": version("fourfold"),
        "task": project.config.task,
        "dataset": dataset_hash(records),
        "documents": await project.ledger.fingerprint() if reads_documents else "",
        "guards": project.config.guards.model_dump(),
        "limit": project.config.retrieval.limit,
        "schema": output_schema(project) if project.config.task != "answer" else None,
        "systems": [
            {"name": one.name, "model": one.identity, "prompt": _prompt_hash(project, one)}
            for one in contestants
        ],
    }


def _prompt_hash(project: Project, one: _Contestant) -> str:
    from fourfold.project.application import prompts_of

    said = [
        [language, prompt.system, prompt.user, [repr(each) for each in prompt.examples]]
        for language, prompt in prompts_of(project, one.prompt).items()
    ]
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def _experiment_id(spec: Mapping[str, Any], *, again: bool) -> str:
    """The same comparison has the same id, unless it shall be made anew."""
    moment = datetime.now(UTC).isoformat() if again else ""
    text = json.dumps([spec, moment], ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]
