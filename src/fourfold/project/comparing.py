"""Compares models and prompts on the project's own task, and keeps what came out as evidence."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import FourfoldError
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.choice import RELEVANT, ladder, recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.measured import Effort
from fourfold.evaluation.run import Run
from fourfold.evaluation.safety import NOT_TESTED, summary
from fourfold.evaluation.store import Experiments
from fourfold.metrics.resampling import Resampling
from fourfold.project.application import output_schema
from fourfold.project.contestants import contestants, estimates, prompt_hash, systems
from fourfold.project.judging import about_judge, examiner
from fourfold.project.licences import about, check_licences
from fourfold.project.probing import safety_check
from fourfold.prompts.tasks import ANSWER, TASKS

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.estimate import Estimate
    from fourfold.evaluation.judging import Marks
    from fourfold.evaluation.measured import Comparison
    from fourfold.evaluation.records import Case, RunProgress
    from fourfold.project.contestants import Contestant
    from fourfold.project.judging import Examiner
    from fourfold.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be compared. Empty `prompts` means the project's own, empty `metrics` likewise.

    With `timed` corrections, edits are turned into minutes and, with `per_hour`, into money.
    """

    models: tuple[str, ...]
    dataset: Path
    prompts: tuple[Path, ...] = ()
    metrics: tuple[str, ...] = ()
    budget_usd: float | None = None
    parallel: int = 8
    relevant: float = RELEVANT
    seed: int = 0
    samples: int = 2_000
    down_the_ladder: bool = False  # the models are sizes of a family, the largest first
    again: bool = False  # ask anew what was answered before
    patience_seconds: float = 180.0
    timed: Path | None = None
    per_hour: float | None = None
    currency: str = "EUR"
    judge: str | None = None
    rubric: Path | None = None  # of the judge; else the one that ships
    safety: bool = False  # the systems answer the probes of safety, too


@dataclass(slots=True)
class Watch:
    """What a run tells while it goes on, and who agrees to its price before money is spent."""

    progress: Callable[[RunProgress], None] = lambda _: None
    scoring: Callable[[str], None] = lambda _: None
    agree: Callable[[Sequence[Estimate]], Awaitable[bool]] | None = None


async def compare_models(project: Project, wanted: Wanted, watch: Watch) -> dict[str, Any]:
    """Run, score and keep a comparison; gives what `compare --json` prints.

    The same comparison is the same experiment: it goes on where it was stopped, and what was
    answered is not asked again. Raises `BudgetReached` when the money ends before the records do,
    `LicenceGate` when the policy keeps a model out.
    """
    from fourfold.datasets import read_records

    models = tuple(project.config.current_name(name) for name in wanted.models)
    wanted = replace(wanted, models=models)
    records = read_records(wanted.dataset)
    metrics, effort = _metrics(project, wanted), _effort(wanted)
    check_licences(project.folder, project.config, wanted.models)
    those = contestants(project, wanted.models, wanted.prompts)
    judge = examiner(project, wanted.judge, wanted.rubric) if wanted.judge else None
    spec = await _spec(project, those, records)
    if judge:
        spec["judge"] = judge.signature
    check = safety_check(project) if wanted.safety else None
    if check:
        spec["safety"] = check.signature
    experiment = _experiment_id(spec, again=wanted.again)
    experiments = Experiments(project.database)
    begin = partial(experiments.begin, experiment, wanted.dataset.stem, spec, datetime.now(UTC))
    cases, marks, spent = await _run(
        project,
        wanted,
        watch,
        experiment,
        those,
        records,
        judge,
        probes=check.to_answer if check else (),
        begin=begin,
    )
    probed, cases = cases, _of(cases, records)
    comparison = compare(
        cases,
        records,
        metrics,
        Resampling(seed=wanted.seed, samples=wanted.samples),
        schema=_schema(project),
        facts=_facts(project, those),
        effort=effort,
        marks=marks,
        progress=watch.scoring,
    )
    result = {
        "experiment": experiment,
        "task": project.config.task,
        "application": project.config.title or project.config.name,
        "machine": _machine(),
        "dataset": {"file": wanted.dataset.name, "hash": spec["dataset"], "records": len(records)},
        **_found(comparison, wanted, [one.name for one in those]),
        **(about_judge(project, judge, comparison, wanted.models) if judge else {}),
        "safety": check.found(probed) if check else NOT_TESTED,
        "left_out": _left_out(cases),
        "failures": _failures(probed),
        "spent_usd": spent,
    }
    await experiments.end(experiment, result, datetime.now(UTC))
    lasting = {"spec": spec, **result, "safety": summary(result["safety"])}
    entry = await project.evidence.append("comparison", experiment, lasting)
    return {**result, "evidence": {"number": entry.number, "hash": entry.hash}}


async def _run(
    project: Project,
    wanted: Wanted,
    watch: Watch,
    experiment: str,
    those: Sequence[Contestant],
    records: Sequence[Record],
    judge: Examiner | None,
    *,
    probes: Sequence[Record],
    begin: Callable[[], Awaitable[None]],
) -> tuple[list[Case], Marks | None, float]:
    """All cases, the judge's marks if one is wanted, and the US dollars that this run spent."""
    experiments, budget = Experiments(project.database), Budget(wanted.budget_usd)
    done = {
        (case.system, case.record_id): case
        for case in await experiments.cases(experiment)
        if case.outcome
    }
    async with AsyncExitStack() as stack:
        models = [one.chat_model for one in those if one.chat_model]
        models += [judge.chat_model] if judge else []
        for model in models:
            stack.push_async_callback(model.close)
        names = [model.name for model in models]
        journal = await stack.enter_async_context(experiments.journal(experiment, names))
        if wanted.again:
            journal.forget()
        left = [one for one in records if any((who.name, one.id) not in done for who in those)]
        probes_left = [one for one in probes if any((w.name, one.id) not in done for w in those)]
        expected = await estimates(project, those, [*left, *probes_left], journal)
        expected += await judge.estimates(left, len(those)) if judge else []
        if watch.agree and not await watch.agree(expected):
            raise FourfoldError("Nothing was sent.", code="not_agreed")
        await begin()
        run = Run(
            systems=systems(project, those, journal, budget, parallel=wanted.parallel),
            records=[*records, *probes],
            journal=journal,
            budget=budget,
            done={key: case for key, case in done.items() if key[0] in {s.name for s in those}},
            patience_seconds=wanted.patience_seconds,
            progress=watch.progress,
        )
        cases = await run.run()
        if run.stopped_because:
            raise run.stopped_because
        marks = (
            await judge.marks(run, cases, records, done, parallel=wanted.parallel)
            if judge
            else None
        )
    return cases, marks, budget.spent_usd


def _of(cases: Sequence[Case], records: Sequence[Record]) -> list[Case]:
    """The cases of these records."""
    ids = {record.id for record in records}
    return [case for case in cases if case.record_id in ids]


def _found(comparison: Comparison, wanted: Wanted, names: Sequence[str]) -> dict[str, Any]:
    """The comparison and the choice, as JSON."""
    found: dict[str, Any] = {
        "compared": comparison.count,
        "metrics": list(comparison.metrics),
        "relevant": wanted.relevant,
        "models": [one.as_json() for one in comparison.measured],
        "tests": [one.as_json() for one in comparison.tests],
        "slices": [one.as_json() for one in comparison.slices],
        "recommendation": recommend(comparison, relevant=wanted.relevant).as_json(),
    }
    if wanted.down_the_ladder:
        measured = {one.system for one in comparison.measured}
        sizes = [name for name in names if name in measured]
        smallest, rungs = ladder(comparison, sizes, relevant=wanted.relevant)
        found["ladder"] = {
            "largest": sizes[0],
            "smallest": smallest,
            "rungs": [rung.as_json() for rung in rungs],
        }
    return found


def _left_out(cases: Sequence[Case]) -> list[dict[str, str]]:
    """The systems that answered nothing, each with what went wrong first."""
    answered = {case.system for case in cases if case.outcome}
    silent = {case.system: case.error_message for case in reversed(cases)}
    return [
        {"model": name, "message": message}
        for name, message in silent.items()
        if name not in answered
    ]


def _failures(cases: Sequence[Case]) -> list[dict[str, str]]:
    return [
        {
            "model": case.system,
            "record": case.record_id,
            "code": case.error_code,
            "message": case.error_message,
        }
        for case in cases
        if case.error_code
    ]


def _facts(project: Project, those: Sequence[Contestant]) -> dict[str, dict[str, Any]]:
    """What is known of each system beside its scores: where it runs, its licence, its maker."""
    known = about(project.folder, project.config, {one.model for one in those})
    return {one.name: {**one.facts, **known.get(one.model, {})} for one in those}


def _schema(project: Project) -> Mapping[str, Any] | None:
    return None if project.config.task == ANSWER else output_schema(project)


def _machine() -> str:
    """What local models were timed on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


def _effort(wanted: Wanted) -> Effort | None:
    from fourfold.datasets import read_timed

    if wanted.timed is None:
        return None
    return Effort(
        timed=read_timed(wanted.timed), per_hour=wanted.per_hour, currency=wanted.currency
    )


def _metrics(project: Project, wanted: Wanted) -> tuple[str, ...]:
    from fourfold.metrics.scoring import metric_named

    task = TASKS[project.config.task]
    names = wanted.metrics or tuple(project.config.metrics) or task.metrics
    for name in names:
        metric_named(name)  # a misspelt one is an error before any money is spent
    return names


async def _spec(
    project: Project, those: Sequence[Contestant], records: list[Record]
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
        "schema": _schema(project),
        "systems": [
            {"name": one.name, "model": one.identity, "prompt": prompt_hash(project, one)}
            for one in those
        ],
    }


def _experiment_id(spec: Mapping[str, Any], *, again: bool) -> str:
    """The same comparison has the same id, unless it shall be made anew."""
    moment = datetime.now(UTC).isoformat() if again else ""
    text = json.dumps([spec, moment], ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]
