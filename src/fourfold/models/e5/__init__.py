"""The default embedder: multilingual-e5-small, multiplied in 8-bit integers."""

from fourfold.models.e5.embedder import E5Embedder

__all__ = ["E5Embedder"]
