"""Answers with a chat model that sees only the best candidate sentences."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from fourfold.assistant.base import Candidate, Draft, Question
from fourfold.assistant.words import content_words, numbers
from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Delta, Message, Usage
from fourfold.core.sentences import split_sentences
from fourfold.prompts import Prompt, default_prompt, passages_that_fit

NO_ANSWER = "NONE"  # what the prompt asks for when the passages do not answer
_MARK = re.compile(r"\s*\[(\d{1,2})\]")
_PASSAGES = 2  # small models are led astray by more; benchmarks/answers.md
_SURE = 0.9  # from this likelihood on, a quote is better than a refusal of a small model


class ModelReader:
    """Lets a chat model answer in the words of the best candidates.

    The best candidate stands last, nearest to the question. The prompt stays inside
    `prompt_tokens` and the model's context, counted in its own tokens. When the model finds no
    answer, or only repeats the question, although the documents very likely hold one, the best
    candidate is quoted. `prompt` takes the place of the prompts that ship with Fourfold.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        prompt: Prompt | None = None,
        passages: int = _PASSAGES,
        prompt_tokens: int = 1_200,
        answer_tokens: int = 64,
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
        prompt = self.prompt or default_prompt(question.language)
        shown = self._shown(prompt, question, candidates)
        passages = [one.text for one in shown]
        messages = prompt.render(question=question.text, passages=passages)
        said = False
        async with aclosing(self._sentences(messages)) as sentences:
            async for sentence, usage in sentences:
                if draft := _draft(sentence, shown, question.text):
                    said = True
                    yield draft
                yield Draft(usage=usage)
        if not said and shown and question.likelihood >= _SURE:
            yield Draft(text=shown[-1].text, candidate=shown[-1])

    def _shown(
        self, prompt: Prompt, question: Question, candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """The best candidates that fit, the best one last."""
        best = candidates[: self.passages]
        fitting = passages_that_fit(
            prompt,
            question=question.text,
            passages=[one.text for one in best],
            count_tokens=self.model.count_tokens,
            limit_tokens=self.prompt_tokens,
        )
        return list(reversed(best[:fitting]))

    async def _sentences(
        self, messages: Sequence[Message]
    ) -> AsyncGenerator[tuple[str, Usage], None]:
        """Each sentence of the model's first line as soon as the next one begins.

        The last comes with what the completion took.
        """
        text = ""
        usage = Usage()
        options = CompletionOptions(max_tokens=self.answer_tokens, stop=("\n",))
        deltas = self.model.stream(messages, options)
        async with aclosing(cast("AsyncGenerator[Delta, None]", deltas)) as closing:
            async for delta in closing:
                text = f"{text}{delta.text}".lstrip()
                usage = delta.usage or usage
                for sentence in _split(text)[:-1]:
                    yield sentence, Usage()
                    text = text.removeprefix(sentence).lstrip()
        for sentence in _split(text)[:1] or [""]:
            yield sentence, usage


def _split(text: str) -> list[str]:
    """The sentences so far, the last perhaps unfinished."""
    return [text[start:end] for start, end in split_sentences(text)]


def _draft(sentence: str, shown: Sequence[Candidate], question: str) -> Draft | None:
    """The sentence with the passage that the model named; `None` when it says nothing."""
    bare = _MARK.sub("", sentence)
    if bare.upper().startswith(NO_ANSWER):
        return None
    if not (content_words(bare) | numbers(bare)) - content_words(question):
        return None
    return Draft(text=sentence, candidate=_named(sentence, shown))


def _named(sentence: str, shown: Sequence[Candidate]) -> Candidate | None:
    mark = _MARK.search(sentence)
    number = int(mark[1]) if mark else 0
    return shown[number - 1] if 0 < number <= len(shown) else None
