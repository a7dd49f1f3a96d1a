"""Two comparisons at the same time: an equal request is sent, and paid, by one of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.evaluation.conftest import PRICE, PricedModel

from fourfold.core.errors import ModelOverloaded
from fourfold.core.records import Completion, CompletionOptions, Delta, Message
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import KeptModel
from fourfold.evaluation.store import Experiments
from fourfold.storage.database import Database

pytestmark = pytest.mark.anyio
ASKED = [Message("user", "Hallo")]
OPTIONS = CompletionOptions(max_tokens=5)


class SlowModel(PricedModel):
    """Answers when it is told to."""

    def __init__(self, replies: Sequence[str | Exception]) -> None:
        super().__init__(replies)
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        self.was_asked.set()
        await self.may_answer.wait()
        async for delta in super().stream(messages, options):
            yield delta


@asynccontextmanager
async def running(
    database: Database, experiment: str, model: PricedModel, *, anew: bool = False
) -> AsyncIterator[KeptModel]:
    """The model as a process sees it that makes this experiment."""
    experiments = Experiments(database)
    async with (
        experiments.alone(experiment, "a test"),
        experiments.journal(experiment, ["m"], own_only=anew) as journal,
    ):
        yield KeptModel(model, identity="m", memory=journal, budget=Budget(), tariff=PRICE)


async def asked(model: KeptModel) -> Completion:
    return await model.complete(ASKED, OPTIONS)


async def test_an_equal_request_of_another_experiment_waits_for_the_answer(
    database: Database,
) -> None:
    model = SlowModel(["Guten Tag"])
    async with running(database, "one", model) as one, running(database, "two", model) as two:
        first = asyncio.create_task(asked(one))
        await asyncio.wait_for(model.was_asked.wait(), 20)
        second = asyncio.create_task(asked(two))
        await asyncio.sleep(0.3)
        assert not second.done()
        model.may_answer.set()
        answers = [await first, await second]
    assert [one.text for one in answers] == ["Guten Tag"] * 2
    assert answers[0].usage == answers[1].usage
    assert len(model.asked) == 1
    spent = [(await Experiments(database).spent(name)).usd for name in ("one", "two")]
    assert spent[0] > 0
    assert spent[1] == 0


async def test_what_another_has_asked_since_is_known_at_once(database: Database) -> None:
    model = PricedModel(["Guten Tag"])
    async with running(database, "one", model) as one, running(database, "two", model) as two:
        await asked(one)
        assert (await asked(two)).text == "Guten Tag"
    assert len(model.asked) == 1


async def test_what_failed_elsewhere_is_asked_again(database: Database) -> None:
    model = PricedModel([ModelOverloaded("Away."), "Guten Tag"])
    async with running(database, "one", model) as one, running(database, "two", model) as two:
        with pytest.raises(ModelOverloaded):
            await asked(one)
        assert (await asked(two)).text == "Guten Tag"
    assert len(model.asked) == 2


async def test_what_a_killed_process_asked_is_asked_again(database: Database) -> None:
    model = SlowModel(["Guten Tag"])
    experiments = Experiments(database)
    async with experiments.journal("one", ["m"]) as journal:  # nobody holds its lock any longer
        one = KeptModel(model, identity="m", memory=journal, budget=Budget(), tariff=PRICE)
        lost = asyncio.create_task(asked(one))
        await asyncio.wait_for(model.was_asked.wait(), 20)
        other = PricedModel(["Moin"])
        async with running(database, "two", other) as two:
            assert (await asked(two)).text == "Moin"
        model.may_answer.set()
        await lost


async def test_a_repetition_asks_what_others_have_asked(database: Database) -> None:
    model = PricedModel(["eins", "zwei"])
    async with (
        running(database, "one", model) as one,
        running(database, "one-2", model, anew=True) as again,
    ):
        assert [(await asked(each)).text for each in (one, again)] == ["eins", "zwei"]
