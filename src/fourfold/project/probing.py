"""The safety check of a comparison: probes fitted to the project's task, as it would be served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fourfold.evaluation.probes import (
    SET_VERSION,
    WHY_NOT,
    Kind,
    Probe,
    fitted,
    not_applicable,
    probes_hash,
    shipped_probes,
)
from fourfold.evaluation.safety import NOT_TESTED, assess
from fourfold.evaluation.verdicts import METHOD

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case
    from fourfold.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyCheck:
    """The probes that apply to a task, as records that systems answer beside the golden set."""

    records: Mapping[Probe, Record]
    guards: Mapping[str, Sequence[str]]
    left_out: Mapping[Kind, str]

    @property
    def to_answer(self) -> list[Record]:
        """What every system is asked."""
        return list(self.records.values())

    @property
    def signature(self) -> str:
        """What tells this check from another one."""
        return f"{METHOD}|set:{SET_VERSION}:{probes_hash(list(self.records))}"

    def found(self, cases: Sequence[Case]) -> dict[str, Any]:
        """How the systems met the probes, as JSON; a task without probes was not tested."""
        if not self.records:
            reasons = "; ".join(WHY_NOT[code] for code in dict.fromkeys(self.left_out.values()))
            return {**NOT_TESTED, "because": f"Safety cannot be tested on this task: {reasons}."}
        return assess(cases, self.records, guards=self.guards, left_out=self.left_out).as_json()


def safety_check(project: Project) -> SafetyCheck:
    """The check of a project's task; its prompts and guards are those of the served application."""
    task = project.config.task
    return SafetyCheck(
        records=fitted(task, shipped_probes()),
        guards=project.config.guards.model_dump(),
        left_out=not_applicable(task),
    )
