"""The output of a task, written by a chat model after the task's prompt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

from fourfold.assistant.base import Draft
from fourfold.assistant.language import KNOWN_LANGUAGES
from fourfold.core.protocols import ChatModel, ReadsAhead
from fourfold.core.records import CompletionOptions, Delta, Message
from fourfold.prompts import Prompt, passages_that_fit


class ModelGenerator:
    """Lets a chat model do the task, with the prompt in the language of the text.

    With a `schema` the output is a JSON value of it; of a schema with one property that is one of
    several labels, the output is the bare label. Passages that do not fit into the model's context
    are left out, the worst first; a text that does not fit raises `ContextTooLong`.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        prompts: Mapping[str, Prompt],
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 512,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.prompts = prompts
        self.schema = schema
        self.max_tokens = max_tokens
        self.seed = seed

    @property
    def name(self) -> str:
        """The name of the chat model."""
        return self.model.name

    async def read_ahead(self) -> None:
        """Let a model on this machine read its rules and examples before the first text."""
        if isinstance(self.model, ReadsAhead):
            for prompt in dict.fromkeys(self.prompts.values()):
                await self.model.read_ahead(prompt.render(text=""))

    async def generate(
        self, text: str, passages: Sequence[str], language: str
    ) -> AsyncGenerator[Draft, None]:
        """Write the output piece by piece; of a schema, in one piece at the end."""
        messages = await asyncio.to_thread(self.messages, text, passages, language)
        options = CompletionOptions(
            max_tokens=self.max_tokens, seed=self.seed, json_schema=self.schema
        )
        written = ""
        deltas = cast("AsyncGenerator[Delta, None]", self.model.stream(messages, options))
        async with aclosing(deltas):
            async for delta in deltas:
                written += delta.text
                shown = delta.text if self.schema is None else ""
                yield Draft(text=shown, usage=delta.usage, model=delta.model)
        if self.schema is not None:
            yield Draft(text=_label(written, self.schema))

    def messages(self, text: str, passages: Sequence[str], language: str) -> list[Message]:
        """The conversation that the model is asked to continue; counting may load the model."""
        known = language if language in KNOWN_LANGUAGES else "en"
        prompt = self.prompts[known]
        fitting = passages_that_fit(
            prompt,
            text=text,
            passages=passages,
            count_tokens=self.model.count_tokens,
            limit_tokens=self.model.context_tokens - self.max_tokens,
        )
        return prompt.render(text=text, passages=passages[:fitting])


def label_property(schema: Mapping[str, Any]) -> str | None:
    """The one property of a schema of labels; None when the schema has more, or another kind."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    labelled = [name for name, kind in properties.items() if "enum" in kind]
    return labelled[0] if len(properties) == len(labelled) == 1 else None


def _label(written: str, schema: Mapping[str, Any]) -> str:
    """The bare label, or the JSON on one line."""
    value: Any = json.loads(written)
    name = label_property(schema)
    return str(value[name]) if name else json.dumps(value, ensure_ascii=False)
