"""The JSON of `/api`: what comes in, checked, and what goes out, described."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fourfold.access import ApiKey
from fourfold.core.errors import InvalidInput
from fourfold.core.records import Role

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no NUL character

Text = Annotated[str, Field(pattern=_NO_NUL)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL)]
Query = Annotated[str, Field(min_length=1, max_length=20_000, pattern=_NO_NUL)]
Question = Annotated[str, Field(min_length=1, pattern=_NO_NUL)]
Filter = Annotated[dict[Line, Line | list[Line]], Field(max_length=20)]
DocumentId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class In(BaseModel):
    """A body that comes in: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Turn(In):
    """What was said before."""

    role: Literal["user", "assistant"]
    content: Text


class AskIn(In):
    """A question to an application, or the text that it shall work on."""

    question: Question = Field(description="The question or the text; `text` means the same.")
    application: Line | None = Field(default=None, description="Its name, where there are several.")
    history: list[Turn] = Field(default=[], max_length=200)
    where: Filter | None = Field(default=None, description="A filter on source, path, language, …")

    @model_validator(mode="before")
    @classmethod
    def _take_text(cls, given: Any) -> Any:
        """As in the files of a task that works on texts."""
        if isinstance(given, dict) and "text" in given and "question" not in given:
            return {"question" if key == "text" else key: value for key, value in given.items()}
        return given


class SearchIn(In):
    """A search for passages."""

    query: Query
    limit: int = Field(default=5, ge=1, le=100)
    where: Filter | None = None


class UserIn(In):
    """A new user."""

    name: Line
    role: Role
    groups: list[Line] = []


class KeyIn(In):
    """A new key."""

    name: Line
    role: Role = "viewer"
    groups: list[Line] = []
    user: Line | None = None
    act_for_users: bool = False
    expires_at: datetime | None = None


class Place(BaseModel):
    """Where in a document; what is unknown is left out."""

    heading: str
    start: int
    end: int
    page: int | None = None
    slide: int | None = None
    sheet: str | None = None
    line: int | None = None


class Citation(BaseModel):
    """What supports a sentence of an answer; `number` is the mark in its text."""

    number: int
    document: str
    source: str
    place: Place
    quote: str


class Hit(BaseModel):
    """A passage that was found, and why: its ranks in both arms of the search."""

    document: str
    source: str
    document_id: str
    title: str
    place: Place
    score: float
    vector_rank: int | None
    lexical_rank: int | None
    duplicates: list[str]
    text: str


class Usage(BaseModel):
    """Tokens, and what the model's provider charges for them; `null`: nobody knows the price."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_usd: float | None


class AnswerOut(BaseModel):
    """An answer with what supports it, or an honest refusal."""

    question: str
    answer: str
    refused: bool
    refused_because: str | None
    notice: str
    citations: list[Citation]
    model: str
    usage: Usage
    seconds: float
    trace: str


class SearchOut(BaseModel):
    """Hits, best first."""

    query: str
    hits: list[Hit]


class DocumentOut(BaseModel):
    """A document of the index."""

    id: str
    source: str
    path: str
    title: str
    media_type: str
    language: str
    groups: list[str]
    indexed_at: datetime


class FailureOut(BaseModel):
    """A file, or a member of one, that could not be ingested."""

    source: str
    path: str
    cause: str
    message: str
    failed_at: datetime


class PassageOut(BaseModel):
    """The text of a document around a place; `start` and `end` are offsets in `text`."""

    document: str
    source: str
    title: str
    text: str
    start: int
    end: int
    before: int = Field(description="Characters of the document before `text`.")
    after: int = Field(description="Characters of the document after `text`.")


class MeOut(BaseModel):
    """Who the server takes you for."""

    id: str
    role: Role
    groups: list[str]
    sees_all_groups: bool
    act_for_users: bool


class NewKeyOut(BaseModel):
    """A new key; the secret is shown this once."""

    key: ApiKey
    secret: str


class Problem(BaseModel):
    """What went wrong and what to do."""

    code: str
    message: str
    hint: str


class ErrorOut(BaseModel):
    """The body of every answer that is no success."""

    error: Problem


def where_of(chosen: dict[str, str | list[str]] | None) -> dict[str, Any] | None:
    """The filter as the search takes it."""
    if chosen is None:
        return None
    return {key: value if isinstance(value, str) else tuple(value) for key, value in chosen.items()}


def invalid(errors: list[dict[str, Any]]) -> InvalidInput:
    """Everything that is wrong with a request, in one error."""
    said = [
        f"`{'.'.join(str(part) for part in error['loc'])}`: {error['msg']}" for error in errors[:10]
    ]
    is_no_json = any(error["type"] == "model_attributes_type" for error in errors)
    hint = "Send a JSON object with `Content-Type: application/json`; see /api/docs."
    return InvalidInput(
        f"The request is not valid: {'; '.join(said)}.",
        hint=hint if is_no_json else "See /api/docs.",
    )
