"""Another model answers when one cannot, and everybody is told which one it was."""

import pytest

from fourfold.core.errors import (
    ContextTooLong,
    InvalidInput,
    ModelError,
    ModelNotAllowed,
    ModelOverloaded,
    ModelRateLimited,
    ModelRejected,
)
from fourfold.core.records import CompletionOptions, Delta, Message
from fourfold.models.fallback import FallbackModel
from fourfold.testing.models import ChatModelContract, ScriptedModel

QUESTION = [Message("user", "hello")]
PLAIN = CompletionOptions()


def _says_json_or_words(messages: object, options: CompletionOptions) -> str:
    return '{"found": true}' if options.json_schema else "one two three four"


class TestFallbackModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> FallbackModel:
        first = ScriptedModel(_says_json_or_words, name="first")
        return FallbackModel([first, ScriptedModel(["never"])])


def models(*replies: str | Exception) -> list[ScriptedModel]:
    return [ScriptedModel([reply], name=f"m{n}") for n, reply in enumerate(replies)]


async def streamed(model: FallbackModel) -> list[Delta]:
    return [delta async for delta in model.stream(QUESTION, PLAIN)]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "error", [ModelOverloaded("busy"), ModelRateLimited("slow"), ModelNotAllowed("no")]
)
async def test_the_next_model_answers_and_says_so(error: ModelError) -> None:
    completion = await FallbackModel(models(error, error, "yes")).complete(QUESTION, PLAIN)
    assert (completion.text, completion.model) == ("yes", "m2")
    deltas = await streamed(FallbackModel(models(error, error, "yes")))
    assert "".join(delta.text for delta in deltas) == "yes"
    assert {delta.model for delta in deltas} == {"m2"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "error", [ModelRejected("bad"), ContextTooLong("long"), InvalidInput("no"), ModelError("odd")]
)
async def test_what_is_wrong_with_the_question_is_not_asked_again(error: Exception) -> None:
    first, second = models(error, "yes")
    with pytest.raises(type(error)):
        await FallbackModel([first, second]).complete(QUESTION, PLAIN)
    with pytest.raises(type(error)):
        await streamed(FallbackModel(models(error, "yes")))
    assert second.asked == []


@pytest.mark.anyio
async def test_the_error_of_the_last_one_is_told() -> None:
    two = [ModelOverloaded("first"), ModelRateLimited("last")]
    with pytest.raises(ModelRateLimited, match="last"):
        await FallbackModel(models(*two)).complete(QUESTION, PLAIN)
    with pytest.raises(ModelRateLimited, match="last"):
        await streamed(FallbackModel(models(*two)))


class Breaks(ScriptedModel):
    """Says a word, and is out of reach."""

    async def stream(self, messages, options):  # type: ignore[no-untyped-def]
        yield Delta(text="one ")
        raise ModelOverloaded("the line broke")


@pytest.mark.anyio
async def test_a_stream_that_has_begun_is_not_begun_anew() -> None:
    (second,) = models("yes")
    with pytest.raises(ModelOverloaded, match="the line broke"):
        await streamed(FallbackModel([Breaks([]), second]))
    assert second.asked == []


@pytest.mark.anyio
async def test_it_promises_what_each_of_them_keeps_and_closes_only_the_first() -> None:
    first = ScriptedModel([], name="first", context_tokens=100)
    second = ScriptedModel([], name="second", context_tokens=50)
    both = FallbackModel([first, second])
    assert (both.name, both.context_tokens, both.count_tokens("a b")) == ("first", 50, 2)
    await both.close()
    assert (first.closed, second.closed) == (True, False)
