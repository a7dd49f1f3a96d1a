"""Whether the references of a dataset are outputs that the schema allows.

A wrong reference would be counted against every model, and nobody would see why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from fourfold.datasets.files import strict_json
from fourfold.datasets.records import NOBODY_ANSWERED

if TYPE_CHECKING:
    from fourfold.datasets import Record

_NEEDS: Final = frozenset({"required", "minProperties", "dependentRequired"})
_HOLDS_NAMES: Final = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
_HOLDS_VALUES: Final = frozenset({"const", "enum", "default", "examples"})
_MORE_FIELDS: Final = frozenset({"additionalProperties", "allOf", "anyOf", "oneOf", "$ref", "if"})
_SHOWN = 60  # characters of a reference


def check_references(
    records: Sequence[Record], schema: Mapping[str, Any], *, file: Path, called: str
) -> None:
    """Raise `InvalidInput` that names the references which no output of this schema can equal.

    Of labels a reference is one of them; of a form it is JSON, in which fields may be missing or
    null. `NONE` is always right: so a refusal is scored. The schema, checked before, is `called` so
    in the mistakes.
    """
    from fourfold.datasets import dataset_error

    why = {one: _mistake(one, schema) for record in records for one in record.references}
    wrong = [
        f"record {record.id}: the reference {why[one]} ({called})"
        for record in records
        for one in record.references
        if why[one]
    ]
    if wrong:
        raise dataset_error(file, wrong, hint=f"Correct the references, or change {called}.")


def _mistake(reference: str, schema: Mapping[str, Any]) -> str:
    """What is wrong, empty when nothing is."""
    from fourfold.assistant.generators.model import label_property

    if reference.strip() == NOBODY_ANSWERED:
        return ""
    if name := label_property(schema):
        return _no_label(reference, [str(one) for one in schema["properties"][name]["enum"]])
    try:
        value = strict_json(reference)
    except ValueError:
        return f"{_short(reference)} is not JSON"
    return _unfit(value, schema)


def _no_label(reference: str, labels: Sequence[str]) -> str:
    """Compared as the metrics of labels compare."""
    if _label(reference) in map(_label, labels):
        return ""
    return f"{_short(reference)} is none of {', '.join(labels)}"


def _label(text: str) -> str:
    return normalize("NFC", text).strip()


def _unfit(value: Any, schema: Mapping[str, Any]) -> str:
    from fourfold.core.errors import InvalidOutput, ModelError
    from fourfold.models.schema import check_value

    if unknown := next(_unknown_fields(value, schema), None):
        return f"has the field `{unknown}`, which is not known"
    try:
        check_value(_without_null(value), _without_needs(schema), what="it")
    except InvalidOutput as error:
        if _fits(value, schema):  # where null or the needed fields decide between alternatives
            return ""
        place = error.message.removeprefix("it does not fit the JSON schema at ").removesuffix(".")
        return f"does not fit at {place}"
    except ModelError:
        return "is too long or too deep to be checked"
    return ""


def _unknown_fields(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """Those of a plain form that does not say whether it takes others: no model is told of them."""
    if isinstance(value, dict) and "properties" in schema and not _allows_more(schema):
        yield from (name for name in value if name not in schema["properties"])


def _allows_more(schema: Mapping[str, Any]) -> bool:
    return any(schema.get(key, False) is not False for key in _MORE_FIELDS)


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    from fourfold.core.errors import ModelError
    from fourfold.models.schema import check_value

    try:
        check_value(value, schema)
    except ModelError:
        return False
    return True


def _without_null(value: Any) -> Any:
    """A field that is null says as little as one that is missing."""
    if isinstance(value, dict):
        return {key: _without_null(one) for key, one in value.items() if one is not None}
    return [_without_null(one) for one in value] if isinstance(value, list) else value


def _without_needs(schema: Any, *, is_names: bool = False) -> Any:
    """The schema that also takes a form with fields left out."""
    if isinstance(schema, list):
        return [_without_needs(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: one
        if key in _HOLDS_VALUES and not is_names
        else _without_needs(one, is_names=key in _HOLDS_NAMES and not is_names)
        for key, one in schema.items()
        if is_names or key not in _NEEDS
    }


def _short(reference: str) -> str:
    text = " ".join(reference.split())
    return f"`{text[:_SHOWN]}…`" if len(text) > _SHOWN else f"`{text}`"
