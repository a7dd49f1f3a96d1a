"""A Jamba model of AI21's at `url`, that of its public API when left out.

Its documentation: https://docs.ai21.com/reference/jamba-1-6-api-ref. It knows neither seed nor log
probabilities, takes tools but no choice among them, and of JSON only that the answer is some: the
schema is told it in words, and the answer is checked.
"""

import json
from functools import partial
from typing import Any, Final

from fourfold.models.dialect import Body, Dialect, without
from fourfold.models.openai import speaking
from fourfold.models.remote import RemoteModel


def _adapted(body: Body) -> dict[str, Any]:
    adapted = without(body, "seed", "stream_options")
    if "response_format" not in body:
        return adapted
    schema = body["response_format"]["json_schema"]["schema"]
    return {
        **adapted,
        "messages": _told(body["messages"], schema),
        "response_format": {"type": "json_object"},
    }


def _told(messages: list[dict[str, Any]], schema: object) -> list[dict[str, Any]]:
    """The conversation with the schema at the end of its one system message, which comes first."""
    rules = [one["content"] for one in messages if one["role"] == "system"]
    rule = f"Answer with a JSON value of this schema: {json.dumps(schema, ensure_ascii=False)}"
    head = {"role": "system", "content": "\n\n".join([*rules, rule])}
    return [head, *(one for one in messages if one["role"] != "system")]


AI21Model: Final = partial(
    RemoteModel,
    speak=speaking(
        Dialect(
            provider="ai21",
            context_tokens=256_000,
            tells_logprobs=False,
            keeps_tool_choice=False,
            adapt=_adapted,
        )
    ),
    url="https://api.ai21.com/studio/v1",
)
