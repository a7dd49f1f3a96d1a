"""The request path of a task other than answering: guard, find passages, write, guard."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from fourfold.assistant.base import AnswerPiece, Draft, Retriever
from fourfold.assistant.language import language_of, not_allowed, unfounded
from fourfold.assistant.sources import can_tell, sources
from fourfold.core.records import Answer, Hit, Message, Principal, Usage, Where
from fourfold.core.sentences import split_sentences
from fourfold.core.trace import Recorder
from fourfold.guards.base import Guard, objection


class Generator(Protocol):
    """Writes the output of a task.

    Rules: text and passages are data, whatever they say; the texts of all drafts joined are the
    output; the last usage that a draft tells is that of the whole output.
    """

    @property
    def name(self) -> str:
        """Who writes: the name of the chat model, or `extractive`."""
        ...

    async def read_ahead(self) -> None:
        """Do now what can be done before the first text; takes no money and no network."""
        ...

    def generate(
        self, text: str, passages: Sequence[str], language: str
    ) -> AsyncGenerator[Draft, None]:
        """Write piece by piece; closing the iterator stops the model."""
        ...


@dataclass(slots=True)
class _Output:
    """What has been written so far; the last sentence waits until it is whole."""

    asked: str
    language: str
    model: str
    needs_sources: bool
    hits: tuple[Hit, ...] = ()
    usage: Usage = field(default_factory=Usage)
    shown: str = ""
    waiting: str = ""

    def whole_sentences(self) -> str:
        """Take out what is waiting, up to the beginning of its last sentence."""
        starts = [start for start, _ in split_sentences(self.waiting)]
        last = starts[-1] if len(starts) > 1 else 0
        ready, self.waiting = self.waiting[:last], self.waiting[last:]
        return ready

    def show(self, text: str) -> AnswerPiece:
        self.shown += text
        return AnswerPiece(text=text)

    def end(self, *, refused_because: str | None = None) -> AnswerPiece:
        text = self.shown or not_allowed(self.language, refused_because or "")
        rests_on = sources(self.shown, self.asked, self.hits, self.language)
        is_unfounded = self.needs_sources and self.shown and not rests_on
        return AnswerPiece(
            text="" if self.shown else text,
            answer=Answer(
                text=text,
                model=self.model,
                citations=rests_on,
                refused_because=refused_because,
                usage=self.usage,
                hits=self.hits,
                language=self.language,
                notice=unfounded(self.language)
                if is_unfounded and can_tell(self.hits, self.language)
                else "",
            ),
        )


class TaskAssistant:
    """Does one task with a text: summarises it, translates it, drafts the reply to it.

    Each text stands alone: what was said before in a conversation is not read. Facts come from
    passages that `retriever` finds, where there is one; those that try to give orders are left out.
    An output that `needs_sources` has a notice where none of them says what it says.
    """

    def __init__(
        self,
        *,
        generator: Generator,
        retriever: Retriever | None = None,
        needs_sources: bool = False,
        input_guards: Sequence[Guard] = (),
        output_guards: Sequence[Guard] = (),
        limit: int = 8,
    ) -> None:
        self.generator = generator
        self.retriever = retriever
        self.needs_sources = needs_sources
        self.input_guards = tuple(input_guards)
        self.output_guards = tuple(output_guards)
        self.limit = limit

    async def prepare(self) -> None:
        """Do what can be done before the first text; takes no money and no network."""
        await self.generator.read_ahead()

    def reading(self, retriever: Retriever) -> TaskAssistant:
        """The same assistant with facts from elsewhere."""
        return TaskAssistant(
            generator=self.generator,
            retriever=retriever,
            needs_sources=self.needs_sources,
            input_guards=self.input_guards,
            output_guards=self.output_guards,
            limit=self.limit,
        )

    async def stream(
        self,
        question: str,
        *,
        visible_to: Principal,
        recorder: Recorder,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Show the passages found, then the output sentence by sentence, then the whole."""
        output = _Output(
            asked=question,
            language=language_of(question),
            model=self.generator.name,
            needs_sources=self.needs_sources,
        )
        if reason := objection(self.input_guards, question):
            yield output.end(refused_because=reason)
            return
        with recorder.span("retrieve"):
            output.hits = await self._hits(question, visible_to, where)
        yield AnswerPiece(hits=output.hits)
        passages = [hit.chunk.text for hit in output.hits]
        with recorder.span("generate"):
            drafts = self.generator.generate(question, passages, output.language)
            async with aclosing(drafts):
                async for draft in drafts:
                    ready = _taken(output, draft)
                    if reason := self._withheld(ready):
                        break
                    if ready:
                        yield output.show(ready)
        reason = reason or self._withheld(output.waiting)
        if not reason and output.waiting.strip():
            yield output.show(output.waiting.rstrip())
        if reason:
            recorder.note(withheld=reason)
        yield output.end(refused_because=None if output.shown else reason or "nothing was written")

    def _withheld(self, written: str) -> str | None:
        """Why this must not be shown; between two sentences nothing may have been written."""
        return objection(self.output_guards, written) if written.strip() else None

    async def _hits(self, text: str, visible_to: Principal, where: Where | None) -> tuple[Hit, ...]:
        if self.retriever is None:
            return ()
        found = await self.retriever.retrieve(
            text, limit=self.limit, visible_to=visible_to, where=where
        )
        return tuple(hit for hit in found if not objection(self.input_guards, hit.chunk.text))


def _taken(output: _Output, draft: Draft) -> str:
    """Add a draft to what is waiting; give the sentences that are whole now."""
    if draft.usage is not None:
        output.usage = draft.usage
    output.model = draft.model or output.model
    output.waiting += draft.text
    if not output.shown:
        output.waiting = output.waiting.lstrip()
    return output.whole_sentences()
