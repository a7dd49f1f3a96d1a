"""One record of a dataset: a text, and what a person released for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

TEXT_KEYS: Final = ("text", "question", "input", "source")
REFERENCE_KEYS: Final = ("references", "reference", "answers", "answer", "released", "target")
OTHER_KEYS: Final = frozenset({"id", "passages", "language", "tags", "cluster"})
NOBODY_ANSWERED = "NONE"
"""The reference of a question that the material does not answer; a refusal is scored as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A text with the outputs that are right, best first.

    `passages` are what a task that rests on facts may use instead of the documents. Records of one
    `cluster` rest on the same material, so that together they say less than as many others.
    """

    id: str
    text: str
    references: tuple[str, ...]
    passages: tuple[str, ...] = ()
    language: str = ""  # ISO 639-1, empty when unknown
    tags: tuple[str, ...] = ()
    cluster: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def input_hash(self) -> str:
        """SHA-256 of what a model is given: two records of one hash have one output."""
        given = json.dumps([self.text, self.passages], ensure_ascii=False)
        return sha256(given.encode()).hexdigest()


def dataset_hash(records: list[Record]) -> str:
    """SHA-256 of texts, passages and references, whatever the order of the records."""
    lines = sorted(
        json.dumps([one.id, one.input_hash, one.references], ensure_ascii=False) for one in records
    )
    return sha256("\n".join(lines).encode()).hexdigest()
