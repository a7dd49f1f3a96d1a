"""Chat models through llama.cpp, with a tiny model that is written here."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from fourfold.core.errors import ContextTooLong, InvalidInput, InvalidOutput, ModelError, NotFound
from fourfold.core.records import CompletionOptions, Message, Usage
from fourfold.core.tools import Tool, ToolCall
from fourfold.models.llama import LlamaModel
from fourfold.models.llama_tools import told_in_words
from fourfold.testing.models import ChatModelContract

QUESTION = [Message("user", "tell me something")]


@pytest.fixture
async def model(tiny_gguf: Path) -> AsyncIterator[LlamaModel]:
    model = LlamaModel(path=tiny_gguf, threads=1, context_tokens=512)
    yield model
    await model.close()


class TestLlamaModel(ChatModelContract):
    pass


@pytest.mark.anyio
async def test_the_event_loop_goes_on_while_the_weights_load(model: LlamaModel) -> None:
    loading = asyncio.create_task(model.load())
    longest, last = 0.0, time.perf_counter()
    while not loading.done():
        await asyncio.sleep(0.01)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < 0.5


@pytest.mark.anyio
async def test_what_was_read_ahead_is_not_read_again(model: LlamaModel) -> None:
    rules = Message("system", "Answer from the sentences, in a few words. " * 4)
    await model.read_ahead([rules, Message("user", "")])
    completion = await model.complete([rules, *QUESTION], CompletionOptions(max_tokens=1))
    assert completion.usage.cached_tokens > completion.usage.prompt_tokens / 2


@pytest.mark.anyio
async def test_a_closed_stream_frees_its_slot_at_once(model: LlamaModel) -> None:
    options = CompletionOptions(max_tokens=400, temperature=1.0, seed=1)
    for _ in range(5):
        async with aclosing(model.stream(QUESTION, options)) as deltas:
            await anext(deltas)
    assert await _slots_are_free(model, within_seconds=3)


@pytest.mark.anyio
async def test_a_cancelled_prompt_frees_its_slot(model: LlamaModel) -> None:
    await model.load()
    long = [Message("user", "a b c " * 70)]
    calls = [asyncio.create_task(model.complete(long, CompletionOptions())) for _ in range(4)]
    await asyncio.sleep(0.05)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await _slots_are_free(model, within_seconds=5)


async def _slots_are_free(model: LlamaModel, *, within_seconds: float) -> bool:
    process = model._start()
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        slots = await asyncio.to_thread(process.ask, "GET", "/slots")
        if not any(slot["is_processing"] for slot in slots):
            return True
        await asyncio.sleep(0.3)
    return False


@pytest.mark.anyio
async def test_the_same_seed_gives_the_same_text(model: LlamaModel) -> None:
    async def text(seed: int) -> str:
        options = CompletionOptions(max_tokens=20, temperature=1.5, seed=seed)
        return (await model.complete(QUESTION, options)).text

    await text(0)  # from here on the prompt is cached, for each alike
    assert await text(1) == await text(1)
    assert await text(1) != await text(2)


@pytest.mark.anyio
async def test_a_prompt_is_not_read_twice(tiny_gguf: Path) -> None:
    model = LlamaModel(path=tiny_gguf, threads=1, context_tokens=512, concurrent=1)
    options = CompletionOptions(max_tokens=2)
    first = await model.complete(QUESTION, options)
    second = await model.complete(QUESTION, options)
    await model.close()
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens >= second.usage.prompt_tokens - 2


@pytest.mark.anyio
async def test_a_stop_text_ends_the_answer_and_is_left_out(model: LlamaModel) -> None:
    whole = (await model.complete(QUESTION, CompletionOptions(max_tokens=30))).text
    stop = whole[5:8]
    text = (await model.complete(QUESTION, CompletionOptions(max_tokens=30, stop=(stop,)))).text
    assert text == whole.partition(stop)[0]


@pytest.mark.anyio
async def test_a_schema_holds_even_for_a_model_that_speaks_nonsense(model: LlamaModel) -> None:
    schema = {"type": "object", "properties": {"sure": {"enum": ["yes", "no"]}}}
    strict = {**schema, "required": ["sure"], "additionalProperties": False}
    options = CompletionOptions(max_tokens=60, json_schema=strict)
    completion = await model.complete(QUESTION, options)
    assert json.loads(completion.text)["sure"] in {"yes", "no"}


@pytest.mark.anyio
async def test_json_that_was_cut_off_is_an_error(model: LlamaModel) -> None:
    options = CompletionOptions(max_tokens=3, json_schema={"type": "string", "minLength": 50})
    with pytest.raises(ModelError, match="cut off"):
        await model.complete(QUESTION, options)


CITY = Tool(
    name="weather",
    parameters={
        "type": "object",
        "properties": {"city": {"$ref": "#/$defs/city"}},
        "required": ["city"],
        "additionalProperties": False,
        "$defs": {"city": {"enum": ["Bonn", "Ulm"]}},
    },
)
CLOCK = Tool(name="clock", parameters={"type": "object", "additionalProperties": False})


@pytest.mark.anyio
@pytest.mark.parametrize("choice", ["required", "weather"])
async def test_calls_hold_even_for_a_model_that_speaks_nonsense(
    tiny_gguf: Path, choice: str
) -> None:
    model = LlamaModel(path=tiny_gguf, threads=1, context_tokens=2048)
    options = CompletionOptions(max_tokens=1000, tools=(CITY, CLOCK), tool_choice=choice)
    completion = await model.complete(QUESTION, options)
    await model.close()
    assert completion.finish_reason == "tool_calls"
    assert completion.text == ""
    assert len({call.id for call in completion.tool_calls}) == len(completion.tool_calls) > 0
    if choice == "weather":
        assert {call.arguments["city"] for call in completion.tool_calls} <= {"Bonn", "Ulm"}


@pytest.mark.anyio
async def test_calls_that_were_cut_off_are_an_error_with_its_usage(model: LlamaModel) -> None:
    options = CompletionOptions(max_tokens=5, tools=(CITY,), tool_choice="required")
    with pytest.raises(InvalidOutput, match="cannot be read") as caught:
        await model.complete(QUESTION, options)
    assert caught.value.usage is not None
    assert caught.value.usage.completion_tokens == 5


@pytest.mark.anyio
async def test_a_template_that_knows_no_tools_leaves_no_choice(model: LlamaModel) -> None:
    assert not model.can_call_tools
    with pytest.raises(InvalidInput, match="its chat template knows none"):
        await model.complete(QUESTION, CompletionOptions(tools=(CLOCK,)))
    with pytest.raises(InvalidInput, match="with a JSON schema"):
        await model.complete(
            QUESTION,
            CompletionOptions(tools=(CLOCK,), tool_choice="clock", json_schema={"type": "object"}),
        )


@pytest.mark.anyio
async def test_a_template_that_knows_tools_shows_them(tiny_gguf_with_tools: Path) -> None:
    model = LlamaModel(path=tiny_gguf_with_tools, threads=1, context_tokens=512)
    assert model.can_call_tools
    options = CompletionOptions(max_tokens=8)
    plain = await model.complete(QUESTION, options)
    shown = await model.complete(QUESTION, replace(options, tools=(CLOCK,)))
    forced = replace(options, tools=(CLOCK,), tool_choice="clock", max_tokens=300)
    called = await model.complete(QUESTION, forced)
    await model.close()
    assert shown.usage.prompt_tokens > plain.usage.prompt_tokens + 20
    assert called.usage.prompt_tokens > plain.usage.prompt_tokens + 20
    assert {call.name for call in called.tool_calls} == {"clock"}


def test_tools_calls_and_results_are_told_in_words() -> None:
    calls = tuple(ToolCall(id=key, name="clock", arguments={"zone": key}) for key in "ab")
    talk = [
        Message("system", "Antworte kurz."),
        Message("user", "Wie spät?"),
        Message("assistant", "Moment.", tool_calls=calls),
        Message("tool", "12:05", tool_call_id="a"),
        Message("tool", "13:05", tool_call_id="b"),
        Message("user", "Und?"),
    ]
    system, *turns = told_in_words(talk, [CLOCK])
    assert system.content.startswith("Antworte kurz.\n\nYou call tools.")
    assert '"name": "clock"' in system.content
    assert turns == [
        Message("user", "Wie spät?"),
        Message(
            "assistant",
            'Moment.\n[{"name": "clock", "arguments": {"zone": "a"}}, '
            '{"name": "clock", "arguments": {"zone": "b"}}]',
        ),
        Message("user", "clock: 12:05\n\nclock: 13:05\n\nUnd?"),
    ]


@pytest.mark.anyio
async def test_an_answer_in_the_wrong_form_tells_what_it_took(model: LlamaModel) -> None:
    options = CompletionOptions(max_tokens=3, json_schema={"type": "string", "minLength": 50})
    told: list[Usage] = []
    with pytest.raises(InvalidOutput) as caught:
        await _usages(model, options, told)
    assert [usage.completion_tokens for usage in told] == [3]
    assert caught.value.usage == told[0]


async def _usages(model: LlamaModel, options: CompletionOptions, told: list[Usage]) -> None:
    async for delta in model.stream(QUESTION, options):
        told += [delta.usage] if delta.usage else []


@pytest.mark.anyio
async def test_probabilities_are_given_when_asked_for(model: LlamaModel) -> None:
    options = CompletionOptions(max_tokens=3, top_logprobs=2)
    completion = await model.complete(QUESTION, options)
    assert len(completion.logprobs) == 3
    assert all(len(token.likeliest) == 2 and token.logprob <= 0 for token in completion.logprobs)
    assert (await model.complete(QUESTION, CompletionOptions(max_tokens=3))).logprobs == ()


@pytest.mark.anyio
async def test_every_request_has_the_whole_context(model: LlamaModel) -> None:
    assert model.context_tokens == 512
    fits = [Message("user", "ü" * 220)]  # two tokens each
    assert (await model.complete(fits, CompletionOptions(max_tokens=5))).text
    with pytest.raises(ContextTooLong):
        await model.complete([Message("user", "ü" * 270)], CompletionOptions(max_tokens=5))


@pytest.mark.anyio
async def test_the_context_is_never_longer_than_trained(tiny_gguf: Path) -> None:
    assert LlamaModel(path=tiny_gguf, context_tokens=1_000_000).context_tokens == 2048


@pytest.mark.anyio
async def test_tokens_are_counted_exactly(model: LlamaModel) -> None:
    plain = await model.complete([Message("user", "x")], CompletionOptions(max_tokens=1))
    longer = await model.complete([Message("user", "x" * 31)], CompletionOptions(max_tokens=1))
    difference = longer.usage.prompt_tokens - plain.usage.prompt_tokens
    assert model.count_tokens("x" * 31) - model.count_tokens("x") == difference == 30


@pytest.mark.anyio
async def test_no_port_is_open_and_the_socket_is_ours_alone(model: LlamaModel) -> None:
    await model.load()
    process = model._start()
    assert psutil.Process(process.pid).net_connections("inet") == []
    assert process.socket.parent.stat().st_mode & 0o077 == 0


@pytest.mark.anyio
async def test_closing_leaves_no_process_and_no_folder(model: LlamaModel) -> None:
    await model.load()
    process = model._start()
    await model.close()
    assert not psutil.pid_exists(process.pid)
    assert not process.socket.parent.exists()
    with pytest.raises(ModelError, match="closed"):
        await model.complete(QUESTION, CompletionOptions())


@pytest.mark.anyio
async def test_a_llama_that_was_killed_is_started_anew(model: LlamaModel) -> None:
    await model.load()
    options = CompletionOptions(max_tokens=5)
    os.kill(model._start().pid, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await model.complete(QUESTION, options)).text
    assert model.count_tokens("never counted before") > 0


@pytest.mark.anyio
async def test_nothing_is_written_to_stderr(
    model: LlamaModel, capfd: pytest.CaptureFixture[str]
) -> None:
    await model.complete(QUESTION, CompletionOptions(max_tokens=2))
    await model.close()
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(NotFound, match=r"no-such\.gguf"):
        LlamaModel(path=Path("no-such.gguf"))


@pytest.mark.parametrize("content", [b"", b"not a model", b"GGUF", b"GGUF" + b"\xff" * 400])
def test_what_is_no_gguf_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.gguf"):
        LlamaModel(path=path)


@pytest.mark.anyio
async def test_a_file_that_was_cut_off_is_named(tmp_path: Path, tiny_gguf: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(tiny_gguf.read_bytes()[:60_000])  # noqa: ASYNC240 nothing else runs
    model = LlamaModel(path=path)
    with pytest.raises(ModelError, match=r"half\.gguf"):
        await model.complete(QUESTION, CompletionOptions())
    await model.close()


def test_it_works_under_uvloop(tiny_gguf: Path) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def ask() -> str:
        model = LlamaModel(path=tiny_gguf, threads=1, context_tokens=256)
        try:
            return (await model.complete(QUESTION, CompletionOptions(max_tokens=4))).text
        finally:
            await model.close()

    assert uvloop.run(ask())


@pytest.mark.anyio
async def test_scoring_tells_the_probabilities_with_which_the_model_writes(
    model: LlamaModel,
) -> None:
    tokens = await model.tokens_of("tell me something")
    assert (await model.text_of(tokens)).strip() == "tell me something"
    scored = await model.score_tokens(tokens, likeliest=3)
    assert scored[0] is None
    assert len(scored) == len(tokens)
    for place, ours in enumerate(scored[1:], 1):
        assert ours is not None
        written = await model.next_token(tokens[:place], likeliest=3)
        assert ours.logprob <= written.logprob + 1e-4
        assert ours.likeliest == pytest.approx(dict(written.likeliest), abs=1e-4)


@pytest.mark.anyio
async def test_letters_of_several_tokens_are_scored_too(model: LlamaModel) -> None:
    tokens = await model.tokens_of("so 🎉 ἀ")
    assert len(tokens) > 5  # bytes: llama.cpp tells nothing of one that ends inside a letter
    scored = await model.score_tokens(tokens, likeliest=2)
    for place, one in enumerate(scored[1:], 1):
        assert one is not None
        written = await model.next_token(tokens[:place], likeliest=2)
        assert one.logprob <= written.logprob + 1e-4


@pytest.mark.anyio
async def test_a_text_scores_the_same_whatever_was_scored_before(model: LlamaModel) -> None:
    first, second = await model.tokens_of("one two three"), await model.tokens_of("one two four")
    alone = await model.score_tokens(second)
    await model.score_tokens(first)
    again = await model.score_tokens(second)
    assert [one and one.token for one in alone] == [one and one.token for one in again]
    for ours, theirs in zip(alone[1:], again[1:], strict=True):
        assert ours is not None
        assert theirs is not None
        assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-4)


@pytest.mark.anyio
async def test_a_text_longer_than_the_context_is_not_scored(model: LlamaModel) -> None:
    with pytest.raises(ContextTooLong):
        await model.score_tokens([5] * 512)
