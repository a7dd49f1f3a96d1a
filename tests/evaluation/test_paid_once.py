"""What was answered is paid once, and what may have been paid is counted."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from tests.evaluation.conftest import PRICE, Notes, PricedModel, SystemMaker
from tests.evaluation.test_run import Bench

from fourfold.core.errors import (
    InvalidOutput,
    ModelFiltered,
    ModelOverloaded,
    ModelRateLimited,
)
from fourfold.core.records import CompletionOptions, Delta, Message, Usage
from fourfold.datasets import Record
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import KeptModel, exchanges_kept
from fourfold.evaluation.records import BudgetReached, ExperimentBusy, Intent, Spent
from fourfold.evaluation.run import Run
from fourfold.evaluation.store import Experiments
from fourfold.models.prices import Price
from fourfold.storage.database import Database
from fourfold.testing.models import Reply, ScriptedModel

pytestmark = pytest.mark.anyio
ASKED = [Message("user", "Hallo")]
PLAIN = CompletionOptions(max_tokens=5)
FREE = Price(input=0, output=0)


@pytest.fixture
def bench(database: Database, make_system: SystemMaker, records: list[Record]) -> Bench:
    return Bench(database, make_system, records)


class UselessModel(PricedModel):
    """Ends every answer in an error, after it has said what the answer took."""

    def __init__(self, error: Exception, usage: Usage | None) -> None:
        super().__init__(["wrong"] * 9, name="useless")
        self.error, self.usage = error, usage

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        async for delta in super().stream(messages, options):
            yield replace(delta, usage=None, finish_reason=None)
        if self.usage:
            yield Delta(usage=self.usage)
        raise self.error


@pytest.mark.parametrize(
    ("error", "usage", "cost"),
    [
        (InvalidOutput("No JSON."), Usage(prompt_tokens=9, completion_tokens=1, cost_usd=7.0), 7.0),
        (ModelFiltered("Stopped."), Usage(prompt_tokens=9, completion_tokens=1, cost_usd=7.0), 7.0),
        # The provider did not tell: 3 words and 8 tokens around them are counted, and 1 said.
        (InvalidOutput("No JSON."), None, 12.0),
        (ModelFiltered("Stopped."), None, 12.0),
    ],
)
async def test_an_answer_of_no_use_is_paid_once_and_enters_the_price(
    bench: Bench, error: InvalidOutput, usage: Usage | None, cost: float
) -> None:
    first = await bench.run(UselessModel(error, usage))
    cases = await bench.cases()
    assert first.budget.spent_usd == 3 * cost
    async with bench.database.begin() as transaction:  # as another comparison would find it
        await transaction.execute(text("DELETE FROM fourfold.cases"))
    again = PricedModel([], name="useless")
    second = await bench.run(again)
    assert (again.asked, second.budget.spent_usd) == ([], 0)
    for one, other in zip(cases, await bench.cases(), strict=True):
        assert one.outcome is not None
        assert one.outcome.usage.cost_usd == cost
        assert (other.error_code, other.error_message) == (error.code, error.message)
        assert (one.outcome.output, other.outcome) == ("", one.outcome)


async def test_a_request_that_was_refused_costs_nothing(bench: Bench) -> None:
    busy = ModelRateLimited("Slow down.")
    budget = Budget(limit_usd=100)
    await bench.run(
        PricedModel([busy] * 20 + ["eins", "zwei", "drei"]), budget=budget, patience_seconds=999
    )
    assert budget.spent_usd == 3 * 4
    assert (await bench.experiments.spent("one")).usd == 3 * 4


async def test_what_met_no_server_costs_nothing_and_half_an_answer_the_most(bench: Bench) -> None:
    unreached = ModelOverloaded("Cannot be reached.", is_unserved=True)
    half = ModelOverloaded("It ended in the middle.")
    run = await bench.run(PricedModel([unreached, half, "drei"]))
    assert (run.budget.spent_usd, run.budget.uncertain_usd) == (0 + 19 + 4, 19)


async def test_a_budget_holds_for_all_runs_of_an_experiment_together(bench: Bench) -> None:
    # A request may cost 19 dollars and costs 6.
    first = await bench.run(PricedModel(["text number 1"] * 3), budget=Budget(limit_usd=25))
    assert (first.budget.spent_usd, len(await bench.cases())) == (12, 2)
    second = await bench.run(PricedModel([]), budget=Budget(limit_usd=25))
    reached = second.reached()
    assert reached is not None
    assert "12.0000 are spent (12.0000 before)" in reached.message
    assert "`scripted` after 2 of 3 answers" in reached.message
    third = await bench.run(PricedModel(["x y z"]), budget=Budget(limit_usd=31))
    assert (third.reached(), len(await bench.cases())) == (None, 3)


async def test_a_request_waits_for_what_others_set_aside_too_much(bench: Bench) -> None:
    # Each may cost 18 dollars and costs 3: 40 pay for all, though only two fit at the same time.
    bench.records[:] = [Record(id=str(n), text=f"text {n}", references=("x",)) for n in range(6)]
    model, budget = PricedModel(lambda *_: "x"), Budget(limit_usd=40)
    run = await bench.run(model, budget=budget, parallel=6)
    assert (run.reached(), len(model.asked)) == (None, 6)
    assert budget.spent_usd == 6 * 3


async def test_half_an_answer_counts_with_the_most_in_later_runs_too(bench: Bench) -> None:
    await bench.run(PricedModel(["eins", ModelOverloaded("It ended in the middle."), "drei"]))
    assert await bench.experiments.spent("one") == Spent(usd=4 + 19 + 4)


async def test_what_the_budget_cannot_pay_stops_alone(bench: Bench) -> None:
    bench.records[:] = [Record(id=str(n), text=f"text {n}", references=("x",)) for n in range(6)]
    words = Record(id="long", text="word " * 200, references=("x",))
    bench.records.insert(0, words)
    dear, free = PricedModel(lambda *_: "x", name="dear"), PricedModel(lambda *_: "x", name="free")
    run = Run(
        systems=[
            bench.make(dear, notes := Notes(), budget := Budget(limit_usd=50)),
            bench.make(free, notes, budget, name="free", tariff=FREE, is_local=True),
        ],
        records=bench.records,
        journal=Saving(notes),  # type: ignore[arg-type]
        budget=budget,
    )
    cases = await run.run()
    assert list(run.stopped) == ["dear"]
    assert sum(case.system == "free" for case in cases) == 7


class Saving:
    """A journal without a disk."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    async def save(self, case: object) -> None:
        await asyncio.sleep(0)


async def test_the_schema_of_an_answer_is_set_aside_too() -> None:
    schema = {"type": "object", "properties": {"a b c d": {"type": "string"}}}
    most = []
    for one in (None, schema):
        notes = Notes()
        model = kept(ScriptedModel(["{}"]), notes)
        await model.complete(ASKED, CompletionOptions(max_tokens=5, json_schema=one))
        most.append(notes.intended[0].most_usd)
    assert most[0] == 1 + 8 + 5
    assert most[1] == 14 + 9  # words of the schema's JSON


def kept(model: ScriptedModel, notes: Notes, **more: object) -> KeptModel:
    given = {"identity": "here", "budget": Budget(), "tariff": PRICE, **more}
    return KeptModel(model, memory=notes, **given)  # type: ignore[arg-type]


async def test_what_is_about_to_be_sent_is_on_disk_before_it_is(bench: Bench) -> None:
    found: list[int] = []

    class LooksUp(PricedModel):
        async def stream(
            self, messages: Sequence[Message], options: CompletionOptions
        ) -> AsyncGenerator[Delta, None]:
            found.append(await bench.count("intents"))
            async for delta in super().stream(messages, options):
                yield delta

    await bench.run(LooksUp(lambda *_: "x"))
    assert found == [1, 2, 3]


async def test_what_was_in_flight_at_a_kill_counts_as_paid_and_is_asked_again(
    bench: Bench,
) -> None:
    now = datetime.now(UTC)
    async with bench.experiments.journal("one", []) as journal:  # killed before any answer
        for number in (1, 2):
            await journal.intend(
                Intent(id=f"lost {number}", key="k", model="m", most_usd=19.0, at=now)
            )
    assert await bench.experiments.spent("one") == Spent(
        usd=38.0, unanswered=2, unanswered_usd=38.0
    )
    assert await bench.experiments.spent("another") == Spent()
    async with bench.experiments.journal("another", []) as journal:
        for most in (0.0, None):  # of this machine, and of a provider whose price nobody knows
            await journal.intend(
                Intent(id=f"lost at {most}", key=f"{most}", model="m", most_usd=most, at=now)
            )
    assert await bench.experiments.spent("another") == Spent(unanswered=1)
    run = await bench.run(PricedModel(lambda *_: "x"), budget=Budget(limit_usd=60))
    assert run.budget.spent_before_usd == 38
    assert len(await bench.cases()) == 1  # 60 - 38 - 4 is less than the 19 of the next


async def test_equal_requests_at_once_are_sent_once_and_both_get_the_answer() -> None:
    model, notes, budget = PricedModel(["Guten Tag"]), Notes(), Budget()
    one = kept(model, notes, budget=budget)
    two = kept(PricedModel([]), notes, budget=budget)

    async def ask(who: KeptModel) -> tuple[str, bool]:
        with exchanges_kept() as exchanges:
            completion = await who.complete(ASKED, PLAIN)
        return completion.text, exchanges[0].recalled

    both = [*await asyncio.gather(ask(one), ask(two))]
    assert both == [("Guten Tag", False), ("Guten Tag", True)]
    assert budget.spent_usd == 1 + 2
    assert (len(notes.intended), len(notes.kept)) == (1, 1)


async def test_a_failure_is_shared_and_a_cancelled_request_is_asked_by_the_next() -> None:
    notes = Notes()
    gone = kept(ScriptedModel([ModelOverloaded("Gone.")]), notes)
    results = await asyncio.gather(
        *(gone.complete(ASKED, PLAIN) for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in results] == [ModelOverloaded] * 3
    assert len(notes.kept) == 1
    model = kept(ScriptedModel(["lost lost", "found"]), notes)
    stream = model.stream(ASKED, PLAIN)
    await anext(stream)
    waiting = asyncio.create_task(model.complete(ASKED, PLAIN))
    await asyncio.sleep(0)
    await stream.aclose()
    assert (await waiting).text == "found"


async def test_what_waited_for_another_has_the_time_of_the_request() -> None:
    clock = iter(range(100))
    notes = Notes()
    model = kept(ScriptedModel(["a"]), notes, seconds=lambda: float(next(clock)))
    with exchanges_kept() as exchanges:
        await asyncio.gather(*(model.complete(ASKED, PLAIN) for _ in range(2)))
    first, second = exchanges
    assert first.seconds == second.seconds
    assert second.delayed_seconds > 0


async def test_a_renamed_model_keeps_its_answers(bench: Bench, make_system: SystemMaker) -> None:
    await bench.run(PricedModel(lambda *_: "x", name="before"), identity="remote:one")
    async with bench.experiments.journal("two", ["remote:one"]) as journal:
        renamed = PricedModel([], name="after")
        system = make_system(renamed, journal, identity="remote:one")
        outcome = await system.answer(bench.records[0])
    assert (outcome.output, renamed.asked) == ("x", [])
    async with bench.experiments.journal("two", ["remote:other"]) as journal:
        other = PricedModel(["y"], name="before")
        outcome = await make_system(other, journal, identity="remote:other").answer(
            bench.records[0]
        )
    assert outcome.output == "y"


async def test_answers_of_the_time_before_identities_are_known(
    bench: Bench, make_system: SystemMaker
) -> None:
    await bench.run(PricedModel(lambda *_: "x"))
    async with bench.database.begin() as transaction:
        await transaction.execute(text("UPDATE fourfold.exchanges SET identity = ''"))
    async with bench.experiments.journal("two", ["test:scripted"]) as journal:
        outcome = await make_system(PricedModel([]), journal).answer(bench.records[0])
    assert outcome.output == "x"


async def test_a_repetition_knows_only_what_it_asked_itself(bench: Bench) -> None:
    await bench.run(PricedModel(lambda *_: "x"))
    for experiment, known in (("one", 3), ("one-2", 0)):
        async with bench.experiments.journal(
            experiment, ["test:scripted"], own_only=True
        ) as journal:
            keys = [one.key for case in await bench.cases() for one in case.exchanges]
            assert sum(journal.recall(key) is not None for key in keys) == known


async def test_two_processes_do_not_make_the_same_comparison_at_once(database: Database) -> None:
    experiments = Experiments(database)
    async with (
        experiments.alone("one", "process 17 on host since 14:03 UTC"),
        experiments.alone("two", "process 18 on host since 14:04 UTC"),
    ):
        with pytest.raises(ExperimentBusy, match=r"`one` .* by process 17 on host since 14:03 UTC"):
            async with experiments.alone("one", "process 19"):
                pass
    async with experiments.alone("one", "process 20"):
        pass


async def test_those_of_this_machine_begin_when_the_remote_ones_are_done(bench: Bench) -> None:
    told: list[str] = []

    def tells(name: str) -> PricedModel:
        def reply(messages: Sequence[Message], options: CompletionOptions) -> Reply:
            told.append(name)
            return "a b c d"

        return PricedModel(reply, name=name)

    notes, budget = Notes(), Budget()
    systems = [
        bench.make(tells(name), notes, budget, is_local=name.startswith("local"))
        for name in ("local 1", "remote 1", "local 2", "remote 2")
    ]
    run = Run(
        systems=systems,
        records=bench.records,
        journal=Saving(notes),  # type: ignore[arg-type]
        budget=budget,
    )
    cases = await run.run()
    assert set(told[:6]) == {"remote 1", "remote 2"}
    assert told[:6] != sorted(told[:6])  # side by side
    assert told[6:] == ["local 1"] * 3 + ["local 2"] * 3
    assert [case.system for case in cases][::3] == ["local 1", "remote 1", "local 2", "remote 2"]


async def test_a_budget_names_the_model_whose_price_nobody_knows() -> None:
    model = kept(
        ScriptedModel(["x"], name="secret"), Notes(), budget=Budget(5), tariff=lambda _: None
    )
    with pytest.raises(BudgetReached, match="Nobody knows what `secret` costs"):
        await model.complete(ASKED, PLAIN)
