"""Runs: what is asked, what is kept, and what happens when a provider misbehaves."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.evaluation.conftest import PricedModel, SystemMaker

from fourfold.core.errors import (
    InvalidOutput,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    StorageError,
)
from fourfold.core.records import CompletionOptions, Message, Usage
from fourfold.datasets import Record
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.records import BudgetReached, Case, Outcome, RunProgress
from fourfold.evaluation.run import Run
from fourfold.evaluation.store import Experiments
from fourfold.evaluation.systems import ApplicationSystem
from fourfold.storage.database import Database
from fourfold.testing.models import Reply

pytestmark = pytest.mark.anyio


def says_back(messages: Sequence[Message], options: CompletionOptions) -> Reply:
    return messages[-1].content


class Bench:
    """An experiment in the database, run as often as a test likes."""

    def __init__(self, database: Database, make: SystemMaker, records: list[Record]) -> None:
        self.database, self.make, self.records = database, make, records
        self.experiments = Experiments(database)
        self.slept: list[float] = []
        self.told: list[RunProgress] = []

    async def run(self, *models: PricedModel, budget: Budget | None = None, **more: Any) -> Run:
        budget = budget or Budget()
        patience = more.pop("patience_seconds", 60.0)
        await self.experiments.begin("one", "test", {}, datetime.now(UTC))
        cases = await self.experiments.cases("one")
        spent = await self.experiments.spent("one")
        budget.spent_before_usd = spent.usd
        identities = [f"test:{model.name}" for model in models]
        async with self.experiments.journal("one", identities) as journal:
            run = Run(
                systems=[self.make(model, journal, budget, **more) for model in models],
                records=self.records,
                journal=journal,
                budget=budget,
                done={(c.system, c.record_id): c for c in cases if c.outcome},
                patience_seconds=patience,
                sleep=self._sleep,
                jitter=lambda: 0.0,
                progress=self.told.append,
            )
            await run.run()
        return run

    async def cases(self) -> list[Case]:
        return await self.experiments.cases("one")

    async def count(self, table: str) -> int:
        async with self.database.connect() as connection:
            found = await connection.scalar(text(f"SELECT count(*) FROM fourfold.{table}"))
            return int(found or 0)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def bench(database: Database, make_system: SystemMaker, records: list[Record]) -> Bench:
    return Bench(database, make_system, records)


async def test_every_system_gets_every_record_and_all_is_kept(bench: Bench) -> None:
    one, two = PricedModel(says_back, name="one"), PricedModel(says_back, name="two")
    await bench.run(one, two)
    cases = await bench.cases()
    assert [(case.system, case.record_id) for case in cases] == [
        (name, number) for name in ("one", "two") for number in ("1", "2", "3")
    ]
    first = cases[0].outcome
    assert first is not None
    assert (first.output, first.usage.prompt_tokens) == ("text number 1", 3)
    assert cases[0].exchanges[0].text == "text number 1"
    assert bench.told[-1] == RunProgress(
        done=6, total=6, failed=0, cost_usd=36.0, working_on=bench.told[-1].working_on
    )


async def test_a_run_goes_on_where_it_was_stopped_and_asks_nothing_twice(bench: Bench) -> None:
    await bench.run(PricedModel(says_back))
    again = PricedModel([])
    await bench.run(again)
    assert again.asked == []
    assert await bench.count("cases") == 3


async def test_what_was_answered_before_a_kill_is_not_asked_again(bench: Bench) -> None:
    await bench.run(PricedModel(says_back))
    async with bench.database.begin() as transaction:  # killed after the answer, before the case
        await transaction.execute(text("DELETE FROM fourfold.cases"))
    again = PricedModel([])
    run = await bench.run(again)
    assert again.asked == []
    assert run.budget.spent_usd == 0
    cost = [case.outcome.usage.cost_usd for case in await bench.cases() if case.outcome]
    assert cost == [6.0, 6.0, 6.0]  # what the system costs, though nothing was spent this time


async def test_a_provider_that_asks_to_slow_down_is_waited_for(bench: Bench) -> None:
    busy = ModelRateLimited("Slow down.", retry_after_seconds=20)
    model = PricedModel([busy, busy, "eins", "zwei", "drei"])
    await bench.run(model)
    assert bench.slept == [20, 20]
    assert all(case.outcome for case in await bench.cases())


async def test_a_provider_that_stays_busy_fails_by_name_when_patience_ends(bench: Bench) -> None:
    model = PricedModel(lambda *_: ModelRateLimited("Slow down."))
    await bench.run(model, patience_seconds=10)
    cases = await bench.cases()
    assert [case.error_code for case in cases] == ["model_rate_limited"] * 3
    assert bench.slept[:4] == [1, 2, 4, 1]


async def test_half_an_answer_is_named_kept_and_never_asked_for_again_by_itself(
    bench: Bench,
) -> None:
    model = PricedModel(["eins", ModelOverloaded("It ended in the middle."), "drei"])
    budget = Budget(limit_usd=1_000)
    await bench.run(model, budget=budget)
    cases = await bench.cases()
    assert [case.error_code for case in cases] == ["", "model_overloaded", ""]
    assert len(model.asked) == 3
    assert cases[1].outcome is None
    assert cases[1].exchanges[0].error == "model_overloaded"
    assert budget.spent_usd == 4 + 19 + 4  # half an answer counts with the most it may cost


async def test_failed_records_alone_are_asked_again_by_the_next_run(bench: Bench) -> None:
    await bench.run(PricedModel(["eins", ModelOverloaded("Gone."), "drei"]))
    again = PricedModel(["zwei"])
    await bench.run(again)
    assert len(again.asked) == 1
    assert [case.outcome.output for case in await bench.cases() if case.outcome] == [
        "eins",
        "zwei",
        "drei",
    ]


async def test_output_in_the_wrong_form_counts_as_wrong_and_is_named(bench: Bench) -> None:
    await bench.run(PricedModel(["eins", InvalidOutput("No JSON."), "drei"]))
    case = (await bench.cases())[1]
    assert case.error_code == "invalid_output"
    assert case.outcome is not None
    assert case.outcome.output == ""


async def test_a_text_too_long_for_the_model_counts_as_wrong(bench: Bench) -> None:
    bench.records[1] = Record(id="2", text="word " * 30, references=("x",))
    await bench.run(PricedModel(says_back, context_tokens=25))
    assert [case.error_code for case in await bench.cases()] == ["", "context_too_long", ""]


async def test_when_the_first_records_fail_alike_the_others_are_not_asked(bench: Bench) -> None:
    bench.records[:] = [
        Record(id=f"{n:02}", text=f"text {n}", references=("x",)) for n in range(20)
    ]
    model = PricedModel(lambda *_: ModelNotAllowed("The key is wrong."))
    await bench.run(model)
    assert len(model.asked) == 5
    codes = [case.error_code for case in await bench.cases()]
    assert codes == ["model_not_allowed"] * 5 + ["not_asked"] * 15


async def test_the_budget_is_never_passed_and_what_was_answered_stays(bench: Bench) -> None:
    # Each request may cost 19 dollars and costs 6: after two, 18 are left of 30.
    model = PricedModel(says_back)
    budget = Budget(limit_usd=30)
    run = await bench.run(model, budget=budget)
    assert isinstance(run.stopped["scripted"], BudgetReached)
    assert len(model.asked) == 2
    assert budget.spent_usd == 12
    assert len(await bench.cases()) == 2


async def test_several_at_once_never_pass_the_budget_together(bench: Bench) -> None:
    bench.records[:] = [Record(id=str(n), text=f"a b {n}", references=("x",)) for n in range(50)]
    budget = Budget(limit_usd=100)
    run = await bench.run(PricedModel(says_back), budget=budget, parallel=16)
    assert run.reached() is not None
    assert budget.spent_usd <= 100


async def test_as_many_records_as_allowed_are_worked_on_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.records[:] = [Record(id=str(n), text=f"text {n}", references=("x",)) for n in range(9)]
    working: list[int] = []

    async def slowly(self: ApplicationSystem, record: Record) -> Outcome:
        working.append(len(working) + 1 - finished[0])
        await asyncio.sleep(0.01)
        finished[0] += 1
        return Outcome(
            output="x",
            refused=False,
            evidence=(),
            usage=Usage(),
            seconds=0.0,
            first_text_seconds=None,
        )

    finished = [0]
    monkeypatch.setattr(ApplicationSystem, "answer", slowly)
    await bench.run(PricedModel(says_back), parallel=3)
    assert max(working) == 3


async def test_models_of_this_machine_take_turns_and_are_given_back(bench: Bench) -> None:
    order: list[str] = []

    def tells(name: str) -> PricedModel:
        def reply(messages: Sequence[Message], options: CompletionOptions) -> Reply:
            order.append(name)
            return "x"

        return PricedModel(reply, name=name)

    one, two = tells("one"), tells("two")
    await bench.run(one, two, is_local=True)
    assert order == ["one"] * 3 + ["two"] * 3


async def test_a_database_that_stays_away_ends_the_run_with_its_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fourfold.evaluation import journal

    async def away(*_: object) -> None:
        raise StorageError("The database is gone.")

    monkeypatch.setattr(journal, "_WAITS", (0.0, 0.0))
    monkeypatch.setattr(journal.Journal, "_insert_rows", away)
    with pytest.raises(StorageError, match="gone"):
        await bench.run(PricedModel(says_back))


async def test_signs_that_the_database_cannot_keep_do_no_harm(bench: Bench) -> None:
    await bench.run(PricedModel(["a\x00b", "zwei", "drei"]))
    outcome = (await bench.cases())[0].outcome
    assert outcome is not None
    assert outcome.output == "a�b"
