"""Takes the results of other tools in, to be scored like our own."""

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
from fourfold.datasets import dataset_hash
from fourfold.evaluation.choice import RELEVANT, recommend
from fourfold.evaluation.comparison import compare
from fourfold.evaluation.formats import FORMATS, Found, Row
from fourfold.evaluation.formats.naming import format_of
from fourfold.evaluation.store import Experiments
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import checked_names
from fourfold.project.imported_datasets import keep_dataset
from fourfold.project.licences import look_elsewhere
from fourfold.prompts.tasks import TASKS

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case
    from fourfold.project.project import Project


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
    names = dict.fromkeys(case.system for case in cases)
    looked = look_elsewhere(project.folder, project.config, names)
    facts = {name: one.as_json() for name, one in looked.items()}
    comparison = compare(cases, records, metrics, how, facts=facts, progress=scoring)
    file = keep_dataset(project, name, records)
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
        "relevant": RELEVANT,
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
    return checked_names(wanted.metrics or project.config.metrics or task.metrics)


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
