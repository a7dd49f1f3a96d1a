"""Tools that a model may ask us to call, and the calls that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that a model may ask for: what it does, and the JSON schema of its arguments.

    The schema is of an object: `{"type": "object", "properties": …}`.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"}, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that a model asks for. Its arguments were checked against the tool's schema.

    `id` ties the result to it: `Message("tool", result, tool_call_id=call.id)`. `signature` is
    what some providers want to have back with the call, word for word; nobody else reads it.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    signature: str = ""
