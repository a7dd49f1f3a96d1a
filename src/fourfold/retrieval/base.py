"""The protocol of vector stores, and its rules in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from fourfold.core.records import Chunk, Hit, Principal, Where

if TYPE_CHECKING:
    from fourfold.core.protocols import Vectors

Transaction = Any
"""An open transaction of Fourfold's own database (`sqlalchemy.ext.asyncio.AsyncConnection`)."""


@runtime_checkable
class VectorStore(Protocol):
    """Keeps chunks with their vectors and finds the nearest.

    Rules that every backend keeps, and that the contract test checks:
    writing replaces all chunks of the documents written; writing the same again changes nothing;
    scores are cosine similarities, best first; a filter and the permissions are part of the search
    itself, so `limit` hits come back whenever that many match; an empty store answers every
    search with an empty list; what one process has written, every other finds at once.
    """

    async def write(
        self, chunks: Sequence[Chunk], vectors: Vectors, *, transaction: Transaction | None = None
    ) -> None:
        """Replace the chunks of these documents; `vectors` has shape (chunks, dimensions).

        A store that lives in our database joins the `transaction`; any other ignores it.
        """
        ...

    async def search(
        self, vector: Vectors, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """Return at most `limit` hits that this person may see; `vector` is (dimensions,)."""
        ...

    async def delete(
        self, document_ids: Sequence[str], *, transaction: Transaction | None = None
    ) -> None:
        """Forget these documents; unknown ids are no error."""
        ...


@runtime_checkable
class LexicalStore(Protocol):
    """A vector store that can also search by words (BM25); checked once, when a project is wired.

    Hits carry `coverage`: the BM25 score divided by the best score that the question could reach,
    words that the index has never seen included. So a question in a language that the index does
    not speak has a coverage near 0, and does not vote.
    """

    async def search_words(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """Return at most `limit` hits, best first; same rules as `VectorStore.search`."""
        ...

    async def score(
        self, chunk_ids: Sequence[str], question: str, vector: Vectors
    ) -> dict[str, tuple[float, float]]:
        """Similarity and coverage of chunks that a search of this question has just found.

        So a chunk that only one arm found is judged by both. Unknown ids are left out.
        """
        ...
