"""Datasets that come in from other tools, kept as files of the project."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidInput
from fourfold.core.language_names import language_code
from fourfold.datasets import dataset_hash, read_records
from fourfold.evaluation.formats.promptfoo_config import read_tests

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.project.project import Project


def import_tests(project: Project, file: Path, name: str = "") -> dict[str, Any]:
    """Make a dataset of the tests of a promptfoo config, to compare models on."""
    records, skipped = read_tests(file)
    dataset = keep_dataset(project, name or file.stem, records)
    return {
        "dataset": {
            "file": dataset.relative_to(project.folder).as_posix(),
            "hash": dataset_hash(records),
            "records": len(records),
        },
        "imported": {"skipped": skipped},
    }


def keep_dataset(project: Project, name: str, records: Sequence[Record]) -> Path:
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
        "language": language_code(record.language) or "",  # others write any word there
        "tags": list(record.tags),
        "cluster": record.cluster,
    }
    return {key: value for key, value in found.items() if value not in ("", [])}
