"""From what a reader proposes to what is shown: each sentence with a citation that holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fourfold.assistant.base import Candidate, Draft
from fourfold.assistant.support import SUPPORTED, support
from fourfold.core.records import Citation

_MARK = re.compile(r"\s*\[\d+\]")


class Citations:
    """The citations of one answer, numbered in the order in which they are first needed."""

    def __init__(self, candidates: Sequence[Candidate], *, language: str = "") -> None:
        self.candidates = tuple(candidates)
        self.language = language
        self._numbers: dict[Candidate, int] = {}

    def cite(self, draft: Draft) -> str:
        """The sentence with its mark; empty when no candidate supports it."""
        sentence = _MARK.sub("", draft.text).strip()
        if not sentence or (source := self._source(sentence, draft.candidate)) is None:
            return ""
        number = self._numbers.setdefault(source, len(self._numbers) + 1)
        return _marked(sentence, number)

    def all(self) -> tuple[Citation, ...]:
        """Every citation used, in the order of its number."""
        return tuple(
            Citation(
                number=number,
                document=source.hit.chunk.path,
                source=source.hit.chunk.source,
                place=source.place,
                quote=source.text,
                chunk_id=source.hit.chunk.id,
            )
            for source, number in self._numbers.items()
        )

    def _source(self, sentence: str, named: Candidate | None) -> Candidate | None:
        """What the reader named, if it holds, or else the candidate that supports most.

        Of several that support it alike, the one nearest to the question.
        """
        if named and self._support(sentence, named) >= SUPPORTED:
            return named
        best = max(self.candidates, key=lambda one: self._support(sentence, one), default=None)
        return best if best and self._support(sentence, best) >= SUPPORTED else None

    def _support(self, sentence: str, candidate: Candidate) -> float:
        chunk = candidate.hit.chunk
        across = bool(self.language and chunk.language) and self.language != chunk.language
        return support(sentence, candidate.text, context=chunk.context, across=across)


def _marked(sentence: str, number: int) -> str:
    """The mark stands before the full stop, where a reader looks for it."""
    end = sentence[-1] if sentence[-1] in ".!?" else ""
    return f"{sentence[: len(sentence) - len(end)].rstrip()} [{number}]{end}"
