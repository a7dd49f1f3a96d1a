"""The eight tasks that an application can have, and what goes without saying about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ANSWER: Final = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What an application does with a text.

    `metrics` are those that judge it where a project names none, the decisive one first.
    """

    name: str
    summary: str  # one line for people who choose
    metrics: tuple[str, ...]
    reads_passages: bool = False  # its facts come from documents, or from the record's passages
    max_tokens: int = 512  # of what it writes
    lead_sentences: int | None = None  # of the text, that the extractive baseline gives; None: all


_PROSE = ("hter", "chrf", "rougeL", "bleu")

TASKS: Final[Mapping[str, Task]] = {
    task.name: task
    for task in (
        Task(
            name="summarise",
            summary="Says in a few sentences what a long text says.",
            metrics=("rougeL", "hter", "rouge1", "chrf"),
            max_tokens=256,
            lead_sentences=3,
        ),
        Task(
            name="write",
            summary="Writes the text that a brief asks for.",
            metrics=_PROSE,
        ),
        Task(
            name="translate",
            summary="Translates German into English, and English into German.",
            metrics=("hter", "chrf", "bleu", "ter"),
        ),
        Task(
            name="extract",
            summary="Fills the fields of a form from a text.",
            metrics=("field_f1", "field_precision", "field_recall", "json_valid"),
        ),
        Task(
            name=ANSWER,
            summary="Answers questions from documents, with citations.",
            metrics=("f1", "em", "citation_support", "refusal"),
            reads_passages=True,
            max_tokens=64,
        ),
        Task(
            name="sentiment",
            summary="Says whether a text is positive, neutral or negative.",
            metrics=("macro_f1", "accuracy"),
            max_tokens=32,
        ),
        Task(
            name="customer-service",
            summary="Drafts the reply to a customer from your own material.",
            metrics=_PROSE,
            reads_passages=True,
            lead_sentences=3,
        ),
        Task(
            name="sales",
            summary="Drafts offers and follow-ups from price lists and product sheets.",
            metrics=_PROSE,
            reads_passages=True,
            lead_sentences=3,
        ),
    )
}
