"""Anthropic's Messages API: Claude, and servers that speak its protocol.

Written from the types of the official SDK (`anthropic` 2.12) and compared with it in
`tests/models/test_anthropic.py`; not run against the live service.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final

from fourfold.core.records import CompletionOptions, Message
from fourfold.core.tools import Tool
from fourfold.models.answer import Piece
from fourfold.models.anthropic_replies import EventReader, read_reply
from fourfold.models.narrow_schema import narrowed
from fourfold.models.remote import Line, RemoteModel, Setup

_VERSION: Final = "2026-10-21"  # of the protocol, as the official SDK sends it
_USUAL_CONTEXT_TOKENS: Final = 200_000
_USUAL_ANSWER_TOKENS: Final = 4_096  # the protocol wants a number


class MessagesAPI:
    """The protocol of `/v1/messages`.

    It knows no seed and no log probabilities, and its newer models take neither `temperature` nor
    `top_p`: these and a seed are passed over, log probabilities raise `InvalidInput`. `extra` can
    be `{"temperature": 0}` for a model that takes one. A JSON schema is sent in the keywords that
    the API takes, the others as words. What a server reads of a prompt for the first time is
    charged at its list price even where the provider asks more for keeping it.
    """

    def __init__(self, setup: Setup) -> None:
        self._model = setup.model
        self._extra = setup.extra
        self.line = Line(
            provider="anthropic",
            context_tokens=setup.context_tokens or _USUAL_CONTEXT_TOKENS,
            headers={"anthropic-version": _VERSION},
            tells_logprobs=False,
        )

    def path(self, *, stream: bool) -> str:
        """The same for both."""
        return "messages"

    def body(
        self, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
    ) -> dict[str, Any]:
        """The request."""
        wanted = {
            "model": self._model,
            "max_tokens": options.max_tokens or _USUAL_ANSWER_TOKENS,
            "system": "\n\n".join(one.content for one in messages if one.role == "system") or None,
            "messages": list(_turns(messages)),
            "stop_sequences": [stop for stop in options.stop if stop.strip()] or None,
            "output_config": _form(options.json_schema),
            "tools": [_tool(one) for one in options.tools] or None,
            "tool_choice": _tool_choice(options),
            "stream": True if stream else None,
            **self._extra,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def cuts(self, options: CompletionOptions) -> Sequence[str]:
        """Stops of blanks alone."""
        return [stop for stop in options.stop if not stop.strip()]

    def read(self, reply: bytes, options: CompletionOptions) -> Piece:
        """A whole reply."""
        return read_reply(reply)

    def reader(self, options: CompletionOptions) -> Callable[[bytes], Piece]:
        """What reads one stream: its counts of tokens come bit by bit."""
        return EventReader()


AnthropicModel: Final = partial(RemoteModel, speak=MessagesAPI, url="https://api.anthropic.com/v1")


def _turns(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    """The conversation; results that follow each other are one turn of the user's."""
    talk = [one for one in messages if one.role != "system"]
    for role, together in groupby(talk, key=lambda one: one.role):
        if role == "tool":
            yield {"role": "user", "content": [_result(one) for one in together]}
        else:
            yield from ({"role": role, "content": _content(one)} for one in together)


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.tool_calls:
        return message.content
    said = [{"type": "text", "text": message.content}] if message.content else []
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)}
        for call in message.tool_calls
    ]
    return [*said, *calls]


def _result(message: Message) -> dict[str, Any]:
    return {
        "type": "tool_result",
        "tool_use_id": message.tool_call_id,
        "content": message.content,
    }


def _form(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The schema in its keywords; the answer is checked against all of it when it is there."""
    if schema is None:
        return None
    return {"format": {"type": "json_schema", "schema": narrowed(schema)}}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name, **described, "input_schema": dict(tool.parameters)}


def _tool_choice(options: CompletionOptions) -> dict[str, Any] | None:
    choice = options.tool_choice
    if not options.tools or choice == "auto":
        return None
    words = {"none": "none", "required": "any"}
    return {"type": words[choice]} if choice in words else {"type": "tool", "name": choice}
