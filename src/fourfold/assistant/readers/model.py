"""Answers with a chat model that sees only the candidate sentences."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from fourfold.assistant.base import Candidate, Draft, Question
from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Message

_LONGEST_ANSWER = 48  # tokens


class ModelReader:
    """Lets a chat model answer in a few words."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model

    @property
    def name(self) -> str:
        """The name of the chat model."""
        return self.model.name

    async def read(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> AsyncGenerator[Draft, None]:
        """Propose the model's answer."""
        passages = "\n".join(f"[{n}] {one.text}" for n, one in enumerate(candidates, 1))
        prompt = f"{passages}\n\nQuestion: {question.text}\nShort answer:"
        options = CompletionOptions(max_tokens=_LONGEST_ANSWER, stop=("\n",))
        completion = await self.model.complete([Message("user", prompt)], options)
        yield Draft(text=completion.text, usage=completion.usage)
