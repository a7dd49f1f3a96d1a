"""Amazon Bedrock's Converse API: models of many makers behind one protocol, whole and as a stream.

Written from the service model of the official SDK (`botocore` 1.44) and compared with it in
`tests/models/test_bedrock.py`; not run against the live service.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

import msgspec

from fourfold.core.errors import InvalidInput
from fourfold.core.records import CompletionOptions, Message
from fourfold.core.tools import Tool
from fourfold.models.answer import Piece
from fourfold.models.bedrock_replies import read_event, read_reply
from fourfold.models.eventstream import EventStreamDecoder
from fourfold.models.http import Signer, host_header
from fourfold.models.key import key_of
from fourfold.models.narrow_schema import narrowed
from fourfold.models.remote import Line, RemoteModel, Setup
from fourfold.models.sigv4 import SigV4
from fourfold.models.tools import refuse_tools

_USUAL_CONTEXT_TOKENS: Final = 128_000
_FORM: Final = "answer"  # the tool that a model must call to give a value of a schema
# Nova and Claude up to 4.1 have no `outputConfig`, but take a tool by its name, as few others do.
_BY_TOOL: Final = re.compile(r"amazon\.nova|anthropic\.claude-(?:3|(?:sonnet|opus)-4-(?:1-|20))")
_REGION: Final = re.compile(r"\bbedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")


class Converse:
    """The protocol of `model/MODEL/converse`.

    The key is `ACCESS_KEY:SECRET_KEY` or `ACCESS_KEY:SECRET_KEY:SESSION_TOKEN`, with which each
    request is signed, or one of Bedrock's own API keys, which has no colon and is sent as it is.
    `region` is read from the address unless given. The protocol knows no seed, which is passed
    over, and no log probabilities. `extra` replaces `inferenceConfig` as a whole. Claude's newer
    models take neither temperature nor `topP`, so that no model of Claude is sent one. A JSON
    schema is `outputConfig`, or a tool that Nova and older models of Claude must call.
    """

    def __init__(self, setup: Setup, *, region: str = "") -> None:
        self._path = f"model/{quote(setup.model, safe='')}"
        self._is_claude = "anthropic." in setup.model
        self._by_tool = _BY_TOOL.search(setup.model) is not None
        self._extra = setup.extra
        self.line = Line(
            provider="bedrock",
            context_tokens=setup.context_tokens or _USUAL_CONTEXT_TOKENS,
            sign=_signer(setup, region),
            decoder=EventStreamDecoder,
            tells_logprobs=False,
        )

    def path(self, *, stream: bool) -> str:
        """Another one for a stream."""
        return f"{self._path}/{'converse-stream' if stream else 'converse'}"

    def body(
        self, messages: Sequence[Message], options: CompletionOptions, *, stream: bool
    ) -> dict[str, Any]:
        """The request."""
        talk = [one for one in messages if one.role != "system"]
        stops = [stop for stop in options.stop if stop.strip() or not self._is_claude]
        limits = {
            "maxTokens": options.max_tokens,
            "temperature": None if self._is_claude else options.temperature,
            "topP": None if self._is_claude else options.top_p,
            "stopSequences": stops or None,
        }
        wanted = {
            "messages": [  # the protocol wants the roles to alternate
                {"role": role, "content": [part for one in together for part in _content(one)]}
                for role, together in groupby(talk, key=_role)
            ],
            "system": [{"text": one.content} for one in messages if one.role == "system"] or None,
            "inferenceConfig": {key: one for key, one in limits.items() if one is not None} or None,
            "toolConfig": _tool_config(messages, options, by_tool=self._by_tool),
            "outputConfig": None if self._by_tool else _output_config(options.json_schema),
            **self._extra,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def cuts(self, options: CompletionOptions) -> Sequence[str]:
        """The stops of blanks alone, which Claude does not take."""
        if not self._is_claude or self._as_form(options):
            return ()
        return [stop for stop in options.stop if not stop.strip()]

    def read(self, reply: bytes, options: CompletionOptions) -> Piece:
        """A whole reply."""
        return read_reply(reply, as_form=self._as_form(options))

    def reader(self, options: CompletionOptions) -> Callable[[bytes], Piece]:
        """Each event stands for itself."""
        return partial(read_event, as_form=self._as_form(options))

    def _as_form(self, options: CompletionOptions) -> bool:
        return self._by_tool and options.json_schema is not None


BedrockModel: Final = partial(
    RemoteModel, speak=Converse, url="https://bedrock-runtime.us-east-1.amazonaws.com"
)


def _signer(setup: Setup, region: str) -> Signer | None:
    """None for a key that is sent as it is."""
    key = key_of(setup.api_key)
    if key is None or ":" not in key.get_secret_value():
        return None
    found = _REGION.search(setup.url)
    if not (region or found):
        raise InvalidInput(
            "The address of Amazon Bedrock does not tell the region.",
            hint="Write it like `https://bedrock-runtime.eu-central-1.amazonaws.com`.",
        )
    return SigV4(
        key=setup.api_key,
        host=host_header(setup.url),
        region=region or (found[1] if found else ""),
        service="bedrock",
        content_type="application/json",
        now=setup.now,
    )


def _role(message: Message) -> str:
    return "user" if message.role == "tool" else message.role


def _content(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        told = {"toolUseId": message.tool_call_id, "content": [{"text": message.content}]}
        return [{"toolResult": told}]
    said = [{"text": message.content}] if message.content or not message.tool_calls else []
    calls = [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": dict(call.arguments)}}
        for call in message.tool_calls
    ]
    return [*said, *calls]


def _output_config(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The schema as text, in the keywords that all of these models take."""
    if schema is None:
        return None
    form = {"name": _FORM, "schema": msgspec.json.encode(narrowed(schema)).decode()}
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": form}}}


def _tool_config(
    messages: Sequence[Message], options: CompletionOptions, *, by_tool: bool
) -> dict[str, Any] | None:
    if by_tool and options.json_schema is not None:
        why, hint = "a JSON schema takes their place", "Ask for one or the other."
        refuse_tools("Amazon Bedrock", options, why, hint)
        return _form(options.json_schema)
    if not options.tools:
        return None
    if options.tool_choice == "none":
        if any(one.tool_calls for one in messages):
            why = "the protocol has no `none` once a tool was called"
            refuse_tools("Amazon Bedrock", options, why, "Leave `tool_choice` at `auto`.")
        return None
    tools = [_tool(tool) for tool in options.tools]
    choice = options.tool_choice
    if choice == "auto":
        return {"tools": tools}
    chosen: dict[str, Any] = {"any": {}} if choice == "required" else {"tool": {"name": choice}}
    return {"tools": tools, "toolChoice": chosen}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    schema = {"json": dict(tool.parameters)}
    return {"toolSpec": {"name": tool.name, **described, "inputSchema": schema}}


def _form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """One tool that must be called: its input is the value, which thus is an object."""
    if schema.get("type") != "object":
        raise InvalidInput(
            "Amazon Bedrock gives JSON objects only.",
            hint='Say `"type": "object"` at the top of the schema, and put the value into a field.',
        )
    tool = _tool(Tool(name=_FORM, parameters=schema))
    return {"tools": [tool], "toolChoice": {"tool": {"name": _FORM}}}
