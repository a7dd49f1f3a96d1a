"""An embedder that needs no model: deterministic, quick, and near where words are shared."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors


class HashingEmbedder:
    """Adds up one fixed direction for each word, so texts that share words are near."""

    def __init__(self, dimensions: int = 64, name: str = "hashing") -> None:
        self._dimensions = dimensions
        self._name = name

    @property
    def name(self) -> str:
        """Name of the vector space."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        """More words than a test has."""
        return 512

    def count_tokens(self, text: str) -> int:
        """Words."""
        return len(text.split())

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One vector for each text."""
        import numpy as np

        vectors = [self._vector(text) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, self._dimensions), np.float32)

    async def embed_query(self, text: str) -> Vectors:
        """Like a passage."""
        return self._vector(text)

    def _vector(self, text: str) -> Vectors:
        import numpy as np

        total = np.full(self._dimensions, 1e-3, np.float32)  # an empty text has a vector too
        for word in text.casefold().split()[: self.max_tokens]:
            seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
            total += np.random.default_rng(seed).standard_normal(self._dimensions, np.float32)
        return np.asarray(total / np.linalg.norm(total), np.float32)
