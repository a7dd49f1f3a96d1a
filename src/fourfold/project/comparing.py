"""Compares models and prompts on the project's own task, and keeps what came out as evidence."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidInput
from fourfold.core.finite import require_finite
from fourfold.evaluation.choice import RELEVANT, recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.ladder import ladder
from fourfold.evaluation.measured import Effort
from fourfold.evaluation.safety import NOT_TESTED, summary
from fourfold.evaluation.store import Experiments
from fourfold.metrics.resampling import Resampling
from fourfold.project.asking import Asked, LeftOut, ToAsk, ask_all
from fourfold.project.asking import Watch as Watch
from fourfold.project.contestants import contestants
from fourfold.project.identity import experiment_id, schema_of, spec_of
from fourfold.project.judging import about_judge, examiner, newest_agreement
from fourfold.project.languages import language_warnings, languages_of
from fourfold.project.licences import Looked, check_licences
from fourfold.project.probing import safety_check
from fourfold.project.scaffold import ships
from fourfold.prompts.tasks import TASKS

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.measured import Comparison
    from fourfold.evaluation.records import Case
    from fourfold.project.contestants import Contestant
    from fourfold.project.judging import Examiner
    from fourfold.project.probing import SafetyCheck
    from fourfold.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be compared. Empty `prompts` means the project's own, empty `metrics` likewise.

    With `timed` corrections, edits are turned into minutes and, with `per_hour`, into money.
    Raises `InvalidInput` for numbers that are out of range, NaN or infinite.
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
    again: bool = False  # a further run, which asks anew what was answered before
    leave_out: bool = False  # what the budget cannot pay, instead of stopping
    patience_seconds: float = 180.0
    timed: Path | None = None
    per_hour: float | None = None
    currency: str = "EUR"
    judge: str | None = None
    rubric: Path | None = None  # of the judge; else the one that ships
    safety: bool = False  # the systems answer the probes of safety, too

    def __post_init__(self) -> None:
        require_finite("budget", self.budget_usd)
        require_finite("relevant", self.relevant, most=1)
        require_finite("per_hour", self.per_hour)
        require_finite("patience_seconds", self.patience_seconds)
        if self.down_the_ladder and len(set(self.models)) == 1:
            raise InvalidInput(
                "A ladder takes at least two sizes of a family.",
                hint="Name the largest first: --models LARGE,SMALL --ladder",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What was wanted, found and checked; nothing was sent."""

    wanted: Wanted
    those: Sequence[Contestant]
    looked: dict[str, Looked]
    records: list[Record]
    metrics: tuple[str, ...]
    effort: Effort | None
    judge: Examiner | None
    check: SafetyCheck | None
    spec: dict[str, Any]


async def compare_models(project: Project, wanted: Wanted, watch: Watch) -> dict[str, Any]:
    """Run, score and keep a comparison; gives what `compare --json` prints.

    The same comparison is the same experiment: it goes on where it was stopped, and what was
    answered is not asked again; `again` makes a further run of it, which can be stopped like the
    first. Raises `BudgetReached` when the money ends before the records do, `LicenceGate` when the
    policy keeps a model out, `ExperimentBusy` when another process makes the same comparison.
    """
    experiments = Experiments(project.database)
    plan = await _plan(project, wanted)
    models, languages = plan.wanted.models, languages_of(plan.records)
    warnings = language_warnings(project.folder, project.config, models, languages)
    for warning in warnings:
        watch.warn(warning.text)
    experiment, spec = experiment_id(plan.spec), plan.spec
    if wanted.again:
        number = await experiments.repetition(experiment)
        experiment, spec = f"{experiment}-{number}", {**spec, "repetition": number}
    begin = partial(experiments.begin, experiment, wanted.dataset.stem, spec, datetime.now(UTC))
    async with experiments.alone(experiment, _process()):
        asked = await ask_all(project, _to_ask(plan, experiment), watch, begin=begin)
        found = _result(project, plan, asked, watch)
        if plan.judge:
            found["judge"]["agreement"] = await newest_agreement(project, plan.judge)
        result = {
            "experiment": experiment,
            "warnings": [one.as_json() for one in warnings],
            **found,
        }
        await experiments.end(experiment, result, datetime.now(UTC))
        lasting = {"spec": spec, **result, "safety": summary(result["safety"])}
        entry = await project.evidence.append("comparison", experiment, lasting)
    return {**result, "evidence": {"number": entry.number, "hash": entry.hash}}


async def _plan(project: Project, wanted: Wanted) -> _Plan:
    from fourfold.datasets import read_records

    models = tuple(project.config.current_name(name) for name in wanted.models)
    records = read_records(wanted.dataset)
    _check_references(project, wanted.dataset, records)
    metrics, effort = _metrics(project, wanted), _effort(wanted)
    looked = check_licences(project.folder, project.config, models)
    those = contestants(project, models, wanted.prompts)
    judge = examiner(project, wanted.judge, wanted.rubric) if wanted.judge else None
    check = safety_check(project) if wanted.safety else None
    spec = await spec_of(project, those, records)
    if judge:
        spec["judge"] = judge.signature
    if check:
        spec["safety"] = check.signature
    return _Plan(
        wanted=replace(wanted, models=models),
        those=those,
        looked=looked,
        records=records,
        metrics=metrics,
        effort=effort,
        judge=judge,
        check=check,
        spec=spec,
    )


def _check_references(project: Project, file: Path, records: list[Record]) -> None:
    from fourfold.project.references import check_references

    if (schema := schema_of(project)) is not None:
        own = project.config.output_schema
        called = own.name if own else f"the schema of the task `{project.config.task}`"
        check_references(records, schema, file=file, called=called)


def _to_ask(plan: _Plan, experiment: str) -> ToAsk:
    wanted = plan.wanted
    return ToAsk(
        experiment=experiment,
        those=plan.those,
        records=plan.records,
        probes=plan.check.to_answer if plan.check else (),
        judge=plan.judge,
        budget_usd=wanted.budget_usd,
        leave_out=wanted.leave_out,
        repeats=wanted.again,
        parallel=wanted.parallel,
        patience_seconds=wanted.patience_seconds,
    )


def _result(project: Project, plan: _Plan, asked: Asked, watch: Watch) -> dict[str, Any]:
    """What the comparison says, as JSON."""
    wanted, cases = plan.wanted, _of(asked.cases, plan.records)
    comparison = compare(
        cases,
        plan.records,
        plan.metrics,
        Resampling(seed=wanted.seed, samples=wanted.samples),
        schema=schema_of(project),
        facts=_facts(plan),
        effort=plan.effort,
        marks=asked.marks,
        progress=watch.scoring,
    )
    dataset = {
        "file": wanted.dataset.name,
        "hash": plan.spec["dataset"],
        "records": len(plan.records),
        "ships": ships(wanted.dataset, project.config.task),
    }
    return {
        "task": project.config.task,
        "application": project.config.title or project.config.name,
        "machine": _machine(),
        "dataset": dataset,
        **_found(comparison, wanted, [one.name for one in plan.those]),
        **(about_judge(project, plan.judge, comparison, wanted.models) if plan.judge else {}),
        "safety": plan.check.found(asked.cases) if plan.check else NOT_TESTED,
        "left_out": _left_out(cases, asked),
        "failures": _failures(asked.cases),
        **asked.spent_json(),
    }


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
        found["ladder"] = ladder(comparison, names, relevant=wanted.relevant).as_json()
    return found


def _left_out(cases: Sequence[Case], asked: Asked) -> list[dict[str, str]]:
    """The systems that answered nothing, or that nobody paid, each with what went wrong first."""
    answered = {case.system for case in cases if case.outcome}
    silent = {
        case.system: LeftOut(code="silent", message=case.error_message)
        for case in reversed(cases)
        if case.system not in answered
    }
    return [
        {"model": name, "code": one.code, "message": one.message}
        for name, one in {**silent, **asked.left_out}.items()
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


def _facts(plan: _Plan) -> dict[str, dict[str, Any]]:
    """What is known of each system beside its scores: where it runs, its licence, its maker."""
    known = {name: one.as_json() for name, one in plan.looked.items()}
    return {one.name: {**one.facts, **known.get(one.model, {})} for one in plan.those}


def _machine() -> str:
    """What local models were timed on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"


def _process() -> str:
    """Who holds the right to run, for those who want it too."""
    return f"process {os.getpid()} on {platform.node()} since {datetime.now(UTC):%H:%M} UTC"


def _effort(wanted: Wanted) -> Effort | None:
    from fourfold.datasets import read_timed

    if wanted.timed is None:
        return None
    return Effort(
        timed=read_timed(wanted.timed), per_hour=wanted.per_hour, currency=wanted.currency
    )


def _metrics(project: Project, wanted: Wanted) -> tuple[str, ...]:
    from fourfold.metrics.scoring import checked_names

    task = TASKS[project.config.task]
    return checked_names(wanted.metrics or project.config.metrics or task.metrics)
