"""Protocols that more than one folder uses; the others stand in the `base.py` of their folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from fourfold.core.records import (
    Completion,
    CompletionOptions,
    Delta,
    Message,
    TokenLogprob,
    Vocabulary,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]
    """float32; a vector is (dimensions,), several are (texts, dimensions), each of length 1."""


class ChatModel(Protocol):
    """A language model that continues a conversation.

    Rules that every backend keeps, and that the contract test checks: a call that is cancelled
    frees the model; several calls at once are allowed; a prompt longer than the context raises
    `ContextTooLong`, nothing is cut off silently; the text equals the joined deltas of a stream;
    with a JSON schema the text is a valid value of it, or `ModelError` is raised; an answer in the
    wrong form that was paid for raises an error with its `usage`.
    """

    @property
    def name(self) -> str:
        """As users write it, `smollm2-135m` or `openai:gpt-5`."""
        ...

    @property
    def context_tokens(self) -> int:
        """The longest prompt and completion together."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, exact for embedded models, an upper estimate for remote ones."""
        ...

    async def complete(self, messages: Sequence[Message], options: CompletionOptions) -> Completion:
        """Continue the conversation."""
        ...

    def stream(
        self, messages: Sequence[Message], options: CompletionOptions
    ) -> AsyncIterator[Delta]:
        """Continue the conversation piece by piece; closing the iterator stops the model."""
        ...

    async def close(self) -> None:
        """Give back memory and connections; a closed model is not used again."""
        ...


@runtime_checkable
class QuotingModel(Protocol):
    """A chat model that can be held to the words of given texts (`quote_from`).

    A model that cannot raises `InvalidInput` when it is asked to: it never answers freely instead.
    """

    @property
    def can_quote(self) -> bool:
        """True when `quote_from` holds for every answer; may load the model."""
        ...


@runtime_checkable
class ToolCallingModel(Protocol):
    """A chat model that can ask for calls of given tools (`tools`), and read their results.

    Rules: with `required` it asks for at least one call, with a tool's name for calls of that tool
    alone, with `none` for none, or an error is raised; arguments fit the schema of their tool; the
    finish reason is `tool_calls` when it asks for any. What it cannot do raises `InvalidInput`.
    """

    @property
    def can_call_tools(self) -> bool:
        """True when it decides by itself whether to call (`auto`); may load the model."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A chat model that answers sooner when it has read the beginning of a prompt before."""

    async def read_ahead(self, messages: Sequence[Message]) -> None:
        """Load what it needs, and keep this beginning for the prompts to come; costs no money."""
        ...


@runtime_checkable
class ScoringModel(Protocol):
    """A chat model that shows its tokens, and how likely it finds each token of a given text.

    Rules: `text_of(tokens_of(text))` is the text, perhaps behind a blank; log probabilities are
    natural, at temperature 1, of the plain text without any chat template; the first token of a
    text has none.
    """

    async def tokens_of(self, text: str, *, special: bool = False) -> list[int]:
        """The numbers of its tokens; with `special`, what stands before every text as well."""
        ...

    async def text_of(self, tokens: Sequence[int]) -> str:
        """The text of these tokens."""
        ...

    async def vocabulary(self) -> Vocabulary:
        """Special tokens and chat template."""
        ...

    async def score_tokens(
        self, tokens: Sequence[int], *, likeliest: int = 1
    ) -> list[TokenLogprob | None]:
        """Each token as it is written, its log probability, and so many likely ones there."""
        ...

    async def next_token(self, tokens: Sequence[int], *, likeliest: int = 1) -> TokenLogprob:
        """The likeliest token behind these."""
        ...


class Embedder(Protocol):
    """Turns text into vectors whose cosine says how near two texts are in meaning.

    Rules: vectors have length 1; a text's vector does not depend on the texts beside it; a text
    longer than `max_tokens` is embedded by its beginning; an empty text is allowed.
    """

    @property
    def name(self) -> str:
        """Identifies the vector space: vectors of two names never meet in one index."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """What lies beyond is not embedded."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a passage."""
        ...

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts that will be searched, shape (texts, dimensions)."""
        ...

    async def embed_query(self, text: str) -> Vectors:
        """Vector of a question, shape (dimensions,)."""
        ...
