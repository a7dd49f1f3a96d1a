"""Gathers the outputs of a comparison for people who want to read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput
from fourfold.datasets import dataset_hash, read_records
from fourfold.evaluation.probes import is_probe
from fourfold.evaluation.side_by_side import side_by_side
from fourfold.evaluation.store import Experiments
from fourfold.project.exporting import dataset_of
from fourfold.reports.outputs import Outputs

if TYPE_CHECKING:
    from fourfold.project.project import Project


async def outputs_of(project: Project, experiment: str, dataset: Path | None = None) -> Outputs:
    """The outputs of an experiment that has ended, beside the records of its dataset.

    The dataset is found as an export finds it; one that has changed is used as far as its records
    are still there. Raises `InvalidInput` where none of them is.
    """
    experiments = Experiments(project.database)
    found = await experiments.named(experiment)
    if found.result is None:
        raise InvalidInput(
            f"The comparison `{found.id}` has not ended.",
            hint="Type the same command again: it goes on where it was.",
        )
    file = dataset or dataset_of(project, found)
    records = read_records(file)
    cases = [one for one in await experiments.cases(found.id) if not is_probe(one.record_id)]
    known = {record.id for record in records}
    lost = {one.record_id for one in cases} - known
    names = dict.fromkeys(str(one["name"]) for one in found.spec["systems"])
    decisive, schema = found.result["metrics"][0], found.spec.get("schema")
    shown = side_by_side(cases, records, list(names), decisive, schema=schema)
    if not shown.rows:
        raise InvalidInput(
            f"`{file}` holds no record of the comparison `{found.id}`.",
            hint="Name the file it was made with: --dataset FILE",
        )
    return Outputs(
        experiment=found.id,
        application=str(found.result.get("application") or project.config.title),
        made_at=found.started_at,
        dataset=file.name,
        has_changed=dataset_hash(records) != found.spec.get("dataset"),
        lost=len(lost),
        shown=shown,
    )
