"""Schemas come from strangers: checking them fetches nothing, ends soon, and keeps its promise."""

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.errors import FourfoldError, InvalidInput, ModelError
from fourfold.models.schema import check_schema, check_text

SECONDS = 3.0  # of this process; each of the schemas below took much longer or never ended


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def doubling(levels: int) -> dict[str, Any]:
    """Each definition asks twice for the next one."""
    chain = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]}
        for n in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**chain, f"d{levels}": {}}}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        pytest.fail("a schema made us connect somewhere")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id"])
@pytest.mark.parametrize("scheme", ["http://127.0.0.1:1/a.json", "file://{}", "a.json"])
def test_a_schema_fetches_nothing(tmp_path: Path, keyword: str, scheme: str) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{")
    schema = {"properties": {"a": {"allOf": [{keyword: scheme.format(secret)}]}}}
    with pytest.raises(InvalidInput):
        check_schema(schema)
    with suppress(FourfoldError):
        check_text('{"a": "text"}', schema, "stop")  # what is there decides nothing


@pytest.mark.usefixtures("no_network")
def test_a_file_that_a_schema_names_decides_nothing_even_unchecked(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    with pytest.raises(InvalidInput, match="leads"):
        check_text("1", {"$ref": secret.as_uri()}, "stop")


@pytest.mark.parametrize("schema", [{"$ref": "#/$defs/none"}, {"$ref": "#none"}])
def test_a_reference_to_nowhere_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="leads"):
        check_schema(schema)


def test_references_within_the_schema_are_followed() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/tree"}}}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.org/tree",
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {**tree, "additionalProperties": False}},
    }
    check_schema(schema)
    check_text('{"next": {"next": {}}}', schema, "stop")
    with pytest.raises(ModelError, match=r"\$\.next\.next"):
        check_text('{"next": {"next": 1}}', schema, "stop")


def test_properties_may_be_called_like_keywords() -> None:
    names = ["$ref", "$id", "pattern", "patternProperties", "unevaluatedItems", "$dynamicRef"]
    schema = {"properties": {name: {"type": "string"} for name in names}}
    check_schema(schema)
    check_text('{"$ref": "http://a", "pattern": "("}', schema, "stop")
    with pytest.raises(ModelError, match="does not fit"):
        check_text('{"pattern": 1}', schema, "stop")


@pytest.mark.parametrize("draft", ["http://json-schema.org/draft-07/schema#", "draft-07"])
def test_a_draft_is_taken_by_its_own_rules_and_an_unknown_one_refused(draft: str) -> None:
    schema = {"$schema": draft, "type": "array", "items": [{"type": "integer"}]}
    if draft == "draft-07":
        with pytest.raises(InvalidInput, match="draft"):
            check_schema(schema)
        return
    check_schema(schema)
    check_text('[1, "a"]', schema, "stop")


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\d{4}-\d{2}-\d{2}$", "2026-11-22", "22.11.2026"),
        ("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "0" * 8 + "-0000" * 3 + "-" + "0" * 12, ""),
        ("^(Straße|Allee)", "Straße 5", "Platz 5"),
        ("^[^)(]{2}$", "ab", "abc"),
    ],
)
def test_a_pattern_is_held(pattern: str, good: str, bad: str) -> None:
    schema = {"type": "string", "pattern": pattern}
    check_schema(schema)
    check_text(f'"{good}"', schema, "stop")
    with pytest.raises(ModelError, match="does not fit"):
        check_text(f'"{bad}"', schema, "stop")


def test_a_pattern_that_would_backtrack_for_years_is_checked_at_once() -> None:
    schema = {"type": "string", "pattern": "^(a+)+$"}
    started = time.process_time()
    check_schema(schema)
    check_text(f'"{"a" * 5000}"', schema, "stop")
    with pytest.raises(ModelError, match="does not fit"):
        check_text(f'"{"a" * 5000}!"', schema, "stop")
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        r"(a)\1",
        "a(?=b)",
        "(?:a{0,450}){0,450}",
        "((a{99}){99}){99}",
        "(?:a{30})*{30}{30}",
        "(?x)a # [\n(?:a{0,400}){0,400} # ]",
        "a" * 5000,
        "(" * 400 + ")" * 400,
    ],
)
def test_a_pattern_that_cannot_be_checked_in_linear_time_is_refused(pattern: str) -> None:
    started = time.process_time()
    with pytest.raises(InvalidInput, match="pattern"):
        check_schema({"properties": {"a": {"pattern": pattern}}})
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "schema",
    [
        {"patternProperties": {"^(a+)+$": {}}},
        {"unevaluatedProperties": False},
        {"items": {"unevaluatedItems": False}},
        {"$dynamicRef": "#a", "$defs": {"a": {"$dynamicAnchor": "a"}}},
    ],
)
def test_keywords_that_cannot_be_bounded_are_refused_by_name(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"patternProperties|unevaluated|dynamicRef"):
        check_schema(schema)


def test_a_property_that_is_made_a_schema_by_reference_smuggles_nothing_in() -> None:
    hidden: dict[str, Any] = {"patternProperties": {"^(a+)+$": {}}}
    schema = {"properties": hidden, "allOf": [{"$ref": "#/properties"}]}
    started = time.process_time()
    with pytest.raises(InvalidInput, match="patternProperties"):
        check_text(f'{{"{"a" * 40}!": 1}}', schema, "stop")
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("levels", [40, 400, 100_000])
def test_a_schema_that_is_too_deep_is_refused(levels: int) -> None:
    with pytest.raises(InvalidInput, match="deep"):
        check_schema(deep(levels))


def test_a_schema_of_usual_depth_is_taken() -> None:
    check_schema(deep(12))
    check_text("[" * 12 + '"a"' + "]" * 12, deep(12), "stop")


def test_a_schema_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidInput, match="large"):
        check_schema({"enum": ["x" * 100] * 1000})


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (doubling(60), "1"),
        ({"$ref": "#"}, "1"),
        ({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, "1"),
        ({"items": {"enum": list(range(9000))}}, str([9001] * 5000)),
        ({"uniqueItems": True}, str([{"a": n} for n in range(6000)]).replace("'", '"')),
        ({"anyOf": [{"type": "null"}] * 1900}, f'["{"x" * 100_000}"]'),
        ({"pattern": "^(a?){900}$"}, f'"{"a" * 200_000}"'),
        ({"items": {"$ref": "#"}}, "[" * 500 + "]" * 500),
        ({}, "[" * 100_000),
        ({"multipleOf": 0.5}, "1" + "0" * 400),
    ],
)
def test_an_answer_that_takes_too_long_to_check_is_an_error(
    schema: dict[str, Any], text: str
) -> None:
    started = time.process_time()
    check_schema(schema)
    with pytest.raises(ModelError):
        check_text(text, schema, "stop")
    assert time.process_time() - started < SECONDS


def test_data_that_is_made_a_schema_by_reference_is_checked_as_one() -> None:
    with pytest.raises(InvalidInput, match="not valid"):
        check_schema({"const": {"type": 7}, "allOf": [{"$ref": "#/const"}]})
    other_draft = {"$schema": "http://json-schema.org/draft-07/schema#"}
    with pytest.raises(InvalidInput, match="within"):
        check_schema({"const": other_draft, "allOf": [{"$ref": "#/const"}]})


def test_a_long_answer_of_many_kinds_is_checked() -> None:
    kinds = [
        {"type": "object", "properties": {"kind": {"const": f"k{n}"}}, "required": ["kind"]}
        for n in range(10)
    ]
    schema = {"type": "array", "items": {"anyOf": kinds}, "uniqueItems": False}
    check_schema(schema)
    check_text(str([{"kind": f"k{n % 10}"} for n in range(1000)]).replace("'", '"'), schema, "stop")
