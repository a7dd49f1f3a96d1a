"""Tools for models on this machine: through their chat template, or by a grammar of the calls."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

import msgspec

from fourfold.core.errors import InvalidInput, InvalidOutput
from fourfold.core.records import CompletionOptions, Message
from fourfold.core.tools import Tool
from fourfold.models.answer import Piece
from fourfold.models.openai_replies import read_chunk
from fourfold.models.tools import CallPiece, name_of_call

_MOST_CALLS: Final = 8  # at once; small models would go on and on


def check_allowed(name: str, options: CompletionOptions, *, knows_tools: bool) -> None:
    """Raise `InvalidInput` for what these weights cannot do with tools."""
    if options.json_schema is not None or options.quote_from:
        raise InvalidInput(
            f"`{name}` cannot be given tools with a JSON schema or texts to quote.",
            hint="Ask for one or the other.",
        )
    if options.tool_choice == "auto" and not knows_tools:
        raise InvalidInput(
            f"`{name}` cannot decide whether to call a tool: its chat template knows none.",
            hint="Set `tool_choice` to `required` or to a tool's name, or use other weights.",
        )


def form_of_calls(tools: Sequence[Tool], choice: str) -> dict[str, Any]:
    """The JSON schema of a list of calls of these tools, or of the chosen one alone."""
    chosen = [tool for tool in tools if choice in ("required", tool.name)]
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool.name},
                "arguments": {"$ref": f"#/$defs/{tool.name}"},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in chosen
    ]
    return {
        "type": "array",
        "items": {"anyOf": calls},
        "minItems": 1,
        "maxItems": _MOST_CALLS,
        "$defs": {tool.name: _moved(tool.parameters, f"#/$defs/{tool.name}") for tool in chosen},
    }


class FormReader:
    """Reads the events of an answer that is a list of calls: its text is none for anybody."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def __call__(self, data: bytes) -> Piece:
        """What this event adds; the calls come with the reason why it ended."""
        piece = read_chunk(data)
        self._texts.append(piece.text)
        if piece.finish_reason is None:
            return replace(piece, text="", logprobs=())
        try:
            calls = _FORM.decode("".join(self._texts))
        except msgspec.DecodeError as error:
            broken = InvalidOutput(
                f"The calls of tools that the model wrote cannot be read: {error}.",
                hint="Allow more `max_tokens`, or simplify the schemas of the tools.",
            )
            return replace(piece, text="", logprobs=(), error=broken)
        pieces = tuple(
            CallPiece(index=place, name=call.name, arguments=bytes(call.arguments).decode())
            for place, call in enumerate(calls)
        )
        return replace(piece, text="", logprobs=(), calls=pieces)


def told_in_words(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Message]:
    """The conversation for a template that knows no tools: what they are, calls, and results."""
    rules = [one.content for one in messages if one.role == "system"]
    rules += [_told(tools)] if tools else []
    system = [Message("system", "\n\n".join(rules))] if rules else []
    talk = [_in_words(one, messages) for one in messages if one.role != "system"]
    return [*system, *_alternating(talk)]


class _Call(msgspec.Struct):
    name: str
    arguments: msgspec.Raw


_FORM: Final = msgspec.json.Decoder(list[_Call])


def _moved(schema: Any, root: str) -> Any:
    """The schema at another place: what refers to its top refers to `root`."""
    if isinstance(schema, Mapping):
        return {
            key: root + value[1:]
            if key == "$ref" and isinstance(value, str)
            else _moved(value, root)
            for key, value in schema.items()
            if key not in ("$id", "$schema")
        }
    return [_moved(one, root) for one in schema] if isinstance(schema, list) else schema


def _told(tools: Sequence[Tool]) -> str:
    told = [
        {"name": one.name, "description": one.description, "arguments": dict(one.parameters)}
        for one in tools
    ]
    return (
        "You call tools. Each of them, with the JSON schema of its arguments:\n"
        f"{json.dumps(told, ensure_ascii=False)}\n"
        'Answer with a JSON list of calls: [{"name": …, "arguments": {…}}]'
    )


def _in_words(message: Message, messages: Sequence[Message]) -> Message:
    if message.role == "tool":
        name = name_of_call(messages, message.tool_call_id)
        return Message("user", f"{name}: {message.content}")
    if not message.tool_calls:
        return message
    calls = [{"name": one.name, "arguments": dict(one.arguments)} for one in message.tool_calls]
    said = json.dumps(calls, ensure_ascii=False)
    return Message("assistant", f"{message.content}\n{said}".strip())


def _alternating(talk: Sequence[Message]) -> Iterator[Message]:
    """Turns of one role that follow each other as one: some templates want them to alternate."""
    for role, together in groupby(talk, key=lambda one: one.role):
        yield Message(role, "\n\n".join(one.content for one in together))
