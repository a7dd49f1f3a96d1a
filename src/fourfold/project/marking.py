"""Marks texts of files with a judge, and says how far people agree with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import FourfoldError, InvalidInput, StorageError
from fourfold.core.finite import require_finite
from fourfold.evaluation.agreement import Agreement, agreement
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.judge import MARKS, Judge, Judgement, score_marks
from fourfold.evaluation.judging import JUDGE, JudgingSystem
from fourfold.evaluation.records import BudgetReached
from fourfold.evaluation.store import Experiments
from fourfold.metrics.resampling import Resampling
from fourfold.project.judging import examiner, keep_agreement

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ToJudge:
    """Texts beside the right ones, which model judges them, and what people gave.

    `human` are marks as they were written down, empty where there is none. Raises `InvalidInput`
    for a budget that is no finite amount.
    """

    model: str
    hypotheses: Sequence[str]
    references: Sequence[Sequence[str]]
    sources: Sequence[str] | None = None
    rubric: Path | None = None
    human: Sequence[str] | None = None
    budget_usd: float | None = None
    parallel: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        require_finite("budget", self.budget_usd)

    def records(self) -> list[Record]:
        """A record for each text; raises `InvalidInput` when the files do not belong together."""
        from fourfold.assistant.language import language_of
        from fourfold.datasets import Record

        given = [self.references, self.sources, self.human]
        counts = [len(self.hypotheses), *(len(one) for one in given if one is not None)]
        if len(set(counts)) > 1 or not counts[0]:
            raise InvalidInput(
                f"The files have different numbers of lines, or none: {counts}.",
                hint="All need one line for each text, in the same order.",
            )
        sources = self.sources or [""] * counts[0]
        rows = zip(self.hypotheses, self.references, sources, strict=True)
        return [
            Record(
                id=str(number),
                text=text,
                references=tuple(right),
                passages=(source,) if source else (),
                language=language_of(right[0] or text),
            )
            for number, (text, right, source) in enumerate(rows, 1)
        ]

    def human_marks(self) -> list[float | None]:
        """A number for each text, None where there is none."""
        found: list[float | None] = []
        for number, line in enumerate(self.human or (), 1):
            try:
                mark = float(line.replace(",", ".")) if line.strip() else None
            except ValueError:
                mark = 0.0
            if mark is not None and not MARKS[0] <= mark <= MARKS[-1]:
                raise InvalidInput(
                    f"Line {number} of the marks of people is `{line[:40]}`.",
                    hint="Write one mark from 1 to 5 a line; leave it empty where there is none.",
                )
            found.append(mark)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a judge said of each text, and how far it agrees with people, if they marked any."""

    signature: str
    results: Sequence[Judgement | FourfoldError]
    agreement: Agreement | None
    how: Resampling

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on: the mean is over the texts that have a mark."""
        marks = [one.score for one in self.results if isinstance(one, Judgement)]
        mean: dict[str, Any] = {"value": None, "low": None, "high": None, "count": 0}
        if marks:
            mean = score_marks(marks, self.signature, self.how).as_json()
        return {
            **mean,
            "metric": JUDGE,
            "signature": self.signature,
            "judge_failed": len(self.results) - len(marks),
            "marks": [_mark_json(number, one) for number, one in enumerate(self.results, 1)],
            **({"agreement": self.agreement.as_json()} if self.agreement else {}),
        }


async def judge_texts(
    project: Project, wanted: ToJudge, told: Callable[[int], None] = lambda _: None
) -> Judged:
    """Mark each text; what was marked before is not asked again, nor paid.

    A text whose mark fails keeps its error and the others go on. Raises `BudgetReached` when the
    money ends, `InvalidInput` before anything is asked when the texts do not belong together.
    What people agreed to is kept as evidence, for the comparisons that this judge marks.
    """
    records, human = wanted.records(), wanted.human_marks()
    judge = examiner(project, wanted.model, wanted.rubric)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(judge.chat_model.close)
        models = [judge.contestant.identity]
        journal = await stack.enter_async_context(Experiments(project.database).journal("", models))
        system = judge.system(journal, Budget(wanted.budget_usd), wanted.parallel)
        results = await _marked_all(system, records, told)
    how = Resampling(seed=wanted.seed)
    agreed = _agreement(results, human, how)
    if agreed:
        await keep_agreement(project, judge, agreed)
    return Judged(signature=judge.signature, results=results, agreement=agreed, how=how)


def _agreement(
    results: Sequence[Judgement | FourfoldError], human: Sequence[float | None], how: Resampling
) -> Agreement | None:
    pairs = [
        (one.score, mark)
        for one, mark in zip(results, human, strict=False)
        if isinstance(one, Judgement) and mark is not None
    ]
    if not pairs:
        return None
    return agreement([ours for ours, _ in pairs], [theirs for _, theirs in pairs], how)


async def _marked_all(
    system: JudgingSystem, records: Sequence[Record], told: Callable[[int], None]
) -> list[Judgement | FourfoldError]:
    found: dict[str, Judgement | FourfoldError] = {}
    todo = iter(records)

    async def work() -> None:
        for one in todo:
            found[one.id] = await _marked(system.judge, one)
            told(len(found))

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(system.parallel):
                tasks.create_task(work())
    except* (BudgetReached, StorageError) as group:
        raise group.exceptions[0] from None
    return [found[one.id] for one in records]


async def _marked(judge: Judge, one: Record) -> Judgement | FourfoldError:
    source = "\n\n".join(one.passages)
    try:
        return await judge.mark(one.text, one.references, source=source, language=one.language)
    except (BudgetReached, StorageError):
        raise  # not the judge's failure: it cannot go on
    except FourfoldError as error:
        return error


def _mark_json(number: int, one: Judgement | FourfoldError) -> dict[str, Any]:
    if isinstance(one, FourfoldError):
        error = {"code": one.code, "message": one.message, "hint": one.hint}
        return {"text": number, "score": None, "error": error}
    return {"text": number, "score": one.score, "reason": one.reason}
