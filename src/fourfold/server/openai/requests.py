"""The bodies of OpenAI's requests: what we understand, and a clear word on what we do not offer.

Unknown fields are skipped, as OpenAI does; what would change the answer in a way that we cannot
give is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from fourfold.core.errors import InvalidInput
from fourfold.core.records import CompletionOptions, Message, MessageRole
from fourfold.core.tools import Tool, ToolCall

T = TypeVar("T")

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Share: TypeAlias = Annotated[float, Meta(ge=0.0, le=1.0)]
Temperature: TypeAlias = Annotated[float, Meta(ge=0.0, le=2.0)]
Seed: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Stops: TypeAlias = Annotated[list[str], Meta(max_length=16)]

_ROLES: Final[dict[str, MessageRole]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_TOOL_CHOICES: Final = ("auto", "none", "required")


class Part(Struct):
    """A piece of a message."""

    type: str
    text: str = ""


class CalledFunction(Struct):
    """The function of a call, with its arguments as JSON in a string."""

    name: str
    arguments: str = ""


class Call(Struct):
    """A call that the model asked for, as a client sends it back."""

    id: str
    function: CalledFunction
    extra_content: Any = None


class ChatMessage(Struct):
    """A turn as a client sends it."""

    role: str
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class JsonSchema(Struct):
    """The schema of a `response_format`."""

    schema: dict[str, Any] = {}


class ResponseFormat(Struct):
    """`text`, `json_object`, or `json_schema` with its schema."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class Function(Struct):
    """A function that the model may ask for; `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class FunctionTool(Struct):
    """A tool: functions only."""

    type: Literal["function"]
    function: Function


class NamedFunction(Struct):
    """The name of a function."""

    name: str


class NamedTool(Struct):
    """A `tool_choice` that names the tool."""

    type: Literal["function"]
    function: NamedFunction


class StreamOptions(Struct):
    """`include_usage` asks for one more chunk, with the tokens."""

    include_usage: bool | None = False


class Extra(Struct, forbid_unknown_fields=True):
    """Our own field `fourfold`. `hits` asks for the passages that were found."""

    hits: bool = False


class Sampling(Struct):
    """What chat and completions have in common."""

    model: Name
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    seed: Seed | None = None
    stop: str | Stops | None = None
    n: int | None = None
    fourfold: Extra | None = None

    @property
    def wants_usage(self) -> bool:
        """True when a stream shall end with the tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def wants_hits(self) -> bool:
        """True when the passages found shall be shown."""
        return bool(self.fourfold and self.fourfold.hits)


class ChatRequest(Sampling, kw_only=True):
    """The body of `/v1/chat/completions`."""

    messages: Annotated[list[ChatMessage], Meta(min_length=1, max_length=2_000)]
    max_completion_tokens: Count | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = False
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    tools: Annotated[list[FunctionTool], Meta(max_length=128)] | None = None
    tool_choice: str | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | None = None


class CompletionRequest(Sampling, kw_only=True):
    """The body of `/v1/completions`."""

    prompt: str | list[Any]
    max_tokens: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None  # 0 only with `echo`
    echo: bool | None = False
    logprobs: int | None = None
    suffix: str | None = None
    best_of: int | None = None


class EmbeddingExtra(Struct, forbid_unknown_fields=True):
    """Our own field `fourfold`: whether the texts are questions or the passages to be found."""

    input_type: Literal["passage", "query"] = "passage"


class EmbeddingRequest(Struct):
    """The body of `/v1/embeddings`."""

    model: Name
    input: str | list[Any]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    fourfold: EmbeddingExtra | None = None


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The request in a body, or `InvalidInput` that says where it is wrong."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"The request is not valid: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidInput("The body is nested too deep.") from error


def messages_of(request: ChatRequest) -> list[Message]:
    """The conversation."""
    return [_message(one) for one in request.messages]


def chat_options(request: ChatRequest) -> CompletionOptions:
    """How the model shall answer; raises for what is not offered."""
    _refuse(
        n=request.n not in (None, 1),
        functions=request.functions,
        parallel_tool_calls=request.parallel_tool_calls is False,
    )
    return CompletionOptions(
        max_tokens=request.max_completion_tokens or request.max_tokens,
        temperature=request.temperature or 0.0,
        top_p=request.top_p,
        seed=request.seed,
        stop=_stops(request.stop),
        json_schema=_schema(request.response_format),
        top_logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        tools=tuple(_tool(one.function) for one in request.tools or ()),
        tool_choice=_tool_choice(request.tool_choice),
    )


def completion_options(request: CompletionRequest) -> CompletionOptions:
    """How the model shall answer; raises for what is not offered."""
    if request.max_tokens == 0:
        raise InvalidInput(
            "`max_tokens` is 0, so nothing would be written.",
            hint="With `echo` and `logprobs`, 0 scores the prompt alone.",
        )
    _refuse(
        n=request.n not in (None, 1),
        best_of=request.best_of not in (None, 1),
        echo=request.echo,
        logprobs=request.logprobs is not None,
        suffix=request.suffix,
    )
    return CompletionOptions(
        max_tokens=request.max_tokens,
        temperature=request.temperature or 0.0,
        top_p=request.top_p,
        seed=request.seed,
        stop=_stops(request.stop),
    )


def texts_of(value: str | list[Any], field: str) -> list[str]:
    """One text or several; lists of token numbers are refused, only their model could read them."""
    texts = [value] if isinstance(value, str) else value
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidInput(
            f"`{field}` must be a text or a list of texts.",
            hint="Lists of token numbers are not offered: send the text itself.",
        )
    return texts


def _message(message: ChatMessage) -> Message:
    role = _ROLES.get(message.role)
    if role is None:
        raise InvalidInput(
            f"A message has the role `{message.role[:50]}`.",
            hint="Use `system`, `user`, `assistant` or `tool`.",
        )
    return Message(
        role,
        # PostgreSQL knows no NUL character, and no writing needs one.
        _content(message.content).replace("\x00", ""),
        tool_calls=tuple(_call(one) for one in message.tool_calls or ()),
        tool_call_id=message.tool_call_id or "",
    )


def _call(call: Call) -> ToolCall:
    name = call.function.name
    try:
        arguments = msgspec.json.decode(call.function.arguments or "{}")
    except (msgspec.DecodeError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise InvalidInput(
            f"The arguments of a call of `{name[:80]}` are no JSON object.",
            hint="Send the calls of the model back as they came.",
        )
    return ToolCall(id=call.id, name=name, arguments=arguments, signature=_signature(call))


def _signature(call: Call) -> str:
    """What we sent with the call for its provider, which wants it back."""
    ours = call.extra_content.get("fourfold") if isinstance(call.extra_content, dict) else None
    found = ours.get("signature") if isinstance(ours, dict) else None
    return found if isinstance(found, str) else ""


def _tool(function: Function) -> Tool:
    return Tool(
        name=function.name,
        description=function.description or "",
        parameters=function.parameters or {"type": "object"},
    )


def _tool_choice(choice: str | NamedTool | None) -> str:
    if isinstance(choice, NamedTool):
        return choice.function.name
    if choice is not None and choice not in _TOOL_CHOICES:
        raise InvalidInput(
            f"`tool_choice` is `{choice[:80]}`.",
            hint="Use `auto`, `none`, `required`, or an object with the name of a function.",
        )
    return choice or "auto"


def _content(content: str | list[Part] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    for part in content:
        if part.type != "text":
            raise InvalidInput(
                f"A message has a part of the type `{part.type[:50]}`.", hint="Send text only."
            )
    return "\n".join(part.text for part in content)


def _schema(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return {"type": "object"}
    if wanted.json_schema is None:
        raise InvalidInput("`response_format` has the type `json_schema` but no `json_schema`.")
    return wanted.json_schema.schema


def _stops(stop: str | list[str] | None) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _refuse(**asked: Any) -> None:
    names = [f"`{name}`" for name, value in asked.items() if value]
    if names:
        raise InvalidInput(
            f"Not offered here: {', '.join(names)}.", hint="Leave it out, or ask for `n` = 1."
        )
