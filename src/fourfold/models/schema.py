"""JSON schemas of completions: checked before the model is asked, and again on what it wrote."""

from collections.abc import Mapping
from typing import Any

import msgspec
from jsonschema import SchemaError
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for

from fourfold.core.errors import InvalidInput, ModelError
from fourfold.core.records import FinishReason


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` unless this is a JSON schema; model servers ignore a wrong one."""
    try:
        validator_for(schema).check_schema(dict(schema))
    except SchemaError as error:
        raise InvalidInput(
            f"The JSON schema is not valid at `{error.json_path}`: {error.message}.",
            hint="Correct the schema: https://json-schema.org/understanding-json-schema",
        ) from error


def check_text(text: str, schema: Mapping[str, Any], finish_reason: FinishReason) -> None:
    """Raise `ModelError` unless the text is a JSON value of this schema."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _not_json(finish_reason) from error
    found = best_match(validator_for(schema)(schema).iter_errors(value))
    if found is not None:
        raise ModelError(
            f"The model's answer does not fit the JSON schema at `{found.json_path}`.",
            hint="Simplify the schema, or use a larger model.",
        )


def _not_json(finish_reason: FinishReason) -> ModelError:
    if finish_reason == "length":
        return ModelError(
            "The model's JSON was cut off before its end.",
            hint="Allow more `max_tokens`, or limit the length of strings and lists in the schema.",
        )
    return ModelError(
        "The model's answer is not JSON, although a JSON schema was given.",
        hint="Use a model or a server that supports `response_format`.",
    )
