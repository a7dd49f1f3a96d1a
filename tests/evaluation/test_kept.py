"""Kept models: the same request is never sent twice, and all that was sent is kept."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest
from tests.evaluation.conftest import PRICE, Notes

from fourfold.core.errors import ModelOverloaded
from fourfold.core.records import CompletionOptions, Delta, Message, Usage
from fourfold.core.tools import Tool, ToolCall
from fourfold.evaluation.budget import Budget
from fourfold.evaluation.kept import KeptModel, exchanges_kept
from fourfold.evaluation.records import BudgetReached
from fourfold.evaluation.requests import request_key
from fourfold.models.prices import unknown
from fourfold.testing.models import ChatModelContract, ScriptedModel

ASKED = [Message("user", "Hallo")]
PLAIN = CompletionOptions(max_tokens=5)


def kept(model: ScriptedModel, notes: Notes, budget: Budget | None = None) -> KeptModel:
    return KeptModel(model, identity="here", memory=notes, budget=budget or Budget(), tariff=PRICE)


class TestKeptModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> KeptModel:
        def reply(messages: object, options: CompletionOptions) -> str:
            if options.json_schema is not None:
                return '{"found": true}'
            return "one two three four five six seven eight nine ten"

        return kept(ScriptedModel(reply), Notes())


@pytest.mark.anyio
async def test_the_second_time_it_is_answered_from_memory() -> None:
    model, notes = ScriptedModel(["Guten Tag"]), Notes()
    first = await kept(model, notes).complete(ASKED, PLAIN)
    with exchanges_kept() as exchanges:
        second = await kept(model, notes).complete(ASKED, PLAIN)
    assert first == second
    assert len(model.asked) == 1
    assert exchanges[0].recalled


@pytest.mark.anyio
async def test_a_stream_out_of_memory_says_the_same() -> None:
    model, notes = ScriptedModel(["Guten Tag"]), Notes()
    for _ in range(2):
        deltas = [delta.text async for delta in kept(model, notes).stream(ASKED, PLAIN)]
        assert "".join(deltas) == "Guten Tag"


@pytest.mark.anyio
async def test_half_an_answer_is_kept_and_not_given_again() -> None:
    model, notes = ScriptedModel(["Guten Tag", "Guten Tag"]), Notes()
    stream = kept(model, notes).stream(ASKED, PLAIN)
    await anext(stream)
    await stream.aclose()
    assert (notes.kept[0].text, notes.kept[0].error) == ("Guten ", "cancelled")
    await kept(model, notes).complete(ASKED, PLAIN)
    assert len(model.asked) == 2


@pytest.mark.anyio
async def test_an_error_is_kept_with_its_code() -> None:
    notes = Notes()
    with pytest.raises(ModelOverloaded):
        await kept(ScriptedModel([ModelOverloaded("Gone.")]), notes).complete(ASKED, PLAIN)
    assert notes.kept[0].error == "model_overloaded"
    assert notes.kept[0].messages == tuple(ASKED)


@pytest.mark.anyio
async def test_exchanges_of_two_tasks_do_not_mix() -> None:
    model, notes = ScriptedModel(lambda m, o: m[-1].content), Notes()

    async def ask(word: str) -> list[str]:
        with exchanges_kept() as exchanges:
            await kept(model, notes).complete([Message("user", word)], PLAIN)
        return [one.text for one in exchanges]

    assert list(await asyncio.gather(ask("eins"), ask("zwei"))) == [["eins"], ["zwei"]]


@pytest.mark.parametrize(
    "other",
    [
        request_key("there", ASKED, PLAIN),
        request_key("here", [Message("user", "Hallo!")], PLAIN),
        request_key("here", [Message("system", "Hallo")], PLAIN),
        request_key("here", ASKED, CompletionOptions(max_tokens=6)),
        request_key("here", ASKED, CompletionOptions(max_tokens=5, seed=1)),
    ],
)
def test_what_could_be_answered_otherwise_has_another_key(other: str) -> None:
    assert request_key("here", ASKED, PLAIN) != other
    assert request_key("here", list(ASKED), PLAIN) == request_key("here", ASKED, PLAIN)


@pytest.mark.anyio
async def test_a_budget_is_not_kept_for_a_model_whose_price_nobody_knows() -> None:
    model = KeptModel(
        ScriptedModel(["x"]),
        identity="here",
        memory=Notes(),
        budget=Budget(limit_usd=5),
        tariff=unknown,
    )
    with pytest.raises(BudgetReached, match="Nobody knows"):
        await model.complete(ASKED, PLAIN)


def test_keys_stay_as_they_were_for_what_is_kept() -> None:
    asked = [Message("system", "Sei kurz."), *ASKED]
    options = CompletionOptions(max_tokens=5, seed=0, json_schema={"type": "object"})
    known = "f3498e551b8988733c41598a741e142ae9a36e6dddd331a8666acf35fce23b6f"
    assert request_key("here", asked, options) == known


def test_tools_and_their_results_are_part_of_the_key() -> None:
    tool = Tool(name="clock")
    call = ToolCall(id="1", name="clock")
    keys = {
        request_key("here", ASKED, PLAIN),
        request_key("here", ASKED, replace(PLAIN, tools=(tool,))),
        request_key("here", ASKED, replace(PLAIN, tools=(tool,), tool_choice="required")),
        request_key("here", [Message("assistant", "", tool_calls=(call,))], PLAIN),
        request_key("here", [Message("tool", "", tool_call_id="1")], PLAIN),
    }
    assert len(keys) == 5


@pytest.mark.anyio
async def test_calls_of_tools_are_given_again_out_of_memory() -> None:
    call, notes = ToolCall(id="1", name="clock", arguments={"zone": "UTC"}), Notes()

    class Calls(ScriptedModel):
        async def stream(
            self, messages: Sequence[Message], options: CompletionOptions
        ) -> AsyncGenerator[Delta, None]:
            yield Delta(finish_reason="tool_calls", tool_calls=(call,), usage=Usage())

    for model in (Calls(), ScriptedModel([])):
        completion = await kept(model, notes).complete(ASKED, PLAIN)
        assert (completion.tool_calls, completion.finish_reason) == ((call,), "tool_calls")
