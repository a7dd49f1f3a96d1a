"""Turns texts into vectors on this machine: cuts them into tokens, runs the network in threads."""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from fourfold.models.e5.weights import POSITIONS, WIDTH

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors
    from fourfold.models.e5.network import Network
    from fourfold.models.e5.tokens import Tokenizer

_PASSAGE, _QUERY = "passage: ", "query: "  # the model was trained with these words
_FRAME = 2  # the marks of start and end
_PREFIX_TOKENS = 2
_BATCH_TOKENS = 256  # short texts share a run up to here; measured: more is slower


class E5Embedder:
    """multilingual-e5-small: 94 languages, in one space.

    The model is read when it is first needed. Passages are embedded in `threads` threads at once,
    a query beside them in a thread of its own, so that it need not wait for them.
    """

    name = "multilingual-e5-small"
    dimensions = WIDTH
    max_tokens = POSITIONS - _FRAME - _PREFIX_TOKENS

    def __init__(self, *, threads: int | None = None, weights: Path | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._path = weights
        self._lock = Lock()
        self._loaded: tuple[Tokenizer, Network] | None = None

    def count_tokens(self, text: str) -> int:
        """Tokens of a passage, without the marks and the prefix that every passage gets."""
        return self._model()[0].count(text)

    async def embed_passages(
        self, texts: Sequence[str], *, on_progress: Callable[[int], None] | None = None
    ) -> "Vectors":
        """Vectors of texts that will be searched; `on_progress` hears how many are done.

        When it is cancelled, it ends with the batch that each thread is at.
        """
        import numpy as np

        tokens = await asyncio.to_thread(self._encode, [_PASSAGE + text for text in texts])
        vectors = np.empty((len(texts), WIDTH), np.float32)
        batches, done = _batches(tokens), 0

        async def work() -> None:
            nonlocal done
            for batch in batches:
                vectors[batch] = await asyncio.to_thread(self._run, [tokens[at] for at in batch])
                done += len(batch)
                if on_progress:
                    on_progress(done)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._threads):
                group.create_task(work())
        return vectors

    async def embed_query(self, text: str) -> "Vectors":
        """Vector of a question."""
        return await asyncio.to_thread(self._embed_query, text)

    def _embed_query(self, text: str) -> "Vectors":
        vector: Vectors = self._run(self._encode([_QUERY + text]))[0]
        return vector

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        from fourfold.models.e5.tokens import END, START

        tokenizer = self._model()[0]
        limit = POSITIONS - _FRAME
        return [[START, *tokenizer.encode(text, limit), END] for text in texts]

    def _run(self, batch: Sequence[Sequence[int]]) -> "Vectors":
        return self._model()[1].run(batch)

    def _model(self) -> tuple["Tokenizer", "Network"]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._path)
            return self._loaded


def _load(path: Path | None) -> tuple["Tokenizer", "Network"]:
    from fourfold.models.e5.network import Network
    from fourfold.models.e5.tokens import Tokenizer
    from fourfold.models.e5.weights import locate, read

    weights = read(path or locate())
    return Tokenizer(weights.vocabulary), Network(weights)


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Places of texts with equally many tokens, the longest first so that threads end together."""
    order = sorted(range(len(tokens)), key=lambda at: -len(tokens[at]))
    for length, equal in groupby(order, key=lambda at: len(tokens[at])):
        places = list(equal)
        size = max(1, _BATCH_TOKENS // length)
        for start in range(0, len(places), size):
            yield places[start : start + size]
