"""A JSON schema as Claude takes it: with the keywords that its grammars know, the rest in words.

Which these are: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, and the
official SDK (`anthropic` 2.12, `transform_schema`), which does the same.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from fourfold.core.errors import InvalidInput

_FORMATS: Final = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_REFERRING: Final = frozenset({"$ref", "$defs", "definitions"})
_NEEDLESS: Final = frozenset({"$schema", "$id", "$comment", "additionalProperties"})


def narrowed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What can be sent of a schema: it lets in more, but no fields that have no name.

    An answer has to be checked against the schema itself. Raises `InvalidInput` for an object of
    any fields, which could only come back empty.
    """
    kept: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _NEEDLESS or ("$ref" in schema and keyword not in _REFERRING):
            continue
        if _is_taken(keyword, value):
            kept["anyOf" if keyword == "oneOf" else keyword] = _inner(keyword, value)
        else:
            told[keyword] = value
    if "enum" in kept or "const" in kept:
        kept.pop("type", None)
    if _is_object(kept.get("type")):
        kept |= {"properties": _fields(schema, kept), "additionalProperties": False}
    if told:
        kept["description"] = _described(kept.get("description"), told)
    return kept


def _is_taken(keyword: str, value: Any) -> bool:
    judge = _TAKEN.get(keyword)
    return judge is not None and judge(value)


def _always(value: Any) -> bool:
    return True


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _are_scalars(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_is_scalar(one) for one in value)


def _inner(keyword: str, value: Any) -> Any:
    if keyword in ("properties", "$defs", "definitions"):
        return {name: _part(one) for name, one in value.items()}
    if keyword in ("anyOf", "oneOf", "allOf"):
        return [_part(one) for one in value]
    if keyword == "items":
        return _part(value)
    return list(value) if isinstance(value, tuple) else value


def _part(schema: Any) -> Any:
    return narrowed(schema) if isinstance(schema, Mapping) else schema


def _is_object(kind: Any) -> bool:
    return kind == "object" or (isinstance(kind, list | tuple) and "object" in kind)


def _fields(schema: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = kept.get("properties", {})
    if not fields and schema.get("additionalProperties") is not False and not schema.keys() & _WAYS:
        raise InvalidInput(
            "An object in the JSON schema names no fields, and Claude writes none but named ones.",
            hint="Name them under `properties`, or ask for a list of names with their values.",
        )
    return fields


def _described(description: Any, told: Mapping[str, Any]) -> str:
    words = ", ".join(
        f"{keyword}: {value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for keyword, value in told.items()
    )
    return f"{description}\n\n{{{words}}}" if description is not None else f"{{{words}}}"


_WAYS: Final = frozenset({"anyOf", "oneOf", "allOf"})
_TAKEN: Final[Mapping[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("type", "title", "description", "required", "properties", "items"), _always),
    **dict.fromkeys((*_REFERRING, *_WAYS), _always),
    "enum": _are_scalars,
    "const": _is_scalar,
    "format": _FORMATS.__contains__,
    "minItems": (0, 1).__contains__,
}
