"""The protocol of metrics: how good is a text beside texts that a person approved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Metric(Protocol):
    """Scores a text against references.

    Rules: pure, so the same texts have the same score everywhere; with several references the
    best one counts; `signature` changes whenever a score could.
    """

    @property
    def name(self) -> str:
        """As users write it, `f1`."""
        ...

    @property
    def signature(self) -> str:
        """What was computed, in enough detail to repeat it."""
        ...

    def score(self, hypothesis: str, references: Sequence[str]) -> float:
        """The score of one text, higher is better."""
        ...
