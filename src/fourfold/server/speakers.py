"""Who answers under a model name, an application or a plain model, in one form for every route."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from fourfold.core.errors import InvalidInput
from fourfold.core.protocols import ChatModel
from fourfold.core.records import (
    Answer,
    Completion,
    CompletionOptions,
    Delta,
    FinishReason,
    Hit,
    Message,
    Principal,
    TokenLogprob,
    Usage,
)
from fourfold.core.tools import ToolCall
from fourfold.guards.length import LONGEST_TEXT
from fourfold.server.services import Application, Services
from fourfold.tracing import TraceRecorder

_TRACED = 20_000  # characters of a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer, and why it ended."""

    answer: Answer
    finish_reason: FinishReason = "stop"
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The next thing to show; only the last one has the `reply`."""

    text: str = ""
    hits: tuple[Hit, ...] | None = None
    reply: Reply | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()


class Speaker(Protocol):
    """Answers one conversation."""

    async def whole(self) -> Reply:
        """The answer at once."""
        ...

    def pieces(self) -> AsyncGenerator[Piece, None]:
        """The answer as it is written; closing the generator stops the model."""
        ...


def speaker_for(
    services: Services,
    name: str,
    messages: Sequence[Message],
    options: CompletionOptions,
    *,
    visible_to: Principal,
    recorder: TraceRecorder,
) -> Speaker:
    """The application of that name, or else the plain model."""
    question = next((one.content for one in reversed(messages) if one.role == "user"), "")
    recorder.asked(question[:_TRACED])
    application = services.applications.get(name)
    if application is None:
        return ModelSpeaker(services.chat_model(name), messages, options)
    _refuse_for_application(name, messages, options)
    if messages[-1].role != "user" or not question.strip():
        raise InvalidInput("There is no question.", hint="Let the last message be the user's.")
    if len(question) > LONGEST_TEXT:
        raise InvalidInput(
            f"The text has more than {LONGEST_TEXT:,} characters.",
            hint="Send less at a time; what shall be searched is ingested, not sent along.",
        )
    return ApplicationSpeaker(application, question, messages[:-1], visible_to, recorder)


def _refuse_for_application(
    name: str, messages: Sequence[Message], options: CompletionOptions
) -> None:
    asked = {
        "`response_format`": options.json_schema is not None,
        "`logprobs`": options.top_logprobs is not None,
        "`tools`": bool(options.tools),
        "results of tools": any(one.tool_calls or one.role == "tool" for one in messages),
    }
    if refused := [what for what, is_asked in asked.items() if is_asked]:
        raise InvalidInput(
            f"`{name}` is an application: it takes no {', no '.join(refused)}.",
            hint="Ask a plain model for that; `/v1/models` lists them.",
        )


class ModelSpeaker:
    """A plain model: the conversation goes to it as it came."""

    def __init__(
        self, model: ChatModel, messages: Sequence[Message], options: CompletionOptions
    ) -> None:
        self._model = model
        self._messages = messages
        self._options = options

    async def whole(self) -> Reply:
        """The completion."""
        return _reply(await self._model.complete(self._messages, self._options))

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """The deltas."""
        texts: list[str] = []
        last = Delta()
        stream = self._model.stream(self._messages, self._options)
        async with aclosing(stream):  # type: ignore[type-var]  # every backend's is a generator
            async for last in stream:
                texts.append(last.text)
                if last.text or last.logprobs:
                    yield Piece(text=last.text, logprobs=last.logprobs)
        if last.tool_calls:
            yield Piece(tool_calls=last.tool_calls)
        whole = Completion(
            text="".join(texts),
            model=last.model or self._model.name,
            usage=last.usage or Usage(),
            finish_reason=last.finish_reason or "stop",
            tool_calls=last.tool_calls,
        )
        yield Piece(reply=_reply(whole))


class ApplicationSpeaker:
    """An application: the last message is the question, what came before is its history."""

    def __init__(
        self,
        application: Application,
        question: str,
        history: Sequence[Message],
        visible_to: Principal,
        recorder: TraceRecorder,
    ) -> None:
        self._application = application
        self._question = question
        self._history = history
        self._visible_to = visible_to
        self._recorder = recorder

    async def whole(self) -> Reply:
        """The last piece's."""
        async with aclosing(self.pieces()) as pieces:
            return [piece.reply async for piece in pieces if piece.reply][-1]

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Hits, checked sentences, the reply."""
        stream = self._application.stream(
            self._question,
            visible_to=self._visible_to,
            recorder=self._recorder,
            history=self._history,
        )
        async with aclosing(stream):
            async for piece in stream:
                reply = Reply(answer=piece.answer) if piece.answer else None
                yield Piece(text=piece.text, hits=piece.hits, reply=reply)


def _reply(completion: Completion) -> Reply:
    answer = Answer(text=completion.text, model=completion.model, usage=completion.usage)
    return Reply(
        answer=answer,
        finish_reason=completion.finish_reason,
        logprobs=completion.logprobs,
        tool_calls=completion.tool_calls,
    )
