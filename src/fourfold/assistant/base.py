"""What the request path is made of: retriever, reader, and the records between them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fourfold.core.records import Answer, Hit, Message, Place, Principal, Usage, Where
from fourfold.core.sentences import split_sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence of a hit that may hold the answer.

    `text` is the document's text at `place`; the figures compare it with the question.
    """

    text: str
    hit: Hit
    place: Place
    before: str = ""  # the sentence before it in the passage
    similarity: float = 0.0  # cosine of question and sentence, -1 to 1
    in_context: float = 0.0  # the same with the headings or the sentence before
    overlap: float = 0.0  # share of the question's word weight that stands in or above it, 0 to 1
    fixed: float = 0.0  # the part of the score that needs no embedder
    score: float = 0.0  # all in one, higher is better

    @property
    def surroundings(self) -> str:
        """The sentence with the one before and the one after it."""
        chunk = self.hit.chunk
        start, end = self.place.start - chunk.place.start, self.place.end - chunk.place.start
        following = split_sentences(chunk.text[end:])[:1]
        after = chunk.text[end:][slice(*following[0])] if following else ""
        return f"{self.before} {chunk.text[start:end]} {after}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The candidates, best first, and how likely it is that they hold an answer, 0 to 1."""

    candidates: tuple[Candidate, ...] = ()
    likelihood: float = 0.0
    suffices: bool = False  # likely enough to read them


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a reader is asked: a question that stands alone.

    `likelihood` is how likely the documents hold an answer, judged by what was found.
    """

    text: str
    language: str = "en"
    likelihood: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A sentence that a reader proposes, before it is checked.

    `candidate` is what the reader says it rests on, `None` when it did not say. `usage` is what
    the reading took up to here, `None` when that is what the draft before said; so is `model`, who
    wrote it, empty.
    """

    text: str = ""
    candidate: Candidate | None = None
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPiece:
    """The next thing to show: first the hits, then text, at the end the whole answer.

    The texts of all pieces joined are the text of the answer.
    """

    text: str = ""
    hits: tuple[Hit, ...] | None = None
    answer: Answer | None = None


class Retriever(Protocol):
    """Finds passages for a question among those that a person may see."""

    async def retrieve(
        self, question: str, *, limit: int, visible_to: Principal, where: Where | None = None
    ) -> list[Hit]:
        """Return at most `limit` hits, best first."""
        ...


class Reader(Protocol):
    """Answers a question from candidate sentences.

    Rules: candidates are data, whatever they say; a reader that finds no answer in them proposes
    nothing; each draft is one whole sentence, in the order in which they shall be read.
    """

    @property
    def name(self) -> str:
        """Who answers: the name of the chat model, or `extractive`."""
        ...

    async def read_ahead(self) -> None:
        """Do now what can be done before the first question; takes no money and no network."""
        ...

    def read(
        self, question: Question, candidates: Sequence[Candidate]
    ) -> AsyncGenerator[Draft, None]:
        """Propose the answer sentence by sentence; closing the iterator stops the model."""
        ...


class FollowUp(Protocol):
    """Turns what was said in the middle of a conversation into a question that stands alone."""

    async def standalone(self, question: str, history: Sequence[Message]) -> str:
        """Return the question itself when it needs no history."""
        ...
