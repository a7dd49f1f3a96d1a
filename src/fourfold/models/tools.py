"""Tools of a request and the calls of an answer: checked before the model is asked, and after."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from fourfold.core.errors import InvalidInput, InvalidOutput, suggestion
from fourfold.core.records import CompletionOptions, FinishReason, Message
from fourfold.core.tools import Tool, ToolCall
from fourfold.models.schema import check_schema, check_value

# What OpenAI and Amazon take; Anthropic, Google and Mistral take the same and more.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHOICES: Final = ("auto", "none", "required")
_HINT: Final = "Ask again, simplify the schema of the tool, or use a larger model."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPiece:
    """A piece of a call as it arrives; the arguments are a piece of JSON.

    `index` tells the calls of an answer apart. The first piece has the name; others may have none.
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    signature: str = ""


def check_tools(messages: Sequence[Message], options: CompletionOptions) -> None:
    """Raise `InvalidInput` for tools, or for turns about them, that no provider understands."""
    names = [tool.name for tool in options.tools]
    for tool in options.tools:
        _check_tool(tool)
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(
            f"Two tools are called `{twins[0]}`.", hint="Give each a name of its own."
        )
    if options.tool_choice not in (*_CHOICES, *names):
        raise InvalidInput(
            f"There is no tool `{options.tool_choice[:80]}` to choose.",
            hint=suggestion(options.tool_choice, [*_CHOICES, *names]),
        )
    if options.tool_choice == "required" and not names:
        raise InvalidInput("A call is required, but no tools are given.", hint="Give `tools`.")
    _check_turns(messages)


def refuse_tools(name: str, options: CompletionOptions, why: str, hint: str) -> None:
    """Raise `InvalidInput` when a model is given tools that cannot take any in this request."""
    if options.tools:
        raise InvalidInput(f"`{name}` cannot be given tools: {why}.", hint=hint)


def name_of_call(messages: Sequence[Message], tool_call_id: str) -> str:
    """The name of the tool whose result a turn tells; `check_tools` made sure that there is one."""
    calls = (call for message in reversed(messages) for call in message.tool_calls)
    return next(call.name for call in calls if call.id == tool_call_id)


def calls_of(
    pieces: Iterable[CallPiece],
    options: CompletionOptions,
    finish_reason: FinishReason,
    new_id: Callable[[], str],
) -> tuple[ToolCall, ...]:
    """The calls that these pieces make up; raises `InvalidOutput` for what was not asked for."""
    calls = tuple(
        ToolCall(
            id=call.id or new_id(),
            name=call.name,
            arguments=_arguments(call, options.tools, finish_reason),
            signature=call.signature,
        )
        for call in _joined(pieces)
    )
    _check_choice({call.name for call in calls}, options)
    return calls


def _check_tool(tool: Tool) -> None:
    if not _NAME.fullmatch(tool.name):
        raise InvalidInput(
            f"A tool cannot be called `{tool.name[:80]}`.",
            hint="Its name has at most 64 letters, digits, `_` and `-`.",
        )
    check_schema(tool.parameters)
    if tool.parameters.get("type") != "object":
        raise InvalidInput(
            f"The arguments of the tool `{tool.name}` are no object.",
            hint='Say `"type": "object"` at the top of its `parameters`.',
        )


def _check_turns(messages: Sequence[Message]) -> None:
    asked: set[str] = set()
    for message in messages:
        if message.tool_calls and message.role != "assistant":
            raise InvalidInput(
                f"A turn of the role `{message.role}` holds calls of tools.",
                hint="Calls are asked for by the role `assistant`.",
            )
        asked.update(call.id for call in message.tool_calls)
        if (message.role == "tool") != bool(message.tool_call_id):
            raise InvalidInput(
                "A turn of the role `tool` has no `tool_call_id`, or one of another role has one.",
                hint="Give the result of a call the role `tool` and the id of the call.",
            )
        if message.role == "tool" and message.tool_call_id not in asked:
            raise InvalidInput(
                f"Nobody asked for the call `{message.tool_call_id[:80]}`.",
                hint="Send the turn that asked for it, with its `tool_calls`, before the result.",
            )


def _joined(pieces: Iterable[CallPiece]) -> list[CallPiece]:
    """Whole calls. Some servers number all of them 0, and tell them apart by their ids."""
    calls: list[CallPiece] = []
    at: dict[int, int] = {}
    for piece in pieces:
        place = at.get(piece.index)
        before = calls[place] if place is not None else None
        another = before and piece.name and piece.id and piece.id != before.id
        if place is None or before is None or another:
            at[piece.index] = len(calls)
            calls.append(piece)
            continue
        calls[place] = replace(
            before,
            id=before.id or piece.id,
            name=before.name or piece.name,
            arguments=before.arguments + piece.arguments,
            signature=before.signature or piece.signature,
        )
    return calls


def _arguments(
    call: CallPiece, tools: Sequence[Tool], finish_reason: FinishReason
) -> Mapping[str, Any]:
    tool = next((one for one in tools if one.name == call.name), None)
    if tool is None:
        raise InvalidOutput(
            f"The model asks for the tool `{call.name[:80]}`, which there is not.", hint=_HINT
        )
    is_cut = finish_reason == "length"
    try:
        found = msgspec.json.decode(call.arguments or ("" if is_cut else "{}"))
    except (msgspec.DecodeError, RecursionError) as error:
        how = "were cut off before their end" if is_cut else "are not JSON"
        raise InvalidOutput(
            f"The arguments with which the model calls `{tool.name}` {how}.",
            hint="Allow more `max_tokens`." if is_cut else _HINT,
        ) from error
    if not isinstance(found, dict):
        raise InvalidOutput(
            f"The arguments with which the model calls `{tool.name}` are no object.", hint=_HINT
        )
    check_value(found, tool.parameters, what=f"The model's call of `{tool.name}`")
    return found


def _check_choice(names: set[str], options: CompletionOptions) -> None:
    choice = options.tool_choice
    if choice == "auto" or (choice == "none" and not names) or (choice == "required" and names):
        return
    if choice not in _CHOICES and names == {choice}:
        return
    wanted = {"none": "no tool", "required": "a tool"}.get(choice, f"`{choice}` alone")
    called = ", ".join(f"`{name}`" for name in sorted(names)) or "none"
    raise InvalidOutput(
        f"The model had to call {wanted}, and called {called}.",
        hint="Use another model or server: this one does not keep `tool_choice`.",
    )
