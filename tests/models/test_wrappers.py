"""The scripted model, and the limits on calls at once and within a minute."""

import asyncio

import pytest

from fourfold.core.errors import ContextTooLong, ModelOverloaded
from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Message
from fourfold.models import CHAT_MODELS, EMBEDDERS
from fourfold.models.limits import LimitedModel
from fourfold.testing.models import ChatModelContract, ScriptedModel

QUESTION = [Message("user", "hello")]
PLAIN = CompletionOptions()


def _says_json_or_words(messages: object, options: CompletionOptions) -> str:
    return '{"found": true}' if options.json_schema else "one two three four"


class TestScriptedModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> ScriptedModel:
        return ScriptedModel(_says_json_or_words)


class TestLimitedModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> LimitedModel:
        return LimitedModel(ScriptedModel(_says_json_or_words), concurrent=1)


@pytest.mark.anyio
async def test_the_script_is_followed_and_the_questions_are_kept() -> None:
    model = ScriptedModel(["first", ModelOverloaded("busy"), "last words"])
    assert (await model.complete(QUESTION, PLAIN)).text == "first"
    with pytest.raises(ModelOverloaded):
        await model.complete(QUESTION, PLAIN)
    assert [delta.text async for delta in model.stream(QUESTION, PLAIN)] == ["last ", "words", ""]
    assert model.asked == [tuple(QUESTION)] * 3
    with pytest.raises(AssertionError, match="no reply"):
        await model.complete(QUESTION, PLAIN)


@pytest.mark.anyio
async def test_a_scripted_context_is_a_limit() -> None:
    with pytest.raises(ContextTooLong):
        await ScriptedModel(["x"], context_tokens=0).complete(QUESTION, PLAIN)


@pytest.mark.anyio
async def test_only_so_many_calls_run_at_once_and_in_their_order() -> None:
    most = 0

    def reply(messages: object, options: CompletionOptions) -> str:
        nonlocal most
        most = max(most, inner.working + 1)
        return "a few words to say"

    inner = ScriptedModel(reply)
    model: ChatModel = LimitedModel(inner, concurrent=2)
    questions = [[Message("user", str(number))] for number in range(8)]
    await asyncio.gather(*(model.complete(question, PLAIN) for question in questions))
    assert most == 2
    assert [asked[0].content for asked in inner.asked] == [str(number) for number in range(8)]


@pytest.mark.anyio
async def test_a_waiting_call_that_is_cancelled_leaves_the_queue() -> None:
    inner = ScriptedModel(["one two", "after"])
    model = LimitedModel(inner, concurrent=1)
    first = model.stream(QUESTION, PLAIN)
    await anext(first)
    waiting = asyncio.create_task(model.complete(QUESTION, PLAIN))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await first.aclose()
    assert (await model.complete(QUESTION, PLAIN)).text == "after"
    assert inner.working == 0


@pytest.mark.anyio
async def test_only_so_many_calls_begin_within_any_minute() -> None:
    now = 100.0
    begun: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def reply(messages: object, options: CompletionOptions) -> str:
        nonlocal now
        begun.append(now)
        now += 10
        return "yes"

    model = LimitedModel(ScriptedModel(reply), per_minute=3, seconds=lambda: now, sleep=sleep)
    for _ in range(7):
        await model.complete(QUESTION, PLAIN)
    assert begun == [100, 110, 120, 160, 170, 180, 220]


@pytest.mark.anyio
async def test_a_call_that_is_cancelled_while_it_waits_for_its_minute_takes_no_place() -> None:
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.sleep(30)

    model = LimitedModel(ScriptedModel(["a", "b"]), per_minute=1, seconds=lambda: now, sleep=sleep)
    now = 0.0
    await model.complete(QUESTION, PLAIN)
    call = asyncio.create_task(model.complete(QUESTION, PLAIN))
    await waiting.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    now = 60.0
    assert (await model.complete(QUESTION, PLAIN)).text == "b"


@pytest.mark.anyio
async def test_a_queue_of_one_reports_the_names_of_its_model() -> None:
    inner = ScriptedModel(["x"], name="small", context_tokens=7)
    model = LimitedModel(inner, concurrent=1)
    assert (model.name, model.context_tokens, model.count_tokens("a b")) == ("small", 7, 2)
    await model.close()
    assert inner.closed


@pytest.mark.parametrize("name", ["anthropic", "google", "llama", "openai"])
def test_chat_models_are_found_by_name(name: str) -> None:
    assert name in CHAT_MODELS.names()
    assert callable(CHAT_MODELS.load(name))


def test_embedders_are_found_by_name() -> None:
    assert callable(EMBEDDERS.load("openai"))
