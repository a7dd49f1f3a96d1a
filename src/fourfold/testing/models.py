"""A scripted chat model for tests, and the contract that every chat model keeps."""
# ruff: noqa: D102 - the name of a contract test says what it demands

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import cast

import pytest
from jsonschema import Draft202012Validator

from fourfold.core.errors import ContextTooLong, InvalidInput, ModelError
from fourfold.core.protocols import ChatModel, QuotingModel, ToolCallingModel
from fourfold.core.records import Completion, CompletionOptions, Delta, FinishReason, Message, Usage
from fourfold.core.tools import Tool, ToolCall
from fourfold.models.chat import joined
from fourfold.models.quoting import check_quotable
from fourfold.models.schema import check_schema, check_text
from fourfold.models.tools import CallPiece, calls_of, check_tools

Reply = str | tuple[ToolCall, ...] | Exception
Script = Callable[[Sequence[Message], CompletionOptions], Reply]

_SCHEMA = {
    "type": "object",
    "properties": {"found": {"type": "boolean"}},
    "required": ["found"],
    "additionalProperties": False,
}


class ScriptedModel:
    """Answers with what it was given, one reply a call, or with what a function says.

    A reply that is an exception is raised, one of calls is asked for. `asked` holds the
    conversations it saw, `options` how it was asked, `working` the number of answers in the making.
    Tokens are words; `max_tokens`, `stop`, `json_schema` and `tools` hold.
    """

    def __init__(
        self,
        replies: Sequence[Reply] | Script = (),
        *,
        name: str = "scripted",
        context_tokens: int = 4096,
        can_quote: bool = False,
    ) -> None:
        self._script: Script = replies if callable(replies) else _in_order(replies)
        self._name = name
        self._context_tokens = context_tokens
        self._can_quote = can_quote
        self.asked: list[tuple[Message, ...]] = []
        self.options: list[CompletionOptions] = []
        self.working = 0
        self.closed = False

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    @property
    def context_tokens(self) -> int:
        """As given."""
        return self._context_tokens

    @property
    def can_quote(self) -> bool:
        """As given; the script is trusted to quote."""
        return self._can_quote

    @property
    def can_call_tools(self) -> bool:
        """True; the script decides."""
        return True

    def count_tokens(self, text: str) -> int:
        """Words."""
        return len(text.split())

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """The next reply."""
        return await joined(self.stream(messages, options), model=self._name)

    async def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncGenerator[Delta, None]:
        """The next reply, word by word."""
        self.asked.append(tuple(messages))
        self.options.append(options)
        prompt_tokens = self._fitting(messages)
        if not self._can_quote:
            check_quotable(self._name, options)
        if options.json_schema is not None:
            check_schema(options.json_schema)
        check_tools(messages, options)
        reply = self._script(messages, options)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, tuple):
            usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=len(reply))
            calls = _checked(reply, options)
            yield Delta(finish_reason="tool_calls", usage=usage, tool_calls=calls)
            return
        _checked((), options)
        self.working += 1
        try:
            words, whole = _cut(reply, options)
            for word in words:
                await asyncio.sleep(0)
                yield Delta(text=word)
            finish_reason: FinishReason = "stop" if whole else "length"
            if options.json_schema is not None:
                check_text("".join(words), options.json_schema, finish_reason)
            usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=len(words))
            yield Delta(finish_reason=finish_reason, usage=usage)
        finally:
            self.working -= 1

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _fitting(self, messages: Sequence[Message]) -> int:
        tokens = sum(self.count_tokens(message.content) for message in messages)
        if tokens > self._context_tokens:
            raise ContextTooLong(
                f"The prompt has {tokens} tokens, the model takes {self._context_tokens}.",
                hint="Ask with fewer or shorter passages.",
            )
        return tokens


def _in_order(replies: Sequence[Reply]) -> Script:
    waiting: Iterator[Reply] = iter(replies)

    def reply(messages: Sequence[Message], options: CompletionOptions) -> Reply:
        try:
            return next(waiting)
        except StopIteration:
            raise AssertionError(f"The script has no reply to {messages[-1].content!r}") from None

    return reply


def _cut(reply: str, options: CompletionOptions) -> tuple[list[str], bool]:
    """The words up to the first stop text and to `max_tokens`, and whether all of them fit."""
    for stop in options.stop:
        reply = reply.partition(stop)[0]
    words = [f"{word} " for word in reply.split(" ")]
    words[-1] = words[-1].removesuffix(" ")
    most = len(words) if options.max_tokens is None else options.max_tokens
    return words[:most], len(words) <= most


def _checked(calls: tuple[ToolCall, ...], options: CompletionOptions) -> tuple[ToolCall, ...]:
    """The calls, after the checks that those of a server pass through."""
    pieces = [
        CallPiece(
            index=place,
            id=one.id,
            name=one.name,
            arguments=json.dumps(dict(one.arguments)),
            signature=one.signature,
        )
        for place, one in enumerate(calls)
    ]
    return calls_of(pieces, options, "stop", lambda: "call")


class ChatModelContract:
    """The rules of `ChatModel`. A subclass offers the fixture `model`.

    It answers any question with a few words at least, takes `json_schema`, and its context is
    shorter than `too_long`.
    """

    question = (Message("user", "Name a colour of the rainbow and say why you like it."),)
    too_long = "word " * 20_000
    options = CompletionOptions(max_tokens=12)
    tools = CompletionOptions(max_tokens=80, tools=(Tool(name="find", parameters=_SCHEMA),))

    @pytest.mark.anyio
    async def test_a_stream_ends_with_its_reason_and_usage(self, model: ChatModel) -> None:
        deltas = [delta async for delta in model.stream(self.question, self.options)]
        assert all(delta.finish_reason is None for delta in deltas[:-1])
        assert deltas[-1].finish_reason in {"stop", "length"}
        assert deltas[-1].usage is not None
        assert deltas[-1].usage.prompt_tokens > 0

    @pytest.mark.anyio
    async def test_a_completion_equals_the_joined_deltas(self, model: ChatModel) -> None:
        await model.complete(self.question, self.options)  # the prompt is now cached, twice alike
        whole = await model.complete(self.question, self.options)
        pieces = [delta.text async for delta in model.stream(self.question, self.options)]
        assert whole.text == "".join(pieces)
        assert whole.text
        assert whole.model == model.name

    @pytest.mark.anyio
    async def test_a_quote_is_a_run_of_words_or_an_error(self, model: ChatModel) -> None:
        texts = ("NONE", "Red is the colour of ripe tomatoes.")
        options = replace(self.options, quote_from=texts)
        if not (isinstance(model, QuotingModel) and model.can_quote):
            with pytest.raises(InvalidInput):
                await model.complete(self.question, options)
            return
        said = (await model.complete(self.question, options)).text
        assert any(said in text for text in texts)

    @pytest.mark.anyio
    async def test_a_stream_that_is_closed_leaves_the_model_free(self, model: ChatModel) -> None:
        for _ in range(4):  # more often than any model has slots
            async with aclosing(_generator(model.stream(self.question, self.options))) as deltas:
                assert await anext(deltas)
        assert (await model.complete(self.question, self.options)).text

    @pytest.mark.anyio
    async def test_a_call_that_is_cancelled_leaves_the_model_free(self, model: ChatModel) -> None:
        for _ in range(4):
            call = asyncio.create_task(model.complete(self.question, self.options))
            await asyncio.sleep(0.01)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert (await model.complete(self.question, self.options)).text

    @pytest.mark.anyio
    async def test_several_calls_at_once_are_answered(self, model: ChatModel) -> None:
        calls = [model.complete(self.question, self.options) for _ in range(5)]
        assert all(completion.text for completion in await asyncio.gather(*calls))

    @pytest.mark.anyio
    async def test_a_prompt_longer_than_the_context_is_refused(self, model: ChatModel) -> None:
        with pytest.raises(ContextTooLong) as caught:
            await model.complete([Message("user", self.too_long)], self.options)
        assert caught.value.hint

    @pytest.mark.anyio
    async def test_max_tokens_cuts_and_says_so(self, model: ChatModel) -> None:
        completion = await model.complete(self.question, CompletionOptions(max_tokens=2))
        assert completion.finish_reason == "length"
        assert completion.usage.completion_tokens <= 2

    @pytest.mark.anyio
    async def test_a_schema_gives_a_valid_value_or_an_error(self, model: ChatModel) -> None:
        options = CompletionOptions(max_tokens=40, json_schema=_SCHEMA)
        try:
            text = (await model.complete(self.question, options)).text
        except ModelError:
            return
        Draft202012Validator(_SCHEMA).validate(json.loads(text))

    @pytest.mark.anyio
    async def test_a_schema_that_is_none_is_refused(self, model: ChatModel) -> None:
        options = CompletionOptions(json_schema={"type": "no such type"})
        with pytest.raises(InvalidInput):
            await model.complete(self.question, options)

    @pytest.mark.anyio
    async def test_a_call_that_must_be_is_made_or_an_error(self, model: ChatModel) -> None:
        options = replace(self.tools, tool_choice="find")
        try:
            completion = await model.complete(self.question, options)
        except (ModelError, InvalidInput):
            return
        assert {call.name for call in completion.tool_calls} == {"find"}
        assert completion.finish_reason == "tool_calls"
        for call in completion.tool_calls:
            assert call.id
            Draft202012Validator(_SCHEMA).validate(dict(call.arguments))

    @pytest.mark.anyio
    async def test_a_model_that_can_decides_whether_to_call(self, model: ChatModel) -> None:
        if not (isinstance(model, ToolCallingModel) and model.can_call_tools):
            with pytest.raises(InvalidInput):
                await model.complete(self.question, self.tools)
            return
        try:
            completion = await model.complete(self.question, self.tools)
        except ModelError:
            return
        assert bool(completion.tool_calls) == (completion.finish_reason == "tool_calls")

    @pytest.mark.anyio
    async def test_results_of_tools_are_read(self, model: ChatModel) -> None:
        call = ToolCall(id="call_0001", name="find", arguments={"found": True})
        asked = Message("assistant", "", tool_calls=(call,))
        result = Message("tool", "It was found.", tool_call_id="call_0001")
        options = replace(self.tools, tool_choice="none")
        try:
            completion = await model.complete([*self.question, asked, result], options)
        except InvalidInput:
            return
        assert completion.tool_calls == ()
        assert completion.text

    @pytest.mark.anyio
    async def test_tools_that_are_none_are_refused(self, model: ChatModel) -> None:
        options = CompletionOptions(tools=(Tool(name="t", parameters={"type": "no such type"}),))
        with pytest.raises(InvalidInput):
            await model.complete(self.question, options)

    @pytest.mark.anyio
    async def test_more_text_has_more_tokens(self, model: ChatModel) -> None:
        few, many = model.count_tokens("Guten Tag"), model.count_tokens("Guten Tag, schöne Frau.")
        assert 0 < few < many

    @pytest.mark.anyio
    async def test_it_has_a_name_and_a_context(self, model: ChatModel) -> None:
        assert model.name
        assert 0 < model.context_tokens < len(self.too_long.split())


def _generator(deltas: AsyncIterator[Delta]) -> AsyncGenerator[Delta, None]:
    """What every backend returns in truth; the protocol promises less."""
    return cast("AsyncGenerator[Delta, None]", deltas)
