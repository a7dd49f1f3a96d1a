"""What an ingestion tells while it runs and when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fourfold.ingestion.base import Cause


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or a member of one, that is not in the index, and why."""

    source: str
    path: str
    cause: Cause
    message: str
    groups: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, str]:
        """The form that other programs rely on."""
        return {
            "document": self.path,
            "source": self.source,
            "cause": self.cause,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingestion is. `files` are those that need work; unchanged ones are not counted."""

    files: int = 0
    files_done: int = 0
    chunks: int = 0
    failed: int = 0
    waiting: bool = False  # another ingestion of this index runs; this one waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What an ingestion did. `failed` lists all files that are not in the index, also from before.

    `documents` and `chunks` were written now; `skipped` files were unchanged (those that failed
    before and are unchanged among them); `removed` documents are gone from the index.
    """

    documents: int
    chunks: int
    skipped: int
    removed: int
    failed: tuple[Failure, ...]
    seconds: float
    warnings: tuple[str, ...] = ()  # what the owner of the project should look at

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "documents": self.documents,
            "chunks": self.chunks,
            "skipped": self.skipped,
            "removed": self.removed,
            "failed": [failure.as_json() for failure in self.failed],
            "seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
        }
