"""Answers by quoting: the best sentence itself, no language model needed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from fourfold.assistant.base import Candidate, Draft, Question


class ExtractiveReader:
    """Quotes the best candidate in the language of its document."""

    @property
    def name(self) -> str:
        """There is no model behind it."""
        return "extractive"

    async def read_ahead(self) -> None:
        """There is nothing to read ahead."""

    async def read(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> AsyncGenerator[Draft, None]:
        """Propose the best sentence as it stands."""
        for candidate in candidates[:1]:
            yield Draft(text=candidate.text, candidate=candidate)
