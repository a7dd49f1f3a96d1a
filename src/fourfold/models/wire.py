"""The OpenAI wire, our side: our records to the JSON of `/v1/chat/completions`."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fourfold.core.records import CompletionOptions, Message
from fourfold.core.tools import Tool, ToolCall


def chat_body(
    model: str, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
) -> dict[str, Any]:
    """The body of a request; what the options leave open is left out."""
    wanted: dict[str, Any] = {
        "model": model,
        "messages": [_message(each) for each in messages],
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
        "top_p": options.top_p,
        "seed": options.seed,
        "stop": list(options.stop) or None,
        "response_format": _response_format(options.json_schema),
        "tools": [_tool(each) for each in options.tools] or None,
        "tool_choice": _tool_choice(options),
        "logprobs": True if options.top_logprobs is not None else None,
        "top_logprobs": options.top_logprobs,
        "stream": True if stream else None,
        "stream_options": {"include_usage": True} if stream else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {
            "role": "tool",
            "content": message.content,
            "tool_call_id": message.tool_call_id,
        }
    if not message.tool_calls:
        return {"role": message.role, "content": message.content}
    calls = [_call(each) for each in message.tool_calls]
    return {"role": message.role, "content": message.content or None, "tool_calls": calls}


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = msgspec.json.encode(call.arguments).decode()
    said = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }
    if not call.signature:
        return said
    return {**said, "extra_content": msgspec.json.decode(call.signature)}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    function = {"name": tool.name, **described, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _tool_choice(options: CompletionOptions) -> str | dict[str, Any] | None:
    choice = options.tool_choice
    if not options.tools or choice == "auto":
        return None
    if choice in ("none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def _response_format(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    # Not `strict`: OpenAI then refuses every schema with an optional field, and we check anyway.
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}}
