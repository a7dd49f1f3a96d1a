"""The nouns that are handed from stage to stage: small frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from fourfold.core.tools import Tool, ToolCall

ElementKind = Literal["title", "paragraph", "table", "list", "note", "message", "code"]
Role = Literal["owner", "engineer", "reviewer", "viewer"]
MessageRole = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "cancelled"]

Where = Mapping[str, str | tuple[str, ...]]
"""A filter on `source`, `path`, `language`, `media_type` or a metadata key: equal to the
value, or to one of the values. All keys must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. Passed explicitly into every call that reads or changes data."""

    id: str
    role: Role
    groups: frozenset[str] = frozenset()
    sees_all_groups: bool = False  # the person at the machine, who can read the files anyway

    def may_see(self, groups: frozenset[str]) -> bool:
        """True when something kept for `groups` (empty: for everyone) is visible to this person."""
        return self.sees_all_groups or not groups or not self.groups.isdisjoint(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a document: what a person would call it, and the exact characters.

    `start` and `end` are character offsets in the text of the document, so that a passage can
    be shown in place. Pages, slides and lines count from 1. `lines` says where within the place
    other lines than the first begin, as pairs of offset and line.
    """

    start: int = 0
    end: int = 0
    page: int | None = None
    slide: int | None = None
    sheet: str | None = None
    line: int | None = None
    headings: tuple[str, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()

    def part(self, start: int, end: int) -> Place:
        """The place of some of these characters, with the line in which they begin."""
        before = [line for offset, line in self.lines if offset <= start]
        within = tuple(one for one in self.lines if start < one[0] < end)
        line = before[-1] if before else self.line
        return replace(self, start=start, end=end, line=line, lines=within)

    @property
    def heading(self) -> str:
        """The headings above the place, outermost first."""
        return " › ".join(self.headings)

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on: what is unknown is left out."""
        named = {"page": self.page, "slide": self.slide, "sheet": self.sheet, "line": self.line}
        known = {name: value for name, value in named.items() if value is not None}
        return {**known, "heading": self.heading, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A piece of a document that belongs together: a heading, a paragraph, a table, a message.

    `place.start` and `place.end` span exactly `text` within the text of its document.
    """

    kind: ElementKind
    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file, or a member of one, as the index knows it.

    `path` is relative to the folder of its source; a member is written `mail.eml!/a.pdf`.
    `groups` are those who may see it; empty means everyone.
    """

    source: str
    path: str
    title: str
    text: str
    content_hash: str  # SHA-256 of the bytes of the file, or of the member
    media_type: str
    language: str = ""  # ISO 639-1, empty when unknown
    groups: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def id(self) -> str:
        """Same source and path, same id: a changed file stays the same document."""
        return document_id(self.source, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage small enough to embed and to cite.

    It repeats what its document says about source, path, permissions and metadata, so that a
    store can filter in the same query that finds it. `text` equals
    `document.text[place.start:place.end]`.
    """

    document_id: str
    source: str
    path: str
    text: str
    place: Place
    title: str = ""
    language: str = ""
    media_type: str = ""
    groups: frozenset[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def id(self) -> str:
        """Same passage, same id: indexing twice changes nothing."""
        identity = f"{self.document_id}:{self.place.start}:{self.text}"
        return sha256(identity.encode()).hexdigest()[:16]

    @property
    def context(self) -> str:
        """What stands above the passage: embedded and searched with it, never cited."""
        parts = [self.title, *self.place.headings]
        return " › ".join(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that a search found, and why.

    `score` is higher for better hits and compares only within one search. A rank is the place
    (from 1) in the list of one arm, `None` where that arm did not find the chunk.
    """

    chunk: Chunk
    score: float
    similarity: float = 0.0  # cosine of question and passage, -1 to 1
    coverage: float = 0.0  # share of the question's word weight that stands in the passage, 0 to 1
    vector_rank: int | None = None
    lexical_rank: int | None = None
    duplicates: tuple[str, ...] = ()  # paths of visible near-duplicates that this hit stands for


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    The model's turn carries the `tool_calls` that it asked for; the result of each is a turn of
    the role `tool`, with the `tool_call_id` of the call.
    """

    role: MessageRole
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that a completion took, and what a provider charges for them.

    `cached_tokens` are part of `prompt_tokens`. `cost_usd` is in US dollars: 0 for a model on this
    machine, `None` when nobody knows the price.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = 0.0

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cached_tokens": self.cached_tokens,
            "cost_usd": self.cost_usd,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOptions:
    """How a model shall answer. `None` leaves the choice to the model.

    `tool_choice` is `auto`, `none`, `required` (at least one call), or the name of one tool.
    """

    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None  # the text is a JSON value of this schema
    quote_from: tuple[str, ...] = ()  # the text is a run of words of one of these
    top_logprobs: int | None = None  # so many likely tokens at each position, with the one written
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """A token that the model wrote, its natural log probability, and the likeliest ones there."""

    token: str
    logprob: float
    likeliest: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What a tokenizer has beside words: special tokens, empty where there is none."""

    begin: str = ""  # stands before every text
    end: str = ""
    chat_template: str = ""  # Jinja


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model wrote."""

    text: str
    model: str
    usage: Usage = Usage()
    finish_reason: FinishReason = "stop"
    logprobs: tuple[TokenLogprob, ...] = ()  # when `top_logprobs` asked for them
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The next piece of a completion while it is being written.

    The last one carries `finish_reason`, `usage` and all `tool_calls`; its `text` may be empty.
    Where an answer has the wrong form, a last one carries `usage` alone before the error is raised.
    `model` says who wrote it, where that may be another than the one that was asked.
    """

    text: str = ""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    model: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The words of a document that support a sentence of an answer.

    `number` is the mark in the answer's text, `[1]`. `place` spans exactly `quote`.
    """

    number: int
    document: str  # the path below the source folder
    source: str
    place: Place
    quote: str
    chunk_id: str

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "number": self.number,
            "document": self.document,
            "source": self.source,
            "place": self.place.as_json(),
            "quote": self.quote,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the application says, and what supports it.

    A refusal has its honest sentence in `text`, in the language of the question, no citations,
    and the cause in `refused_because`.
    """

    text: str
    model: str
    citations: tuple[Citation, ...] = ()
    refused_because: str | None = None
    usage: Usage = Usage()
    hits: tuple[Hit, ...] = ()
    standalone_question: str = ""  # the question as it was searched for
    language: str = ""
    trace: str = ""  # name of the trace that the request left
    notice: str = ""  # what to know before using it, in the language of the question

    @property
    def refused(self) -> bool:
        """True when the application did not answer."""
        return self.refused_because is not None


def document_id(source: str, path: str) -> str:
    """The id of the document at that path of that source."""
    return sha256(f"{source}:{path}".encode()).hexdigest()[:16]
