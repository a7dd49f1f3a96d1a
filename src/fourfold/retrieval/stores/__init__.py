"""Where chunks and their vectors are kept: name → import string.

A store is made with the project's database and the name of the embedder.
"""

from typing import Final

from fourfold.core.registry import Registry
from fourfold.retrieval.base import VectorStore

STORES: Final[Registry[VectorStore]] = Registry(
    "vector store",
    group="fourfold.vector_stores",
    builtin={
        "memory": "fourfold.retrieval.stores.memory:MemoryStore",
        "postgres": "fourfold.retrieval.stores.postgres:PostgresStore",
    },
)
