"""Answers with a chat model that sees only the best candidate sentences."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from math import inf
from typing import cast

from fourfold.assistant.base import Candidate, Draft, Question
from fourfold.assistant.language import KNOWN_LANGUAGES
from fourfold.assistant.words import content_words, numbers
from fourfold.core.protocols import ChatModel, QuotingModel, ReadsAhead
from fourfold.core.records import Completion, CompletionOptions, Delta, Message, Usage
from fourfold.core.sentences import split_sentences
from fourfold.prompts import Prompt, default_prompt, passages_that_fit

NO_ANSWER = "NONE"  # what the prompt asks for when the passages do not answer
_SAYS_NONE = re.compile(rf"{NO_ANSWER}\b|(?i:{NO_ANSWER})\W*$")  # but not: None of them is covered.
_MARK = re.compile(r"\s*\[(\d{1,2})\]")
# These three were chosen together on the tuning half (benchmarks/answers.md has the others): two
# sentences answer as well as three, in two thirds of the time, and leave the model more certain of
# what it does not find.
_PASSAGES = 2
_DOUBTFUL = -1.5  # log probability of `NONE`, before the grammar forbids what is no quote
_LIKELIEST = 20
_UNIT = re.compile(
    r"[ \u00a0]?(?:[%€£$]|°C|(?:tausend|million(?:en)?|milliarden?|billion|thousand|prozent|"
    r"per ?cent|euros?|monaten?|months|jahren?|years|tagen?|days|wochen|weeks|stunden|hours|"
    r"minuten|minutes)\b)",
    re.IGNORECASE,
)
_AROUND = " \t\n,;:"
_SURE = 0.6  # from this likelihood on, a quote is better than a refusal of a small model


class ModelReader:
    """Lets a chat model answer in the words of the best candidates.

    The best candidate stands last, nearest to the question. A model that can be held to quotes
    writes a run of words of one of them and nothing else. The prompt stays inside `prompt_tokens`
    and the model's context, counted in its own tokens. When the model finds no answer, doubts
    that there is one, or only repeats the question, although the documents very likely hold one,
    the best candidate is quoted. `prompts`, one for each known language, take the place of those
    that ship with Fourfold.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        prompts: Mapping[str, Prompt] | None = None,
        passages: int = _PASSAGES,
        prompt_tokens: int = 1_200,
        answer_tokens: int = 64,
    ) -> None:
        self.model = model
        self.prompts = prompts or {name: default_prompt(name) for name in KNOWN_LANGUAGES}
        self.passages = passages
        self.answer_tokens = answer_tokens
        self.prompt_tokens = min(prompt_tokens, model.context_tokens - answer_tokens)
        self._ahead: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The name of the chat model."""
        return self.model.name

    async def read_ahead(self) -> None:
        """Let a model on this machine read its rules and examples before the first question.

        It ends at once when a question comes first: that has the processor for itself then.
        """
        self._ahead = asyncio.create_task(self._read_rules())
        try:
            await asyncio.wait([self._ahead])
        finally:
            self._ahead.cancel()
        if not self._ahead.cancelled():
            self._ahead.result()

    async def _read_rules(self) -> None:
        if isinstance(self.model, ReadsAhead):
            for rules in dict.fromkeys(self.prompts.values()):
                await self.model.read_ahead(rules.render(text=""))

    async def read(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> AsyncGenerator[Draft, None]:
        """Propose the model's answer, sentence by sentence while it is being written."""
        if self._ahead is not None:
            self._ahead.cancel()
        prompt = self.prompts[question.language if question.language in self.prompts else "en"]
        # In a thread: the first count loads the model, and other requests go on meanwhile.
        shown = await asyncio.to_thread(self._shown, prompt, question, candidates)
        passages = [one.text for one in shown]
        messages = prompt.render(text=question.text, passages=passages)
        said = False
        quotes = await asyncio.to_thread(self._can_quote)
        drafts = (self._quoted if quotes else self._written)(messages, shown, question)
        async with aclosing(drafts):
            async for draft in drafts:
                said = said or bool(draft.text)
                yield draft
        if not said and shown and question.likelihood >= _SURE:
            yield Draft(text=shown[-1].text, candidate=shown[-1])

    def _shown(
        self, prompt: Prompt, question: Question, candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """The best candidates that fit, the best one last."""
        best = candidates[: self.passages]
        fitting = passages_that_fit(
            prompt,
            text=question.text,
            passages=[one.text for one in best],
            count_tokens=self.model.count_tokens,
            limit_tokens=self.prompt_tokens,
        )
        return list(reversed(best[:fitting]))

    def _can_quote(self) -> bool:
        return isinstance(self.model, QuotingModel) and self.model.can_quote

    async def _quoted(
        self, messages: Sequence[Message], shown: Sequence[Candidate], question: Question
    ) -> AsyncGenerator[Draft, None]:
        """The run of words that the model picks out, unless it doubts that one answers."""
        options = CompletionOptions(
            max_tokens=self.answer_tokens,
            stop=("\n",),
            quote_from=(NO_ANSWER, *(one.text for one in shown)),
            top_logprobs=_LIKELIEST,
        )
        completion = await self.model.complete(messages, options)
        yield Draft(usage=completion.usage, model=completion.model)
        words = completion.text.strip(_AROUND)
        if words and (question.likelihood >= _SURE or _doubt(completion) < _DOUBTFUL):
            source = next((one for one in reversed(shown) if _ends_of(words, one.text)), None)
            whole = _with_unit(words, source.text) if source else words
            if draft := _draft(whole, shown, question.text):
                yield replace(draft, candidate=source)

    async def _written(
        self, messages: Sequence[Message], shown: Sequence[Candidate], question: Question
    ) -> AsyncGenerator[Draft, None]:
        async with aclosing(self._sentences(messages)) as sentences:
            async for sentence, told in sentences:
                yield told
                if draft := _draft(sentence, shown, question.text):
                    yield draft

    async def _sentences(
        self, messages: Sequence[Message]
    ) -> AsyncGenerator[tuple[str, Draft], None]:
        """Each sentence of the model's first line as soon as the next one begins, and who wrote it.

        Only the last comes with what the completion took: nobody knows it before.
        """
        text = model = ""
        usage = Usage()
        options = CompletionOptions(max_tokens=self.answer_tokens, stop=("\n",))
        deltas = self.model.stream(messages, options)
        async with aclosing(cast("AsyncGenerator[Delta, None]", deltas)) as closing:
            async for delta in closing:
                text = f"{text}{delta.text}".lstrip()
                usage, model = delta.usage or usage, delta.model or model
                for sentence in _split(text)[:-1]:
                    yield sentence, Draft(usage=Usage(cost_usd=None), model=model)
                    text = text.removeprefix(sentence).lstrip()
        for sentence in _split(text)[:1] or [""]:
            yield sentence, Draft(usage=usage, model=model)


def _with_unit(words: str, text: str) -> str:
    """A number with what it counts in: small models like to stop at `37` of `37 million`.

    Where the number stands twice with different units, nobody knows which one is meant.
    """
    if not words[-1].isdigit():
        return words
    found = [_UNIT.match(text, end) for end in _ends_of(words, text)]
    units = {unit.group() if unit else "" for unit in found}
    return words + units.pop() if len(units) == 1 else words


def _ends_of(words: str, text: str) -> list[int]:
    """Where these words end in the text, each time that they stand there whole."""
    whole = re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(words)}(?!\w|[.,]\d)")
    return [found.end() for found in whole.finditer(text)]


def _doubt(completion: Completion) -> float:
    """Log probability that the model would rather have said that nothing answers."""
    first = completion.logprobs[0] if completion.logprobs else None
    return first.likeliest.get(NO_ANSWER, -inf) if first else -inf


def _split(text: str) -> list[str]:
    """The sentences so far, the last perhaps unfinished."""
    return [text[start:end] for start, end in split_sentences(text)]


def _draft(sentence: str, shown: Sequence[Candidate], question: str) -> Draft | None:
    """The sentence with the passage that the model named; `None` when it says nothing."""
    bare = _MARK.sub("", sentence)
    if _SAYS_NONE.match(bare):
        return None
    if not (content_words(bare) | numbers(bare)) - content_words(question):
        return None
    return Draft(text=sentence, candidate=_named(sentence, shown))


def _named(sentence: str, shown: Sequence[Candidate]) -> Candidate | None:
    mark = _MARK.search(sentence)
    number = int(mark[1]) if mark else 0
    return shown[number - 1] if 0 < number <= len(shown) else None
