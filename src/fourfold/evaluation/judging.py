"""A judge in an experiment: it marks every output once, and only its marks become a score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING, Final

from fourfold.datasets import Record
from fourfold.evaluation.judge import Judge, figures_of
from fourfold.evaluation.records import Outcome

if TYPE_CHECKING:
    from fourfold.evaluation.records import Case
    from fourfold.metrics.base import Figures

    Outcomes = Mapping[tuple[str, str], Outcome]
    """By system and record."""

JUDGE: Final = "judge"
"""The name of its score."""


@dataclass(slots=True)
class JudgingSystem:
    """A judge, run as any system is: concurrent, resumable, within the budget.

    Its records are those of `to_judge`; its output is the mark, its evidence the reason.
    """

    name: str
    judge: Judge
    parallel: int = 1
    is_local: bool = True

    async def answer(self, record: Record) -> Outcome:
        """Mark one output."""
        began = perf_counter()
        found = await self.judge.mark(
            record.text,
            record.references,
            source="\n\n".join(record.passages),
            language=record.language,
        )
        return Outcome(
            output=str(found.score),
            refused=False,
            evidence=(found.reason,),
            usage=found.usage,
            seconds=perf_counter() - began,
            first_text_seconds=None,
        )

    async def close(self) -> None:
        """Give back the model."""
        await self.judge.model.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a judge gave, by what it judged; an output without a mark could not be scored."""

    signature: str
    given: Mapping[str, int]

    def of(self, record: Record, outcome: Outcome) -> int | None:
        """The mark of an output, None where the judge gave none."""
        return self.given.get(_judged_id(record, outcome.output))

    def failed(self, system: str, records: Sequence[Record], outcomes: Outcomes) -> int:
        """How many outputs of a system could not be scored."""
        own = [(one, outcomes[system, one.id]) for one in records if (system, one.id) in outcomes]
        return sum(self.of(record, outcome) is None for record, outcome in own)

    def rows(
        self, systems: Sequence[str], records: Sequence[Record], outcomes: Outcomes
    ) -> list[int]:
        """The places of the records of which every system's output has a mark."""
        return [
            place
            for place, one in enumerate(records)
            if all(self.of(one, outcomes[name, one.id]) is not None for name in systems)
        ]

    def figures(self, system: str, records: Sequence[Record], outcomes: Outcomes) -> Figures:
        """The figures of a system's marks; every one of these records has one."""
        marks = [self.of(one, outcomes[system, one.id]) for one in records]
        return figures_of([mark for mark in marks if mark is not None])


def to_judge(cases: Iterable[Case], records: Sequence[Record]) -> list[Record]:
    """Each different output of each record, as a record whose passage is the text.

    Equal outputs are judged once and so have equal marks. Neither the ids nor the order, which is
    that of hashes, say whose an output is.
    """
    outputs: dict[str, dict[str, str]] = {record.id: {} for record in records}
    known = {record.id: record for record in records}
    for case in cases:
        if case.outcome and case.record_id in known:
            output = case.outcome.output
            outputs[case.record_id][_judged_id(known[case.record_id], output)] = output
    return [
        Record(
            id=name,
            text=output,
            references=record.references,
            passages=(record.text,),
            language=record.language,
        )
        for record in records
        for name, output in sorted(outputs[record.id].items())
    ]


def marks_of(cases: Iterable[Case], signature: str) -> Marks:
    """The marks among what a judge gave; a case with an error is none."""
    given = {
        case.record_id: int(case.outcome.output)
        for case in cases
        if case.outcome and not case.error_code
    }
    return Marks(signature=signature, given=given)


def _judged_id(record: Record, output: str) -> str:
    return f"{record.id}/{sha256(output.encode()).hexdigest()[:16]}"
