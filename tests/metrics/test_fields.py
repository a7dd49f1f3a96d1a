"""Extracted JSON: what counts as the same value, and as JSON."""

import json

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.metrics.scoring import metric_named, score

WANTED = '{"name": "Köln", "items": [{"id": 1, "price": 2.5}, {"id": 2}], "note": null}'


def f1(text: str, *wanted: str) -> float:
    return score(metric_named("field_f1"), [text], [list(wanted)]).interval.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WANTED, 1.0),
        (
            '{"note": "", "items": [{"id": 2.0}, {"id": 1, "price": 2.50}], "name": "Ko\u0308ln "}',
            1.0,
        ),
        (f"```json\n{WANTED}\n```", 1.0),
        ('{"name": "Koeln", "items": [{"id": 1, "price": 2.5}, {"id": 2}]}', 3 / 4),
        ('{"name": "Köln"}', 2 / 5),
        ('{"name": "Köln", "items": [{"id": 1}, {"id": 1}]}', 4 / 7),
        ('{"name": "Köln", "items": {"id": 1}}', 2 / 6),
        ('{"name": "Köln", ', 0.0),
        ("", 0.0),
        ('{"name": NaN}', 0.0),
        ("[" * 100_000, 0.0),
    ],
)
def test_fields_are_values_at_their_paths(text: str, expected: float) -> None:
    assert f1(text, WANTED) == pytest.approx(expected)


def test_nothing_said_where_nothing_is_wanted_is_right() -> None:
    for name in ("field_f1", "field_precision", "field_recall"):
        assert score(metric_named(name), ["{}"], [['{"a": null}']]).interval.value == 1.0


def test_a_true_is_no_one_and_a_number_is_no_text() -> None:
    assert f1('{"a": true}', '{"a": 1}') == 0.0
    assert f1('{"a": "1"}', '{"a": 1}') == 0.0


def test_all_texts_are_counted_together() -> None:
    texts = ['{"a": 1, "b": 2, "c": 3}', "{}"]
    wanted = [['{"a": 1, "b": 0}'], ['{"a": 1}']]
    for name, expected in (
        ("field_precision", 1 / 3),
        ("field_recall", 1 / 3),
        ("field_f1", 2 / 6),
    ):
        assert score(metric_named(name), texts, wanted).interval.value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ('{"n": 3}', True),
        ('{"n": "3"}', False),
        ("{}", False),
        ('```json\n{"n": 3}\n```', False),
        ("{'n': 3}", False),
        ("", False),
    ],
)
def test_json_fits_its_schema(text: str, is_valid: bool) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "required": ["n"],
        "properties": {"n": {"type": "integer"}},
    }
    found = score(metric_named("json_valid"), [text], [[json.dumps(schema)]])
    assert found.interval.value == float(is_valid)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "strng"},
        {"type": 7},
        {"$ref": "https://example.org/other.json"},
        {"properties": {"n": {"$ref": "#/$defs/none"}}},
    ],
)
def test_a_reference_that_is_a_wrong_schema_is_named(wrong: dict[str, object]) -> None:
    right = json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema"})
    schema = json.dumps({**json.loads(right), **wrong})
    with pytest.raises(InvalidInput, match="reference of text 2 is no JSON schema"):
        score(metric_named("json_valid"), ["{}", '{"n": 3}'], [[right], [schema]])
