"""OpenAI's chat completions: its own models, and those of every server that speaks its protocol."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from fourfold.core.errors import ContextTooLong, InvalidInput
from fourfold.core.records import CompletionOptions, Message
from fourfold.models.answer import Piece
from fourfold.models.dialect import OPENAI, Dialect, without
from fourfold.models.openai_replies import read_chunk, read_reply
from fourfold.models.remote import Line, RemoteModel, Setup
from fourfold.models.wire import chat_body


class ChatCompletions:
    """The protocol of `/v1/chat/completions`, in the `dialect` of a provider.

    OpenAI's reasoning models take no temperature: they want `extra` to be `{"temperature": None}`.
    """

    def __init__(self, setup: Setup, *, dialect: Dialect = OPENAI) -> None:
        self._model = setup.model
        self._extra = setup.extra
        self._dialect = dialect
        self._knows_newer_words = _knows_newer_words(setup.url)
        self.line = Line(
            provider=dialect.provider,
            context_tokens=setup.context_tokens or dialect.context_tokens,
            key_header=dialect.key_header,
            tells_logprobs=dialect.tells_logprobs,
        )

    def path(self, *, stream: bool) -> str:
        """The same for both."""
        return "chat/completions"

    def body(
        self, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
    ) -> dict[str, Any]:
        """The request in the words of the provider."""
        if self._dialect.cuts_silently:
            self._check_length(messages)
        body = chat_body(self._model, messages, options, stream=stream)
        if "tool_choice" in body and not self._dialect.keeps_tool_choice:
            body = self._chosen(body)
        body = dict(self._dialect.adapt(body))
        if self._knows_newer_words and "max_tokens" in body:
            body = {**body, "max_completion_tokens": body["max_tokens"], "max_tokens": None}
        return {key: value for key, value in {**body, **self._extra}.items() if value is not None}

    def cuts(self, options: CompletionOptions) -> Sequence[str]:
        """None: any stop is taken."""
        return ()

    def read(self, reply: bytes, options: CompletionOptions) -> Piece:
        """A whole reply."""
        return read_reply(reply)

    def reader(self, options: CompletionOptions) -> Callable[[bytes], Piece]:
        """Each event stands for itself."""
        return read_chunk

    def _chosen(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request to a server that would pass over the choice without a word."""
        if body["tool_choice"] != "none":
            raise InvalidInput(
                f"`{self._dialect.provider}` cannot make a model call a tool: it decides itself.",
                hint="Leave `tool_choice` at `auto`, or ask another provider.",
            )
        return without(body, "tools", "tool_choice")

    def _check_length(self, messages: Sequence[Message]) -> None:
        """Refuse what cannot fit, when the server would not: no vocabulary joins two words."""
        words = sum(len(message.content.split()) for message in messages)
        if words > self.line.context_tokens:
            raise ContextTooLong(
                f"The prompt has {words} words, and the model reads "
                f"{self.line.context_tokens} tokens.",
                hint="Ask with fewer or shorter passages, or raise the server's context and "
                "`context_tokens`.",
            )


def _knows_newer_words(url: str) -> bool:
    """Newer models of OpenAI, there and at Azure, know only `max_completion_tokens`."""
    address = urlsplit(url)
    return address.hostname == "api.openai.com" or address.path.rstrip("/").endswith("/openai/v1")


OpenAIModel: Final = partial(RemoteModel, speak=ChatCompletions, url="https://api.openai.com/v1")


def speaking(dialect: Dialect) -> Callable[[Setup], ChatCompletions]:
    """What speaks the protocol as that provider does."""
    return partial(ChatCompletions, dialect=dialect)
