"""What travels: records with what each system gave for them, and the rules of a format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case

UNKNOWN_SECONDS: Final = nan
"""What an outcome took, where the tool that made it does not say; JSON shows it as null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record, and what a system gave for it."""

    record: Record
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """An experiment of ours on its way out; `scores` are those of each system, by metric."""

    experiment: str
    name: str
    task: str
    made_at: datetime
    rows: tuple[Row, ...]
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        """Their names, in the order of the rows."""
        return list(dict.fromkeys(row.case.system for row in self.rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a file of another tool holds. `skipped` counts what was left out, by its reason."""

    rows: tuple[Row, ...]
    skipped: Mapping[str, int]
    tool: str


class Format(Protocol):
    """Writes experiments for another tool and reads its results.

    Rules: what is written can be read again with the same systems, record ids, texts, references
    and outputs. A file that is not of this format is an `InvalidInput` that names what is wrong;
    unknown fields are ignored; a row that cannot be scored is counted in `skipped`, never dropped
    in silence. Exchanges that were read have no id and no key: they are not ours to answer from.
    """

    def write(self, results: Results, file: Path) -> list[Path]:
        """Write the results; the files that were written, `file` or several named after it."""
        ...

    def read(self, file: Path) -> Found:
        """The rows of a file."""
        ...
