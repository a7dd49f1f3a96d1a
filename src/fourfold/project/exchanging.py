"""Takes experiments out for other tools, and takes theirs in, to be scored like our own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Message
from fourfold.datasets import dataset_hash, read_records
from fourfold.evaluation.choice import recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.formats import FORMATS, Found, Results, Row
from fourfold.evaluation.formats.naming import format_of
from fourfold.evaluation.formats.promptfoo_config import read_tests
from fourfold.evaluation.probes import is_probe
from fourfold.evaluation.store import Experiments
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import metric_named
from fourfold.prompts.tasks import TASKS

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case
    from fourfold.evaluation.store import Experiment
    from fourfold.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written. `warnings` say what a reader of the files must know."""

    experiment: str
    format: str
    files: tuple[Path, ...]
    rows: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What shall be taken in. An empty `format` is found out, an empty `name` is the file's.

    `model` names the model of files that do not say it; empty `metrics` are the project's.
    """

    files: tuple[Path, ...]
    format: str = ""
    name: str = ""
    model: str = ""
    metrics: tuple[str, ...] = ()
    seed: int = 0
    samples: int = 2_000


async def export_experiment(
    project: Project, experiment: str, format_name: str, output: Path, *, dataset: Path | None
) -> Exported:
    """Write an experiment with its records, answers, prices and requests.

    The records come from the dataset, which an experiment knows by its hash; one that has changed
    is used as far as its records are still there, and said.
    """
    form = FORMATS.load(format_name)()
    experiments = Experiments(project.database)
    found = await experiments.named(experiment)
    file = dataset or _dataset_of(project, found)
    records = read_records(file)
    rows, lost = await _rows(experiments, found, records)
    warnings = []
    if dataset_hash(records) != found.spec.get("dataset"):
        warnings.append(f"`{file}` is not what the experiment was made with: its hash differs.")
    if (found.result or {}).get("safety", {}).get("tested"):
        warnings.append("Answers to the probes of safety are left out: see `compare --show`.")
    if lost:
        warnings.append(f"{lost} cases are left out: `{file}` does not hold their records.")
    if not rows:
        raise InvalidInput(
            f"No case of the experiment `{found.id}` can be written: {len(records)} records of "
            f"`{file}`, none of them asked.",
            hint="Name the dataset it was made with: --dataset FILE",
        )
    results = Results(
        experiment=found.id,
        name=found.name,
        task=str(found.spec.get("task", "")),
        made_at=found.started_at,
        rows=tuple(rows),
        scores={one["model"]: one["scores"] for one in (found.result or {}).get("models", ())},
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    files = form.write(results, output)
    return Exported(
        experiment=found.id,
        format=format_name,
        files=tuple(files),
        rows=len(rows),
        warnings=tuple(warnings),
    )


def import_tests(project: Project, file: Path, name: str = "") -> dict[str, Any]:
    """Make a dataset of the tests of a promptfoo config, to compare models on."""
    records, skipped = read_tests(file)
    dataset = _keep_dataset(project, name or file.stem, records)
    return {
        "dataset": {
            "file": dataset.relative_to(project.folder).as_posix(),
            "hash": dataset_hash(records),
            "records": len(records),
        },
        "imported": {"skipped": skipped},
    }


async def import_experiment(
    project: Project,
    wanted: Import,
    *,
    scoring: Callable[[str], None] = lambda _: None,
    new_id: Callable[[], str] = lambda: uuid4().hex,
) -> dict[str, Any]:
    """Take in the results of another tool and score them; gives what `compare --json` prints.

    Their records become a dataset of the project, so that own models can be compared on them. The
    same files are the same experiment: what is kept already is only scored anew.
    """
    metrics = _metrics(project, wanted)
    name = wanted.name or wanted.files[0].stem
    read = [(file, _read(file, wanted.format)) for file in wanted.files]
    rows = _merged(read, wanted.model)
    records = list({row.record.id: row.record for row in rows}.values())
    cases = [row.case for row in rows]
    how = Resampling(seed=wanted.seed, samples=wanted.samples)
    comparison = compare(cases, records, metrics, how, progress=scoring)
    file = _keep_dataset(project, name, records)
    spec = _spec(project, wanted, rows, records, [found for _, found in read], file)
    text = json.dumps([name, spec], ensure_ascii=False, sort_keys=True)
    experiment = sha256(text.encode()).hexdigest()[:12]
    await _keep(Experiments(project.database), experiment, name, spec, cases, new_id)
    skipped = sum((Counter(found.skipped) for _, found in read), Counter[str]())
    result = {
        "experiment": experiment,
        "task": project.config.task,
        "application": project.config.title or project.config.name,
        "machine": "",
        "imported": {**spec["imported"], "rows": len(rows), "skipped": dict(skipped)},
        "dataset": {
            "file": spec["dataset_file"],
            "hash": spec["dataset"],
            "records": len(records),
        },
        "compared": comparison.count,
        "metrics": list(comparison.metrics),
        "models": [_measured(one.as_json()) for one in comparison.measured],
        "tests": [one.as_json() for one in comparison.tests],
        "slices": [one.as_json() for one in comparison.slices],
        "recommendation": recommend(comparison).as_json(),
        "failures": [_failure(case) for case in cases if case.error_code],
        "spent_usd": 0.0,
    }
    await Experiments(project.database).end(experiment, result, datetime.now(UTC))
    entry = await project.evidence.append("import", experiment, {"spec": spec, **result})
    return {**result, "evidence": {"number": entry.number, "hash": entry.hash}}


async def _rows(
    experiments: Experiments, experiment: Experiment, records: Sequence[Record]
) -> tuple[list[Row], int]:
    """Its cases with their records and the messages that were sent, and how many have no record."""
    known = {record.id: record for record in records}
    sent = {
        one["id"]: tuple(Message(role=m["role"], content=m["content"]) for m in one["messages"])
        async for one in experiments.requests(experiment.id)
    }
    cases = [c for c in await experiments.cases(experiment.id) if not is_probe(c.record_id)]
    rows = [
        Row(record=known[case.record_id], case=_with_messages(case, sent))
        for case in cases
        if case.record_id in known
    ]
    return rows, len(cases) - len(rows)


def _with_messages(case: Case, sent: Mapping[str, tuple[Message, ...]]) -> Case:
    exchanges = [replace(one, messages=sent.get(one.id, ())) for one in case.exchanges]
    return replace(case, exchanges=tuple(exchanges))


def _dataset_of(project: Project, experiment: Experiment) -> Path:
    """The dataset that an import has written, else the golden set."""
    return project.folder / str(experiment.spec.get("dataset_file", "datasets/golden.jsonl"))


def _read(file: Path, format_name: str) -> Found:
    return FORMATS.load(format_name or format_of(file))().read(file)


def _merged(read: Sequence[tuple[Path, Found]], model: str) -> list[Row]:
    """The rows of all files; a system that stands in several is told apart by the file.

    Raises `InvalidInput` where two files hold different records under one id.
    """
    rows: list[Row] = []
    places = Counter(name for _, one in read for name in {row.case.system for row in one.rows})
    for file, found in read:
        for row in found.rows:
            name = model or row.case.system
            if places[row.case.system] > 1:
                name = f"{name} ({file.stem})"
            rows.append(replace(row, case=replace(row.case, system=name)))
    texts: dict[str, Record] = {}
    for row in rows:
        other = texts.setdefault(row.record.id, row.record)
        if (other.text, other.references) != (row.record.text, row.record.references):
            raise InvalidInput(
                f"The record `{row.record.id}` stands there twice, with different texts or "
                "references.",
                hint="Import results of different tasks one after the other.",
            )
    return rows


def _keep_dataset(project: Project, name: str, records: Sequence[Record]) -> Path:
    """Write the records as a dataset; one of that name is left as it is, if it says the same."""
    file = project.folder / "datasets" / f"{name}.jsonl"
    if Path(name).name != name:
        raise InvalidInput(
            f"`{name}` cannot be the name of a dataset.", hint="Use a name without slashes."
        )
    if file.exists():
        if dataset_hash(read_records(file)) == dataset_hash(list(records)):
            return file
        raise InvalidInput(
            f"There is a dataset `{file}` already, with other records.",
            hint="Give the import another name: --name NAME",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(_line(record), ensure_ascii=False) + "\n" for record in records]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def _line(record: Record) -> dict[str, Any]:
    """As a dataset has it, without what is empty."""
    found = {
        **record.metadata,
        "id": record.id,
        "text": record.text,
        "references": list(record.references),
        "passages": list(record.passages),
        "language": record.language,
        "tags": list(record.tags),
        "cluster": record.cluster,
    }
    return {key: value for key, value in found.items() if value not in ("", [])}


def _spec(
    project: Project,
    wanted: Import,
    rows: Sequence[Row],
    records: Sequence[Record],
    found: Sequence[Found],
    dataset: Path,
) -> dict[str, Any]:
    """Where the answers come from."""
    from importlib.metadata import version

    files = [
        {"file": file.name, "sha256": sha256(file.read_bytes()).hexdigest(), "tool": one.tool}
        for file, one in zip(wanted.files, found, strict=True)
    ]
    systems = dict.fromkeys(row.case.system for row in rows)
    return {
        "fourfold": version("fourfold"),
        "task": project.config.task,
        "dataset": dataset_hash(list(records)),
        "dataset_file": dataset.relative_to(project.folder).as_posix(),
        "imported": {"files": files},
        "systems": [{"name": one, "model": one, "prompt": ""} for one in systems],
    }


async def _keep(
    experiments: Experiments,
    experiment: str,
    name: str,
    spec: Mapping[str, Any],
    cases: Sequence[Case],
    new_id: Callable[[], str],
) -> None:
    """Write the cases that are not there yet, so that an import that was killed goes on."""
    await experiments.begin(experiment, name, spec, datetime.now(UTC))
    there = {(one.system, one.record_id) for one in await experiments.cases(experiment)}
    async with experiments.journal(experiment, []) as journal:
        for case in cases:
            if (case.system, case.record_id) in there:
                continue
            exchanges = tuple(_own(one, new_id()) for one in case.exchanges)
            for exchange in exchanges:
                journal.remember(exchange)
            await journal.save(replace(case, exchanges=exchanges))


def _own(exchange: Any, name: str) -> Any:
    """An exchange that is kept, and that no request of ours is ever answered from."""
    return replace(exchange, id=name, key=f"imported:{name}")


def _metrics(project: Project, wanted: Import) -> tuple[str, ...]:
    task = TASKS[project.config.task]
    names = wanted.metrics or tuple(project.config.metrics) or task.metrics
    for name in names:
        metric_named(name)  # a misspelt one is an error before anything is written
    return names


def _measured(one: dict[str, Any]) -> dict[str, Any]:
    """No tool uses no tokens; where it does not say how many, nobody knows."""
    if one["prompt_tokens"] or one["completion_tokens"]:
        return one
    return {**one, "prompt_tokens": None, "completion_tokens": None}


def _failure(case: Case) -> dict[str, str]:
    return {
        "model": case.system,
        "record": case.record_id,
        "code": case.error_code,
        "message": case.error_message,
    }
