"""Answers with a chat model that sees only the candidate sentences."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from fourfold.assistant.base import Candidate, Draft, Question
from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Delta, Message, Usage
from fourfold.core.sentences import split_sentences
from fourfold.prompts import Prompt, default_prompt, fitted

NO_ANSWER = "NONE"  # what the prompt asks for when the passages do not answer
_MARK = re.compile(r"\[(\d{1,2})\]")
_PASSAGES = 5  # candidates shown to the model
_ANSWER_TOKENS = 96


class ModelReader:
    """Lets a chat model answer in the words of the best candidates.

    The prompt stays inside `prompt_tokens` and the model's context, counted in its own tokens.
    `prompt` takes the place of the prompts that ship with Fourfold.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        prompt: Prompt | None = None,
        passages: int = _PASSAGES,
        prompt_tokens: int = 1_200,
        answer_tokens: int = _ANSWER_TOKENS,
    ) -> None:
        self.model = model
        self.prompt = prompt
        self.passages = passages
        self.answer_tokens = answer_tokens
        self.prompt_tokens = min(prompt_tokens, model.context_tokens - answer_tokens)

    @property
    def name(self) -> str:
        """The name of the chat model."""
        return self.model.name

    async def read(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> AsyncGenerator[Draft, None]:
        """Propose the model's answer, sentence by sentence while it is being written."""
        shown = list(candidates[: self.passages])
        text, usage = "", Usage()
        async with aclosing(self._deltas(question, shown)) as deltas:
            async for delta in deltas:
                text, usage = text + delta.text, delta.usage or usage
                for sentence in _sentences(text)[:-1]:
                    yield _draft(sentence, shown)
                    text = text.lstrip().removeprefix(sentence)
        for sentence in _sentences(text):
            yield _draft(sentence, shown)
        yield Draft(usage=usage)

    def _deltas(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> AsyncGenerator[Delta, None]:
        """What the model writes, up to the end of the line."""
        options = CompletionOptions(max_tokens=self.answer_tokens, stop=("\n",))
        deltas = self.model.stream(self._messages(question, candidates), options)
        return cast("AsyncGenerator[Delta, None]", deltas)  # what every backend returns in truth

    def _messages(self, question: Question, candidates: Sequence[Candidate]) -> list[Message]:
        return fitted(
            self.prompt or default_prompt(question.language),
            question=question.text,
            passages=[one.text for one in candidates],
            count_tokens=self.model.count_tokens,
            limit_tokens=self.prompt_tokens,
        )


def _sentences(text: str) -> list[str]:
    """The sentences so far, the last perhaps unfinished; none when the model declines."""
    stripped = text.strip()
    if stripped.upper().startswith(NO_ANSWER):
        return []
    return [stripped[start:end] for start, end in split_sentences(stripped)]


def _draft(sentence: str, shown: Sequence[Candidate]) -> Draft:
    """The sentence with the passage that the model named with its number, if it named one."""
    mark = _MARK.search(sentence)
    number = int(mark[1]) if mark else 0
    return Draft(text=sentence, candidate=shown[number - 1] if 0 < number <= len(shown) else None)
