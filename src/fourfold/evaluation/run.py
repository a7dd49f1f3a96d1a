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
    ModelRateLimited,
    StorageError,
)
from fourfold.core.records import Usage
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import exchanges_kept
from fourfold.evaluation.records import BudgetReached, Case, Exchange, Outcome, RunProgress

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.store import Journal
    from fourfold.evaluation.systems import System

_LONGEST_WAIT: Final = 30.0  # seconds between two tries of a provider that is busy
_HOPELESS: Final = 5  # first records of a system that fail alike: the others would, too


@dataclass(slots=True)
class Run:
    """One pass over systems and records.

    Cases in `done` are not run again. A provider that asks to slow down is asked again for up to
    `patience_seconds`; what fails otherwise becomes a case with its error, and the run goes on: a
    request that may have been answered is never sent again by itself. An output in the wrong form,
    or a text too long for a model, counts as a wrong output. When the first records of a system all
    fail for the same cause, its others are not asked. `stopped_because` says why a run ended early.
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
    stopped_because: BudgetReached | None = None
    _failed: int = 0

    async def run(self) -> list[Case]:
        """All cases, those that were done before included; of a stopped run, those that are."""
        remote = [system for system in self.systems if not system.is_local]
        local = [system for system in self.systems if system.is_local]
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._one_after_the_other(local))
                for system in remote:
                    tasks.create_task(self._run_system(system))
        except* FourfoldError as group:
            raise _first(group) from None
        order = [(s.name, record.id) for s in self.systems for record in self.records]
        return [self.done[name] for name in order if name in self.done]

    async def _one_after_the_other(self, systems: Sequence[System]) -> None:
        """Models on this machine would disturb each other's times, and need not be in memory."""
        for system in systems:
            await self._run_system(system)
            await system.close()

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
            if self.stopped_because:
                return
            if _is_hopeless(failures):
                case = _not_asked(system, record, failures[0])
            else:
                try:
                    case = await self._case(system, record)
                except BudgetReached as reached:
                    self.stopped_because = reached
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
                outcome = await self._patiently(system, record)
                code = message = ""
            except (BudgetReached, StorageError):
                raise  # not the system's failure: the run cannot go on
            except (InvalidOutput, ContextTooLong) as error:
                # The model's own weakness: it counts as a wrong output, and is named.
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
            outcome=_as_first_timed(outcome, exchanges),
            exchanges=tuple(exchanges),
            error_code=code,
            error_message=message,
        )

    async def _patiently(self, system: System, record: Record) -> Outcome:
        waited, wait = 0.0, 1.0
        while True:
            try:
                return await system.answer(record)
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
                cost_usd=self.budget.spent_usd,
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
    """The outcome of a model that could not, with what it cost."""
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
        seconds=sum(one.seconds for one in exchanges if not one.recalled),
        first_text_seconds=exchanges[0].first_text_seconds if exchanges else None,
    )


def _as_first_timed(outcome: Outcome, exchanges: Sequence[Exchange]) -> Outcome:
    """An answer out of memory takes what it took when it was sent."""
    recalled = [exchange for exchange in exchanges if exchange.recalled]
    if not recalled:
        return outcome
    begun, first = recalled[0].first_text_seconds, outcome.first_text_seconds
    return replace(
        outcome,
        seconds=outcome.seconds + sum(exchange.seconds for exchange in recalled),
        first_text_seconds=None if first is None or begun is None else first + begun,
    )
