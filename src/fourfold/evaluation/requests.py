"""A request to a model before it is sent: what tells it from others, and what it takes at most."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from typing import Any, Final

from fourfold.core.protocols import ChatModel
from fourfold.core.records import CompletionOptions, Message, Usage

_OPEN_ANSWER_TOKENS: Final = 4_096  # set aside where a request sets no limit of its own
_MESSAGE_TOKENS: Final = 8  # role and marks around a message, rather too many
_SENT_BESIDE: Final = ("json_schema", "tools")  # options that the provider reads as a prompt


def request_key(identity: str, messages: Sequence[Message], options: CompletionOptions) -> str:
    """SHA-256 of everything that an answer depends on."""
    asked = [identity, [_turn(one) for one in messages], options_json(options)]
    return sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def options_json(options: CompletionOptions) -> dict[str, Any]:
    """The options that were set; without tools there is nothing to choose."""
    unset: tuple[str, ...] = () if options.tools else ("tool_choice",)
    found = {one.name: getattr(options, one.name) for one in fields(options)}
    found["tools"] = tuple(asdict(tool) for tool in options.tools)
    return {
        name: value
        for name, value in found.items()
        if value not in (None, ()) and name not in unset
    }


def message_json(one: Message) -> dict[str, Any]:
    """A message as it is kept."""
    found: dict[str, Any] = {"role": one.role, "content": one.content}
    if one.tool_calls:
        found["tool_calls"] = [asdict(call) for call in one.tool_calls]
    if one.tool_call_id:
        found["tool_call_id"] = one.tool_call_id
    return found


def request_tokens(
    model: ChatModel, messages: Sequence[Message], options: CompletionOptions
) -> int:
    """Tokens that the provider reads: messages, schema and tools, rather too many."""
    beside = _beside(options_json(options))
    told = sum(model.count_tokens(one.content) + _MESSAGE_TOKENS for one in messages)
    return told + (model.count_tokens(beside) if beside else 0)


def most_usage(model: ChatModel, messages: Sequence[Message], options: CompletionOptions) -> Usage:
    """The most tokens that a request can take."""
    return Usage(
        prompt_tokens=request_tokens(model, messages, options),
        completion_tokens=options.max_tokens or _OPEN_ANSWER_TOKENS,
    )


def _beside(options: Mapping[str, Any]) -> str:
    sent = [options[name] for name in _SENT_BESIDE if name in options]
    return json.dumps(sent, ensure_ascii=False) if sent else ""


def _turn(one: Message) -> Any:
    """Role and content; what tools add stands beside them only where there is some."""
    plain = one.tool_calls == () and not one.tool_call_id
    return (one.role, one.content) if plain else message_json(one)
