"""A model that takes one request after the other: who waits is not sent, paid or timed."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from time import perf_counter
from typing import Any

import pytest
from tests.evaluation.conftest import PRICE, Notes, PricedModel, SystemMaker

from fourfold.core.errors import ModelRateLimited
from fourfold.core.records import CompletionOptions, Delta, Message
from fourfold.datasets import Record
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import KeptModel, exchanges_kept
from fourfold.evaluation.records import Case, Outcome
from fourfold.evaluation.run import Run
from fourfold.models.limits import LimitedModel
from fourfold.testing.models import ScriptedModel

pytestmark = pytest.mark.anyio
PLAIN = CompletionOptions(max_tokens=5)
ANSWERING, QUEUING = 0.05, 1.0  # seconds


class SlowModel(PricedModel):
    """Answers after a while, and only when it may."""

    def __init__(self, replies: Any) -> None:
        super().__init__(replies)
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        async for delta in super().stream(messages, options):
            if delta.text:
                await self.may_answer.wait()
                await asyncio.sleep(ANSWERING)
            yield delta


class Cases:
    """A journal in memory."""

    def __init__(self) -> None:
        self.saved: list[Case] = []

    async def save(self, case: Case) -> None:
        self.saved.append(case)


def kept(model: LimitedModel, notes: Notes, budget: Budget) -> KeptModel:
    return KeptModel(model, identity="here", memory=notes, budget=budget, tariff=PRICE)


async def test_what_waits_for_its_turn_is_neither_intended_nor_set_aside() -> None:
    slow, notes, budget = SlowModel(lambda *_: "yes"), Notes(), Budget(1_000)
    slow.may_answer.clear()
    model = kept(LimitedModel(slow, concurrent=1), notes, budget)
    calls = [
        asyncio.create_task(model.complete([Message("user", str(n))], PLAIN)) for n in range(4)
    ]
    await asyncio.sleep(ANSWERING)
    assert (len(slow.asked), len(notes.intended)) == (1, 1)
    calls[3].cancel()
    await asyncio.gather(calls[3], return_exceptions=True)
    assert (len(notes.underway), notes.kept, budget.spent_usd) == (3, [], 0)
    slow.may_answer.set()
    answers = await asyncio.gather(*calls[:3])
    assert [one.text for one in answers] == ["yes"] * 3
    assert len(notes.intended) == len(slow.asked) == 3


async def test_equal_requests_that_wait_are_sent_once() -> None:
    slow, notes = SlowModel(lambda *_: "yes"), Notes()
    model = kept(LimitedModel(slow, concurrent=1), notes, Budget())
    asked = ["other", "same", "same", "same"]
    await asyncio.gather(*(model.complete([Message("user", one)], PLAIN) for one in asked))
    assert len(slow.asked) == 2


async def test_the_wait_for_the_minute_is_no_time_of_the_model() -> None:
    now, intended = 0.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        intended.append(len(notes.intended))
        now += seconds

    def clock() -> float:
        return now

    notes = Notes()
    limited = LimitedModel(ScriptedModel(["a", "b"]), per_minute=1, seconds=clock, sleep=sleep)
    model = KeptModel(
        limited, identity="here", memory=notes, budget=Budget(), tariff=PRICE, seconds=clock
    )
    with exchanges_kept() as exchanges:
        for text in ("one", "two"):
            await model.complete([Message("user", text)], PLAIN)
    assert intended == [1]  # the second was not written down while it waited
    assert [one.seconds for one in exchanges] == [0, 0]
    assert [one.delayed_seconds for one in exchanges] == [0, 60]


async def test_a_queue_is_no_time_of_a_system(
    make_system: SystemMaker, records: list[Record]
) -> None:
    limited = LimitedModel(SlowModel(lambda *_: "yes"), concurrent=1)
    system = make_system(limited, Notes(), parallel=3)
    run = Run([system], records, Cases(), Budget())  # type: ignore[arg-type]
    async with limited.turn():
        running = asyncio.create_task(run.run())
        await asyncio.sleep(QUEUING)  # somebody else's request
    waits = [one.outcome for one in await running if one.outcome]
    assert len(waits) == 3
    for one in waits:
        assert ANSWERING <= one.seconds < QUEUING
        assert 0 < (one.first_text_seconds or 0) <= one.seconds


class TwoQuestions:
    """Asks twice for each record, so that the second try finds the first answer."""

    name, parallel, is_local = "two", 1, False

    def __init__(self, model: KeptModel) -> None:
        self.model = model

    async def answer(self, record: Record) -> Outcome:
        began = perf_counter()
        for text in ("first", "second"):
            said = await self.model.complete([Message("user", text)], PLAIN)
        seconds = perf_counter() - began
        return Outcome(
            output=said.text,
            refused=False,
            evidence=(),
            usage=said.usage,
            seconds=seconds,
            first_text_seconds=None,
        )

    async def close(self) -> None:
        """Nothing to give back."""


async def test_the_queue_of_a_try_that_was_refused_is_not_taken_off_the_next(
    records: list[Record],
) -> None:
    inner = SlowModel(["a", ModelRateLimited("Slow down.", retry_after_seconds=0), "b"])
    limited = LimitedModel(inner, concurrent=1)
    system = TwoQuestions(kept(limited, Notes(), Budget()))
    run = Run([system], records[:1], Cases(), Budget())  # type: ignore[arg-type]
    async with limited.turn():
        running = asyncio.create_task(run.run())
        await asyncio.sleep(QUEUING)  # somebody else's request
    (case,) = await running
    assert case.outcome is not None
    assert case.outcome.output == "b"
    assert case.outcome.seconds >= 2 * ANSWERING
