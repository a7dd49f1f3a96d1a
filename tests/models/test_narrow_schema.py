"""Claude is told of a JSON schema what its API takes, as the official SDK would tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

import anthropic
import pytest

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.judge import _SCHEMA as JUDGED
from fourfold.models.narrow_schema import narrowed

EXTRACTED: Final[dict[str, Any]] = json.loads(
    (files("fourfold.project") / "tasks/extract/schema.json").read_text("utf-8")
)
TAKEN: Final = (
    {"type", "title", "description", "enum", "const", "anyOf", "allOf", "format", "$ref", "$defs"}
    | {"properties", "required", "additionalProperties"}
    | {"items", "minItems"}
)
TREE: Final[dict[str, Any]] = {
    "$ref": "#/$defs/part",
    "$defs": {
        "part": {
            "type": "object",
            "properties": {
                "pages": {"type": "integer", "minimum": 1, "maximum": 9},
                "kinds": {"type": "array", "items": {"const": "a"}, "minItems": 1},
                "two": {"type": "array", "items": {"type": "number"}, "minItems": 2},
                "day": {"type": "string", "format": "date"},
                "place": {"type": "string", "format": "iri", "description": "Wo"},
                "either": {"oneOf": [{"type": "string", "pattern": "a+"}, {"type": "null"}]},
            },
            "required": ["pages"],
        }
    },
}


@pytest.mark.parametrize("schema", [JUDGED, TREE], ids=["judge", "tree"])
def test_a_schema_is_narrowed_as_by_the_official_sdk(schema: Any) -> None:
    assert narrowed(schema) == anthropic.transform_schema(json.loads(json.dumps(schema)))


def test_the_schema_of_extraction_is_narrowed_as_by_the_official_sdk() -> None:
    one_type = _of_one_type(EXTRACTED)  # of the SDK's two kinds of types it narrows this alone
    assert narrowed(one_type) == anthropic.transform_schema({**one_type})


@pytest.mark.parametrize("schema", [JUDGED, TREE, EXTRACTED], ids=["judge", "tree", "extract"])
def test_no_part_says_what_would_be_refused(schema: Any) -> None:
    for part in _parts(narrowed(schema)):
        assert part.keys() <= TAKEN
        assert part.get("type") != "object" or part["additionalProperties"] is False


def test_what_is_not_taken_is_told_in_words_and_types_stay() -> None:
    person = narrowed(EXTRACTED)["properties"]["person"]
    assert person["type"] == ["string", "null"]
    assert person["description"].endswith("without title or form of address.\n\n{maxLength: 120}")


@pytest.mark.parametrize(
    "free", [{"type": "object"}, {"type": "object", "additionalProperties": {"type": "number"}}]
)
def test_an_object_of_any_fields_is_refused(free: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="names no fields"):
        narrowed({"type": "object", "properties": {"totals": free}})


def test_an_object_without_fields_may_be_asked_for() -> None:
    empty = {"type": "object", "properties": {}, "additionalProperties": False}
    assert narrowed(empty) == empty


def _of_one_type(schema: Any) -> Any:
    """Without what names the draft, and of several types the first."""
    if isinstance(schema, list):
        return [_of_one_type(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _of_one_type(one) for key, one in schema.items() if key != "$schema"}
    return {**kept, "type": kept["type"][0]} if isinstance(kept.get("type"), list) else kept


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    named = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    for one in [*named, *schema.get("anyOf", ()), *filter(None, [schema.get("items")])]:
        yield from _parts(one)
