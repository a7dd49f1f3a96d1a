"""What makes two comparisons the same one: all that their answers depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from fourfold.project.application import output_schema
from fourfold.project.contestants import prompt_hash
from fourfold.prompts.tasks import ANSWER, TASKS

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.project.contestants import Contestant
    from fourfold.project.project import Project


async def spec_of(
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
        "schema": schema_of(project),
        "systems": [
            {"name": one.name, "model": one.identity, "prompt": prompt_hash(project, one)}
            for one in those
        ],
    }


def experiment_id(spec: Mapping[str, Any]) -> str:
    """The same for the same comparison, in whatever order its systems were named."""
    systems = sorted(spec["systems"], key=lambda one: str(one["name"]))
    text = json.dumps([{**spec, "systems": systems}, ""], ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:12]


def schema_of(project: Project) -> Mapping[str, Any] | None:
    """The schema that outputs are held to."""
    return None if project.config.task == ANSWER else output_schema(project)
