"""Google's Gemini API: `generateContent`, whole and as a stream.

Written from the types of the official SDK (`google-genai`) and compared with it in
`tests/models/test_google.py`; not run against the live service.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

from fourfold.core.records import CompletionOptions, Message
from fourfold.core.tools import Tool, ToolCall
from fourfold.models.answer import Piece
from fourfold.models.google_replies import ReplyReader
from fourfold.models.remote import Line, RemoteModel, Setup
from fourfold.models.tools import name_of_call

_USUAL_CONTEXT_TOKENS: Final = 1_000_000


class GeminiAPI:
    """The protocol of `models/MODEL:generateContent`.

    `extra` replaces fields of `generationConfig`. A model that signs its calls wants each signature
    back (`ToolCall.signature`).
    """

    def __init__(self, setup: Setup) -> None:
        self._path = f"models/{quote(setup.model, safe='')}"
        self._extra = setup.extra
        self.line = Line(
            provider="google",
            context_tokens=setup.context_tokens or _USUAL_CONTEXT_TOKENS,
            key_header="x-goog-api-key",
        )

    def path(self, *, stream: bool) -> str:
        """Another one for a stream."""
        return f"{self._path}:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}"

    def body(
        self, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
    ) -> dict[str, Any]:
        """The request."""
        config = {
            "temperature": options.temperature,
            "topP": options.top_p,
            "maxOutputTokens": options.max_tokens,
            "stopSequences": list(options.stop) or None,
            "seed": options.seed,
            "responseMimeType": "application/json" if options.json_schema is not None else None,
            "responseJsonSchema": options.json_schema,
            "responseLogprobs": True if options.top_logprobs is not None else None,
            "logprobs": options.top_logprobs,
            **self._extra,
        }
        rules = "\n\n".join(one.content for one in messages if one.role == "system")
        wanted = {
            "contents": list(_contents(messages)),
            "generationConfig": {key: one for key, one in config.items() if one is not None},
            "systemInstruction": _content("user", [{"text": rules}]) if rules else None,
            "tools": _tools(options.tools),
            "toolConfig": _tool_config(options),
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def cuts(self, options: CompletionOptions) -> Sequence[str]:
        """None: any stop is taken."""
        return ()

    def read(self, reply: bytes, options: CompletionOptions) -> Piece:
        """A whole reply, which has the form of an event."""
        return ReplyReader(is_whole=True)(reply)

    def reader(self, options: CompletionOptions) -> Callable[[bytes], Piece]:
        """What reads one stream: it counts the calls."""
        return ReplyReader(is_whole=False)


GoogleModel: Final = partial(
    RemoteModel, speak=GeminiAPI, url="https://generativelanguage.googleapis.com/v1beta"
)


def _contents(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    """The conversation; results that follow each other are one turn of the user's."""
    talk = [(place, one) for place, one in enumerate(messages) if one.role != "system"]
    for role, together in groupby(talk, key=lambda one: one[1].role):
        if role == "tool":
            yield _content("user", [_result(one, messages[:place]) for place, one in together])
            continue
        name = "model" if role == "assistant" else "user"
        yield from (_content(name, _parts(one)) for _, one in together)


def _content(role: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": role, "parts": parts}


def _parts(message: Message) -> list[dict[str, Any]]:
    said = [{"text": message.content}] if message.content or not message.tool_calls else []
    return [*said, *(_call(call) for call in message.tool_calls)]


def _call(call: ToolCall) -> dict[str, Any]:
    part = {"functionCall": {"id": call.id, "name": call.name, "args": dict(call.arguments)}}
    return {**part, "thoughtSignature": call.signature} if call.signature else part


def _result(message: Message, before: Sequence[Message]) -> dict[str, Any]:
    name = name_of_call(before, message.tool_call_id)
    answer = {"id": message.tool_call_id, "name": name, "response": {"output": message.content}}
    return {"functionResponse": answer}


def _tools(tools: Sequence[Tool]) -> list[dict[str, Any]] | None:
    declared = [
        {
            "name": tool.name,
            **({"description": tool.description} if tool.description else {}),
            "parametersJsonSchema": dict(tool.parameters),
        }
        for tool in tools
    ]
    return [{"functionDeclarations": declared}] if declared else None


def _tool_config(options: CompletionOptions) -> dict[str, Any] | None:
    choice = options.tool_choice
    if not options.tools or choice == "auto":
        return None
    chosen: dict[str, Any] = {"mode": "NONE" if choice == "none" else "ANY"}
    if choice not in ("none", "required"):
        chosen["allowedFunctionNames"] = [choice]
    return {"functionCallingConfig": chosen}
