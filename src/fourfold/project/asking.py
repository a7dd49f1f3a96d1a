"""Asks every system every record, within a budget that all runs of an experiment share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fourfold.core.errors import FourfoldError
from fourfold.evaluation.budget import Budget, price_unknown
from fourfold.evaluation.estimate import Estimate, beyond
from fourfold.evaluation.records import BudgetReached, Spent
from fourfold.evaluation.run import Run
from fourfold.evaluation.store import Experiments
from fourfold.project.contestants import estimates, systems

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.journal import Journal
    from fourfold.evaluation.judging import Marks
    from fourfold.evaluation.records import Case, RunProgress
    from fourfold.project.contestants import Contestant
    from fourfold.project.judging import Examiner
    from fourfold.project.project import Project


@dataclass(slots=True)
class Watch:
    """What a run tells while it goes on, and who agrees to its price before money is spent.

    `warn` is told what is to be expected of a model, `before` what earlier runs of the same
    comparison spent. `leave_out` is asked whether the systems that the budget cannot pay shall be
    left out.
    """

    progress: Callable[[RunProgress], None] = lambda _: None
    scoring: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    agree: Callable[[Sequence[Estimate]], Awaitable[bool]] | None = None
    before: Callable[[Spent], None] = lambda _: None
    leave_out: Callable[[Sequence[Estimate]], Awaitable[bool]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAsk:
    """Who is asked what, in which experiment. `probes` are no records of the comparison."""

    experiment: str
    those: Sequence[Contestant]
    records: Sequence[Record]
    probes: Sequence[Record] = ()
    judge: Examiner | None = None
    budget_usd: float | None = None
    leave_out: bool = False  # what the budget cannot pay, without being asked
    repeats: bool = False  # answers of other experiments do not count
    parallel: int = 8
    patience_seconds: float = 180.0

    def left_for(self, name: str, done: Mapping[tuple[str, str], Case]) -> list[Record]:
        """What this system has not given an outcome for."""
        return [one for one in (*self.records, *self.probes) if (name, one.id) not in done]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a system is in none of the figures, and that in words.

    `silent` gave no outcome; `too_dear` was not asked, for the budget could not pay it or nobody
    knows its price; `stopped` met the end of the budget before the end of the records.
    """

    code: Literal["silent", "too_dear", "stopped"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All cases of those that are whole, marks if there is a judge, and what it cost.

    `left_out` names each system that the budget could not pay.
    """

    cases: Sequence[Case]
    marks: Marks | None
    spent_usd: float  # in this run
    uncertain_usd: float  # of it for requests of which nobody told what they cost
    before: Spent
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)

    def spent_json(self) -> dict[str, Any]:
        """What the comparison says of its money."""
        return {
            "spent_usd": self.spent_usd,
            "uncertain_usd": self.uncertain_usd,
            "spent_before_usd": self.before.usd,
            "possibly_paid": {
                "requests": self.before.unanswered,
                "usd": self.before.unanswered_usd,
            },
        }


async def ask_all(
    project: Project, wanted: ToAsk, watch: Watch, *, begin: Callable[[], Awaitable[None]]
) -> Asked:
    """Agree on the price, begin the experiment, run it, and have its outputs marked.

    Raises `BudgetReached` when the money ends and nobody agreed to leave anything out.
    """
    experiments = Experiments(project.database)
    before = await experiments.spent(wanted.experiment)
    watch.before(before)
    budget = Budget(wanted.budget_usd, spent_before_usd=before.usd)
    cases = await experiments.cases(wanted.experiment)
    done = {(case.system, case.record_id): case for case in cases if case.outcome}
    async with _journal(experiments, wanted) as journal:
        left_out = await _agreed(project, wanted, watch, journal, budget, done)
        await begin()
        run = _run(project, wanted, watch, journal, budget, done, left_out)
        found = await run.run()
        if reached := run.reached():
            if not (wanted.leave_out or left_out):
                raise reached
            left_out |= {
                name: LeftOut(code="stopped", message=error.message)
                for name, error in run.stopped.items()
            }
            found = [case for case in found if case.system not in left_out]
        marks = None
        if wanted.judge:
            marks = await wanted.judge.marks(
                run, found, wanted.records, done, parallel=wanted.parallel
            )
    return Asked(
        cases=found,
        marks=marks,
        spent_usd=budget.spent_usd,
        uncertain_usd=budget.uncertain_usd,
        before=before,
        left_out=left_out,
    )


@asynccontextmanager
async def _journal(experiments: Experiments, wanted: ToAsk) -> AsyncIterator[Journal]:
    """The journal of the experiment; at its end all models are given back."""
    asked = [*wanted.those, *([wanted.judge.contestant] if wanted.judge else [])]
    async with AsyncExitStack() as stack:
        for one in asked:
            if one.chat_model:
                stack.push_async_callback(one.chat_model.close)
        yield await stack.enter_async_context(
            experiments.journal(
                wanted.experiment, [one.identity for one in asked], own_only=wanted.repeats
            )
        )


async def _agreed(
    project: Project,
    wanted: ToAsk,
    watch: Watch,
    journal: Journal,
    budget: Budget,
    done: Mapping[tuple[str, str], Case],
) -> dict[str, LeftOut]:
    """Whom to leave out, and why, once somebody has agreed to what the others cost."""
    left = {one.name: wanted.left_for(one.name, done) for one in wanted.those}
    expected = await estimates(project, wanted.those, left, journal)
    left_out: dict[str, LeftOut] = {}
    if budget.left_usd is not None:
        unpayable = beyond(expected, budget.left_usd)
        left_out = await _left_out(wanted, watch, unpayable, budget.left_usd)
    expected = [one for one in expected if one.system not in left_out]
    if wanted.judge:
        names = {one.name for one in wanted.those} - left_out.keys()
        judging = await wanted.judge.estimates(names, wanted.records, done, journal)
        _check_judging(expected, judging, budget.left_usd)
        expected += judging
    unknown = [one.system for one in expected if one.likely_usd is None]
    if unknown and budget.limit_usd is not None:
        raise price_unknown(unknown)
    if watch.agree and not await watch.agree(expected):
        raise FourfoldError("Nothing was sent.", code="not_agreed")
    return left_out


def _check_judging(
    expected: Sequence[Estimate], judging: Sequence[Estimate], left_usd: float | None
) -> None:
    """Raises `BudgetReached` where the models leave too little for the judge."""
    if left_usd is None:
        return
    left_usd -= sum(one.likely_usd or 0.0 for one in expected)
    for one in beyond([each for each in judging if each.likely_usd is not None], left_usd):
        raise BudgetReached(
            f"The budget pays for the models, but not for the judge. {one.too_dear_for(left_usd)}",
            hint="Nothing was sent. Give more with --budget, or compare without --judge first: "
            "with it the same answers are marked later.",
        )


async def _left_out(
    wanted: ToAsk, watch: Watch, unpayable: Sequence[Estimate], left_usd: float
) -> dict[str, LeftOut]:
    """The systems that the budget cannot pay, if somebody agrees to go on without them."""
    agreed = wanted.leave_out or (
        bool(unpayable) and watch.leave_out is not None and await watch.leave_out(unpayable)
    )
    found = {
        one.system: LeftOut(code="too_dear", message=one.too_dear_for(left_usd))
        for one in unpayable
        if agreed
    }
    if len(found) == len(wanted.those):
        reasons = " ".join(f"`{name}`: {one.message}" for name, one in found.items())
        raise BudgetReached(
            f"The budget pays for none of the models. {reasons}", hint="Give more with --budget."
        )
    return found


def _run(
    project: Project,
    wanted: ToAsk,
    watch: Watch,
    journal: Journal,
    budget: Budget,
    done: Mapping[tuple[str, str], Case],
    left_out: Mapping[str, LeftOut],
) -> Run:
    those = [one for one in wanted.those if one.name not in left_out]
    names = {one.name for one in those}
    return Run(
        systems=systems(project, those, journal, budget, parallel=wanted.parallel),
        records=[*wanted.records, *wanted.probes],
        journal=journal,
        budget=budget,
        done={key: case for key, case in done.items() if key[0] in names},
        patience_seconds=wanted.patience_seconds,
        progress=watch.progress,
    )
