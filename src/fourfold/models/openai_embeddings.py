"""Embedders of other servers, through `/v1/embeddings`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import random
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from fourfold.core.errors import ModelError
from fourfold.models.client import Client, Timeouts
from fourfold.models.key import Key
from fourfold.models.retry import Retries
from fourfold.models.tokens import estimate_tokens

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

_TEXTS_A_CALL = 64


class OpenAIEmbedder:
    """An embedding model of a server at `url`.

    `dimensions` is what the model gives; another length of its vectors is an error, not a broken
    index. Models of the e5 family want `query_prefix="query: "` and `passage_prefix="passage: "`.
    """

    def __init__(
        self,
        *,
        model: str,
        dimensions: int,
        url: str = "https://api.openai.com/v1",
        api_key: Key = None,
        name: str = "",
        max_tokens: int = 512,
        query_prefix: str = "",
        passage_prefix: str = "",
        timeouts: Timeouts | None = None,
        retries: int = 4,
        draw: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._dimensions = dimensions
        self._name = name or f"openai:{model}"
        self._max_tokens = max_tokens
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._client = Client(
            url=url,
            api_key=api_key,
            timeouts=timeouts,
            retries=Retries(count=retries, draw=draw, sleep=sleep),
        )

    @property
    def name(self) -> str:
        """`openai:` and the model's name, unless another was given."""
        return self._name

    @property
    def dimensions(self) -> int:
        """As given."""
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        """As given."""
        return self._max_tokens

    def count_tokens(self, text: str) -> int:
        """An upper estimate."""
        return estimate_tokens(text)

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts that will be searched, shape (texts, dimensions)."""
        return await self._embed([self._passage_prefix + text for text in texts])

    async def embed_query(self, text: str) -> Vectors:
        """Vector of a question, shape (dimensions,)."""
        vectors = await self._embed([self._query_prefix + text])
        first: Vectors = vectors[0]
        return first

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _embed(self, texts: Sequence[str]) -> Vectors:
        found = np.empty((len(texts), self._dimensions), dtype=np.float32)  # (texts, dimensions)
        for start in range(0, len(texts), _TEXTS_A_CALL):
            part = [self._shortened(text) for text in texts[start : start + _TEXTS_A_CALL]]
            found[start : start + len(part)] = await self._ask(part)
        return found

    async def _ask(self, texts: list[str]) -> Vectors:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        vectors = _read(await self._client.post("embeddings", body), len(texts))
        if vectors.shape != (len(texts), self._dimensions):
            raise ModelError(
                f"`{self._name}` gave vectors of length {vectors.shape[-1]}, "
                f"not {self._dimensions}.",
                hint="Correct `dimensions`; an index made with another length has to be made anew.",
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (texts, 1)
        unit: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
        return unit

    def _shortened(self, text: str) -> str:
        """The beginning that fits; servers refuse longer texts. Most refuse an empty one, too."""
        while estimate_tokens(text) > self._max_tokens:
            text = text[: len(text) * self._max_tokens // (estimate_tokens(text) + 1)]
        return text or " "


class _Vector(msgspec.Struct):
    index: int
    embedding: list[float]


class _Reply(msgspec.Struct):
    data: list[_Vector]


def _read(reply: bytes, count: int) -> Vectors:
    """The vectors in the order of the texts; servers may send them in another."""
    try:
        data = sorted(msgspec.json.decode(reply, type=_Reply).data, key=lambda each: each.index)
        if [each.index for each in data] != list(range(count)):
            raise ValueError("not one vector for each text")
        return np.array([each.embedding for each in data], dtype=np.float32)
    except ValueError as error:  # msgspec's errors are ValueErrors, too
        raise ModelError(
            f"The model's server sent what is no list of vectors: {error}.",
            hint="Check that this model makes embeddings, and the address.",
        ) from error
