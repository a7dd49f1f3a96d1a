"""A model of Mistral's at `url`, that of its public API when left out.

Its documentation: https://docs.mistral.ai/api. It refuses every field that it does not know, and
every id of a call that is not nine letters and digits.
"""

import re
from functools import partial
from hashlib import sha256
from typing import Any, Final

from fourfold.models.dialect import Body, Dialect, without
from fourfold.models.openai import speaking
from fourfold.models.remote import RemoteModel

_ID: Final = re.compile(r"[A-Za-z0-9]{9}")


def _adapted(body: Body) -> dict[str, Any]:
    """Other words for the seed and a call that must be; usage comes with every stream, unasked."""
    adapted = without(body, "seed", "stream_options")
    adapted["messages"] = [_message(one) for one in body["messages"]]
    if "seed" in body:
        adapted["random_seed"] = body["seed"]
    if body.get("tool_choice") == "required":
        adapted["tool_choice"] = "any"
    return adapted


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """The turn with ids as Mistral takes them, in case another model asked for the calls."""
    if "tool_calls" in message:
        calls = [{**one, "id": _nine(one["id"])} for one in message["tool_calls"]]
        return {**message, "tool_calls": calls}
    if "tool_call_id" in message:
        return {**message, "tool_call_id": _nine(message["tool_call_id"])}
    return message


def _nine(tool_call_id: str) -> str:
    return (
        tool_call_id
        if _ID.fullmatch(tool_call_id)
        else sha256(tool_call_id.encode()).hexdigest()[:9]
    )


MistralModel: Final = partial(
    RemoteModel,
    speak=speaking(
        Dialect(provider="mistral", context_tokens=32_000, tells_logprobs=False, adapt=_adapted)
    ),
    url="https://api.mistral.ai/v1",
)
