"""Takes experiments out, for other tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Message
from fourfold.datasets import dataset_hash, read_records
from fourfold.evaluation.formats import FORMATS, Results, Row
from fourfold.evaluation.probes import is_probe
from fourfold.evaluation.store import Experiments
from fourfold.project.outputs import write_files

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


async def export_experiment(
    project: Project,
    experiment: str,
    format_name: str,
    output: Path,
    *,
    dataset: Path | None,
    force: bool = False,
) -> Exported:
    """Write an experiment with its records, answers, prices and requests.

    The records come from the dataset, which an experiment knows by its hash; one that has changed
    is used as far as its records are still there, and said. A file that exists is overwritten with
    `force` alone, and nothing that the project is made of.
    """
    form = FORMATS.load(format_name)()
    experiments = Experiments(project.database)
    found = await experiments.named(experiment)
    file = dataset or dataset_of(project, found)
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
            hint=f"It was made with `{_dataset_name(found)}`; name that: --dataset FILE",
        )
    results = Results(
        experiment=found.id,
        name=found.name,
        task=str(found.spec.get("task", "")),
        made_at=found.started_at,
        rows=tuple(rows),
        scores={one["model"]: one["scores"] for one in (found.result or {}).get("models", ())},
    )
    files = write_files(project, output, partial(form.write, results), force=force)
    return Exported(
        experiment=found.id,
        format=format_name,
        files=tuple(files),
        rows=len(rows),
        warnings=tuple(warnings),
    )


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


def dataset_of(project: Project, experiment: Experiment) -> Path:
    """The file in `datasets` that still has its records, else the one of its name.

    An experiment knows its dataset by the hash and the name; an import has written its own.
    """
    folder = project.folder / "datasets"
    if "dataset_file" in experiment.spec:
        return project.folder / str(experiment.spec["dataset_file"])
    named, golden = folder / _dataset_name(experiment), folder / "golden.jsonl"
    for file in (named, golden, *sorted(folder.glob("*.[jct]s*"))):
        if file.is_file() and _hash_of(file) == experiment.spec.get("dataset"):
            return file
    return named if named.is_file() else golden


def _dataset_name(experiment: Experiment) -> str:
    """As the comparison says when it has ended; before, its name is that of the file."""
    told = (experiment.result or {}).get("dataset", {}).get("file")
    return str(told or f"{experiment.name}.jsonl")


def _hash_of(file: Path) -> str | None:
    try:
        return dataset_hash(read_records(file))
    except InvalidInput:
        return None  # it is something else, such as the times of corrections
