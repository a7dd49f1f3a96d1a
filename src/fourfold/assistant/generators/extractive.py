"""The baseline of every task: words of the input, and none of its own."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fourfold.assistant.base import Draft
from fourfold.assistant.generators.letters import body_of
from fourfold.assistant.generators.model import label_property
from fourfold.assistant.language import language_of
from fourfold.core.sentences import split_sentences

if TYPE_CHECKING:
    from fourfold.core.protocols import Embedder
    from fourfold.prompts import Example

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class ExtractiveGenerator:
    """What a language model has to beat.

    With passages: the sentences of them, of those in its language where there are some, that are
    nearest in meaning to the text. Without: the first
    sentences of what the text says, behind the head and the salutation of a letter (all of the text
    where `lead_sentences` is None, which is how one judges a translation against not translating).
    Labels: that of the nearest few-shot example. Forms: the first number for a number, nothing for
    the rest.
    """

    name = "extractive"

    def __init__(
        self,
        embedder: Embedder,
        *,
        lead_sentences: int | None,
        schema: Mapping[str, Any] | None = None,
        examples: Sequence[Example] = (),
    ) -> None:
        self.embedder = embedder
        self.lead_sentences = lead_sentences
        self.schema = schema
        self.examples = tuple(examples)

    async def read_ahead(self) -> None:
        """There is nothing to read ahead."""

    async def generate(
        self, text: str, passages: Sequence[str], language: str
    ) -> AsyncGenerator[Draft, None]:
        """Give the output in one piece."""
        if self.schema is not None:
            yield Draft(text=await self._form(text, self.schema))
            return
        if passages:
            own = [passage for passage in passages if language_of(passage) == language]
            yield Draft(text=await self._nearest(text, own or passages))
            return
        yield Draft(text=self._lead(text) or text)

    def _lead(self, text: str) -> str:
        """The beginning of what is said, or everything as it stands."""
        if self.lead_sentences is None:
            return " ".join(_sentences(text))
        return " ".join(_sentences(body_of(text))[: self.lead_sentences])

    async def _nearest(self, text: str, passages: Sequence[str]) -> str:
        """The best sentences, in the order in which they stand in the passages."""
        sentences = [sentence for passage in passages for sentence in _sentences(passage)]
        question = await self.embedder.embed_query(text)  # (dimensions,)
        vectors = await self.embedder.embed_passages(sentences)  # (sentences, dimensions)
        best = sorted((-(vectors @ question)).argsort()[: self.lead_sentences])
        return " ".join(sentences[place] for place in best)

    async def _form(self, text: str, schema: Mapping[str, Any]) -> str:
        if (name := label_property(schema)) is not None:
            return await self._nearest_label(text, name)
        properties: Mapping[str, Any] = schema.get("properties", {})
        return json.dumps(
            {field: _filled(kind, text) for field, kind in properties.items()}, ensure_ascii=False
        )

    async def _nearest_label(self, text: str, name: str) -> str:
        labels = [str(json.loads(example.answer)[name]) for example in self.examples]
        vectors = await self.embedder.embed_passages([one.text for one in self.examples])
        asked = await self.embedder.embed_passages([text])
        return labels[int((vectors @ asked[0]).argmax())]


def _sentences(text: str) -> list[str]:
    return [" ".join(text[start:end].split()) for start, end in split_sentences(text)]


def _filled(kind: Mapping[str, Any], text: str) -> Any:
    """The simplest value of that kind."""
    if "enum" in kind:
        return kind["enum"][0]
    wanted = kind.get("type", "null")
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if "number" in kinds and (found := _NUMBER.search(text)):
        return _number(found.group())
    if "null" in kinds:
        return None
    return [] if "array" in kinds else ""


def _number(written: str) -> float:
    """`1.250,00` and `1,250.00` are both 1250."""
    whole, mark, part = re.match(r"^(.*?)(?:([.,])(\d{1,2}))?$", written).groups()  # type: ignore[union-attr]
    digits = re.sub(r"[.,]", "", whole)
    return float(f"{digits}.{part}") if mark else float(digits)
