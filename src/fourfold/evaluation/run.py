"""Runs every system on every record: concurrent, resumable, and honest about what failed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fourfold.core.errors import (
    ContextTooLong,
    FourfoldError,
    InvalidOutput,
    ModelFiltered,
    ModelRateLimited,
    StorageError,
)
from fourfold.core.records import Usage
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import exchanges_kept
from fourfold.evaluation.records import BudgetReached, Case, Exchange, Outcome, RunProgress

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.journal import Journal
    from fourfold.evaluation.systems import System

_LONGEST_WAIT: Final = 30.0  # seconds between two tries of a provider that is busy
_HOPELESS: Final = 5  # first records of a system that fail alike: the others would, too


@dataclass(slots=True)
class Run:
    """One pass over systems and records.

    Cases in `done` are not run again. A provider that asks to slow down is asked again for up to
    `patience_seconds`; what fails otherwise becomes a case with its error, and the run goes on: a
    request that may have been answered is never sent again by itself. An output in the wrong form,
    one that a filter stopped and a text too long for a model count as wrong outputs. When the first
    records of a system all fail for the same cause, its others are not asked. A system whose next
    request the budget cannot pay stops, and the others go on; `stopped` says why.
    """

    systems: Sequence[System]
    records: Sequence[Record]
    journal: Journal
    budget: Budget
    done: dict[tuple[str, str], Case] = field(default_factory=dict)
    patience_seconds: float = 180.0
    progress: Callable[[RunProgress], None] = lambda _: None
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    stopped: dict[str, BudgetReached] = field(default_factory=dict)  # by system
    _failed: int = 0

    async def run(self) -> list[Case]:
        """All cases, those that were done before included; of a stopped run, those that are.

        Remote systems run side by side, then those of this machine one after the other: they would
        disturb each other's times and those of the remote ones, and need not all be in memory.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for system in self.systems:
                    if not system.is_local:
                        tasks.create_task(self._run_system(system))
            for system in self.systems:
                if system.is_local:
                    await self._run_system(system)
                    await system.close()
        except* FourfoldError as group:
            raise _first(group) from None
        order = [(s.name, record.id) for s in self.systems for record in self.records]
        return [self.done[name] for name in order if name in self.done]

    def reached(self) -> BudgetReached | None:
        """Why a run is not whole: whom the budget could not pay, and how far they are."""
        if not self.stopped:
            return None
        names = [
            f"`{name}` after {sum(key[0] == name for key in self.done)} of {len(self.records)} "
            "answers"
            for name in self.stopped
        ]
        return BudgetReached(
            f"{self.budget.state}. It ended for {', '.join(names)}.",
            hint="What was answered is kept. Give more with --budget to go on, or compare the "
            "others: --leave-out.",
        )

    async def _run_system(self, system: System) -> None:
        todo = iter([one for one in self.records if (system.name, one.id) not in self.done])
        failures: list[str] = []
        async with asyncio.TaskGroup() as tasks:
            for _ in range(system.parallel):
                tasks.create_task(self._work(system, todo, failures, tasks))

    async def _work(
        self,
        system: System,
        todo: Iterator[Record],
        failures: list[str],
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Case after case; while one is written to disk, the next is asked for."""
        for record in todo:
            if system.name in self.stopped:
                return
            if _is_hopeless(failures):
                case = _not_asked(system, record, failures[0])
            else:
                try:
                    case = await self._case(system, record)
                except BudgetReached as reached:
                    self.stopped[system.name] = reached
                    return
                failures.append("" if case.outcome else case.error_code)
            tasks.create_task(self._keep(system, case))

    async def _keep(self, system: System, case: Case) -> None:
        await self.journal.save(case)
        self.done[system.name, case.record_id] = case
        self._failed += case.outcome is None
        self._tell(system)

    async def _case(self, system: System, record: Record) -> Case:
        with exchanges_kept() as exchanges:
            try:
                outcome, code, message = await self._patiently(system, record, exchanges), "", ""
            except (BudgetReached, StorageError):
                raise  # not the system's failure: the run cannot go on
            except (InvalidOutput, ModelFiltered, ContextTooLong) as error:
                # The system's own weakness: it counts as a wrong output, and is named.
                outcome = _nothing(exchanges)
                code, message = error.code, error.message
            except FourfoldError as error:
                return Case(
                    system=system.name,
                    record_id=record.id,
                    outcome=None,
                    exchanges=tuple(exchanges),
                    error_code=error.code,
                    error_message=error.message,
                )
        return Case(
            system=system.name,
            record_id=record.id,
            outcome=outcome,
            exchanges=tuple(exchanges),
            error_code=code,
            error_message=message,
        )

    async def _patiently(
        self, system: System, record: Record, exchanges: Sequence[Exchange]
    ) -> Outcome:
        waited, wait = 0.0, 1.0
        while True:
            before = len(exchanges)  # of tries that were refused: their clock is not this one
            try:
                return _as_first_timed(await system.answer(record), exchanges[before:])
            except ModelRateLimited as error:  # it refused, so that nothing is paid twice
                pause = (error.retry_after_seconds or wait) * (1 + self.jitter() / 4)
                if waited + pause > self.patience_seconds:
                    raise
            await self.sleep(pause)
            waited, wait = waited + pause, min(2 * wait, _LONGEST_WAIT)

    def _tell(self, system: System) -> None:
        self.progress(
            RunProgress(
                done=len(self.done),
                total=len(self.systems) * len(self.records),
                failed=self._failed,
                cost_usd=self.budget.spent_before_usd + self.budget.spent_usd,
                working_on=system.name,
            )
        )


def _first(group: BaseExceptionGroup[FourfoldError]) -> FourfoldError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _is_hopeless(failures: Sequence[str]) -> bool:
    first = failures[:_HOPELESS]
    return len(first) == _HOPELESS and bool(first[0]) and len(set(first)) == 1


def _not_asked(system: System, record: Record, cause: str) -> Case:
    return Case(
        system=system.name,
        record_id=record.id,
        outcome=None,
        exchanges=(),
        error_code="not_asked",
        error_message=f"Not asked, since the first {_HOPELESS} records all ended in `{cause}`.",
    )


def _nothing(exchanges: Sequence[Exchange]) -> Outcome:
    """The outcome of a model that could not, with what it cost and how long it took."""
    costs = [one.usage.cost_usd for one in exchanges]
    return Outcome(
        output="",
        refused=False,
        evidence=(),
        usage=Usage(
            prompt_tokens=sum(one.usage.prompt_tokens for one in exchanges),
            completion_tokens=sum(one.usage.completion_tokens for one in exchanges),
            cost_usd=None if None in costs else sum(cost or 0.0 for cost in costs),
        ),
        seconds=sum(one.seconds for one in exchanges),
        first_text_seconds=exchanges[-1].first_text_seconds if exchanges else None,
    )


def _as_first_timed(outcome: Outcome, exchanges: Sequence[Exchange]) -> Outcome:
    """An answer out of memory takes what it took when it was sent.

    What we let a request wait for (our disk, an equal request) is no time of the system's. The
    text that the user sees is that of the last exchange.
    """
    whole = [one for one in exchanges if one.answered]
    if not whole:
        return outcome
    *before, last = whole
    earlier = sum(_untold(one, one.seconds) for one in before)
    first, begun = outcome.first_text_seconds, last.first_text_seconds
    if first is not None:
        first = None if begun is None else max(0.0, first + earlier + _untold(last, begun))
    seconds = outcome.seconds + earlier + _untold(last, last.seconds)
    return replace(outcome, seconds=max(0.0, seconds), first_text_seconds=first)


def _untold(one: Exchange, took: float) -> float:
    """Seconds to add to those on the clock."""
    return (took if one.recalled else 0.0) - one.delayed_seconds
