"""The request path: guard, retrieve, read, check each sentence, guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from fourfold.assistant.base import (
    AnswerPiece,
    Evidence,
    FollowUp,
    Question,
    Reader,
    Retriever,
)
from fourfold.assistant.candidates import Selection
from fourfold.assistant.citations import Citations
from fourfold.assistant.courtesies import courtesy, without_courtesies
from fourfold.assistant.language import KNOWN_LANGUAGES, language_of
from fourfold.assistant.reply import NO_QUESTION, Reply
from fourfold.core.records import Answer, Hit, Message, Principal, Where
from fourfold.core.trace import Recorder
from fourfold.guards.base import Guard, objection

_REMEMBERED = 12  # turns of a conversation, far more than a follow-up reaches back


class Assistant:
    """Answers questions from documents, with citations that were checked, or refuses.

    Nothing a client sends besides the question changes the rules: system messages in the history
    are not read, and the text of documents reaches the model as data only.
    """

    def __init__(
        self,
        *,
        retriever: Retriever,
        selection: Selection,
        reader: Reader,
        follow_up: FollowUp,
        input_guards: Sequence[Guard] = (),
        output_guards: Sequence[Guard] = (),
        limit: int = 8,
        foreign: int = 4,
    ) -> None:
        self.retriever = retriever
        self.selection = selection
        self.reader = reader
        self.follow_up = follow_up
        self.input_guards = tuple(input_guards)
        self.output_guards = tuple(output_guards)
        self.limit = limit
        self.foreign = foreign

    async def prepare(self) -> None:
        """Do what can be done before the first question; takes no money and no network."""
        await self.reader.read_ahead()

    def reading(self, retriever: Retriever) -> Assistant:
        """The same assistant over other documents."""
        return Assistant(
            retriever=retriever,
            selection=self.selection,
            reader=self.reader,
            follow_up=self.follow_up,
            input_guards=self.input_guards,
            output_guards=self.output_guards,
            limit=self.limit,
            foreign=self.foreign,
        )

    async def answer(
        self,
        question: str,
        *,
        visible_to: Principal,
        recorder: Recorder,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> Answer:
        """Return the whole answer: what the last piece of the stream carries."""
        pieces = self.stream(
            question, visible_to=visible_to, recorder=recorder, history=history, where=where
        )
        return [piece.answer async for piece in pieces if piece.answer][-1]

    async def stream(
        self,
        question: str,
        *,
        visible_to: Principal,
        recorder: Recorder,
        history: Sequence[Message] = (),
        where: Where | None = None,
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Show the hits, then each sentence once its citation holds, then the whole answer."""
        said = self._said(history)
        polite = courtesy(question)
        reply = Reply(
            question=without_courtesies(question),
            language=polite or language_of(question, said),
            model=self.reader.name,
        )
        if reason := objection(self.input_guards, question):
            yield reply.refuse(reason)
            return
        if polite is not None:
            yield reply.refuse(NO_QUESTION)
            return
        with recorder.span("follow_up"):
            reply.question = await self.follow_up.standalone(reply.asked, said)
        with recorder.span("retrieve"):
            reply.hits = await self._hits(reply.question, reply.language, visible_to, where)
        yield AnswerPiece(hits=reply.hits)
        with recorder.span("select"):
            evidence = await self._evidence(reply)
        if evidence.suffices:
            sentences = self._supported_sentences(reply, evidence, recorder)
            async with aclosing(sentences):
                async for sentence in sentences:
                    yield reply.say(sentence)
        yield reply.end()

    def _said(self, history: Sequence[Message]) -> list[Message]:
        """The last turns that a question may lean on."""
        asked = [
            replace(turn, content=without_courtesies(turn.content))
            for turn in history
            if courtesy(turn.content) is None
        ]
        recent = asked[-_REMEMBERED:]
        return [turn for turn in recent if not objection(self.input_guards, turn.content)]

    async def _hits(
        self, question: str, language: str, visible_to: Principal, where: Where | None
    ) -> tuple[Hit, ...]:
        """The best hits, and behind them some in other languages, which seldom are among them."""

        async def found(limit: int, where: Where | None) -> list[Hit]:
            return await self.retriever.retrieve(
                question, limit=limit, visible_to=visible_to, where=where
            )

        others = [one for one in KNOWN_LANGUAGES if one != language]
        if where and "language" in where:
            return tuple(await found(self.limit, where))
        best, foreign = await asyncio.gather(
            found(self.limit, where),
            found(self.foreign, {**(where or {}), "language": tuple(others)}),
        )
        known = {hit.chunk.id for hit in best}
        return (*best, *(hit for hit in foreign if hit.chunk.id not in known))

    async def _supported_sentences(
        self, reply: Reply, evidence: Evidence, recorder: Recorder
    ) -> AsyncGenerator[str, None]:
        """The reader's sentences that a guard lets pass and that a citation supports."""
        candidates = evidence.candidates
        reply.citations = Citations(candidates, language=reply.language)
        asked = Question(
            text=reply.question, language=reply.language, likelihood=evidence.likelihood
        )
        with recorder.span("read"):
            async with aclosing(self.reader.read(asked, candidates)) as drafts:
                async for draft in drafts:
                    if draft.usage is not None:
                        reply.usage = draft.usage
                    reply.model = draft.model or reply.model
                    if reason := objection(self.output_guards, draft.text):
                        reply.withheld = reason
                        recorder.note(withheld=reason)
                        return
                    if sentence := reply.citations.cite(draft):
                        yield sentence

    async def _evidence(self, reply: Reply) -> Evidence:
        """The best sentences; one that tries to give orders never reaches the reader."""
        found = await self.selection.select(
            reply.question, reply.hits, focus=reply.asked, language=reply.language
        )
        harmless = [one for one in found.candidates if not objection(self.input_guards, one.text)]
        return replace(found, candidates=tuple(harmless))
