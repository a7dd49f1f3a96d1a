"""JSON schemas of completions: checked before the model is asked, and again on what it wrote.

Schemas come from strangers. Nothing that they refer to is fetched, and checking them, or an
answer against them, takes bounded time.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, Final

import msgspec
from jsonschema import (
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    SchemaError,
    ValidationError,
)
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from fourfold.core.errors import InvalidInput, InvalidOutput, ModelError
from fourfold.core.records import FinishReason
from fourfold.models.patterns import MOST_POSITIONS, Pattern

MOST_LEVELS: Final = 32
MOST_BYTES: Final = 50_000
MOST_PARTS: Final = 2_000  # objects and lists; checking one takes a quarter of a millisecond
MOST_STEPS: Final = 100_000  # of checking an answer; one takes some ten microseconds
_DRAFTS: Final = {
    str(draft.META_SCHEMA["$schema"]).rstrip("#"): draft
    for draft in (Draft6Validator, Draft7Validator, Draft201909Validator, Draft202012Validator)
}
_UNBOUNDED: Final = frozenset(
    {
        "patternProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
        "$dynamicRef",
        "$recursiveRef",
    }
)
_HOLDS_NAMES: Final = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
_HINT: Final = "Correct the schema: https://json-schema.org/understanding-json-schema"

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` unless this is a JSON schema; model servers ignore a wrong one.

    Refused too is what could not be checked within bounds: large or deep schemas, references
    out of the schema, `patternProperties`, `unevaluated…`, patterns that look around.
    """
    parts = list(_parts(schema))  # bounds its depth: nothing before this may recurse
    if len(parts) > MOST_PARTS or len(msgspec.json.encode(schema)) > MOST_BYTES:
        raise _too_much("large", f"{MOST_PARTS:,} parts or {MOST_BYTES:,} bytes")
    draft = _draft(schema)
    _check_against(draft, schema)
    _check_patterns(parts)
    _check_references(draft, schema, parts)


def check_text(text: str, schema: Mapping[str, Any], finish_reason: FinishReason) -> None:
    """Raise `InvalidOutput` unless the text is a JSON value of this schema, which was checked."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _not_json(finish_reason) from error
    except RecursionError as error:
        raise _not_checked() from error
    check_value(value, schema)


def check_value(value: Any, schema: Mapping[str, Any], *, what: str = "The model's answer") -> None:
    """Raise `InvalidOutput` unless the value is one of this schema, which was checked."""
    try:
        found = best_match(_bounded(schema).iter_errors(value))
    except Unresolvable as error:
        raise _leads_out(str(error.ref)) from error
    except (RecursionError, OverflowError) as error:
        raise _not_checked() from error
    if found is not None:
        raise InvalidOutput(
            f"{what} does not fit the JSON schema at `{found.json_path}`.",
            hint="Simplify the schema, or use a larger model.",
        )


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in it that could be taken for a schema, and `{}` for every list."""
    level: list[tuple[Any, bool]] = [(schema, False)]
    for _ in range(MOST_LEVELS):
        inner: list[tuple[Any, bool]] = []
        for value, is_names in level:
            if isinstance(value, Mapping):
                _refuse_keywords(value, is_root=value is schema, is_names=is_names)
                inner += [(one, key in _HOLDS_NAMES and not is_names) for key, one in value.items()]
                yield dict(value)
            elif isinstance(value, list | tuple):
                inner += [(one, False) for one in value]
                yield {}
        level = inner
        if not any(isinstance(value, Mapping | list | tuple) for value, _ in level):
            return
    raise _too_much("deep", f"{MOST_LEVELS} levels")


def _refuse_keywords(schema: Mapping[str, Any], *, is_root: bool, is_names: bool) -> None:
    if not is_names:
        _refuse_unbounded(schema)
    reference = schema.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        raise _leads_out(reference)
    for keyword in ("$id", "$schema"):
        if not is_root and isinstance(schema.get(keyword), str):
            raise InvalidInput(
                f"The JSON schema has an `{keyword}` within it.",
                hint=f"Keep `{keyword}` to its outermost level, or leave it out.",
            )


def _refuse_unbounded(schema: Mapping[str, Any]) -> None:
    if found := _UNBOUNDED & schema.keys():
        raise InvalidInput(
            f"`{min(found)}` cannot be used in the JSON schema of an answer.",
            hint="Name the properties and items instead, and refer to them with `$ref`.",
        )


def _draft(schema: Mapping[str, Any]) -> Any:
    name = schema.get("$schema", Draft202012Validator.META_SCHEMA["$schema"])
    draft = _DRAFTS.get(name.rstrip("#")) if isinstance(name, str) else None
    if draft is None:
        raise InvalidInput(
            "The JSON schema is of a draft that is not known here.",
            hint=f"Leave `$schema` out, or write one of: {', '.join(_DRAFTS)}",
        )
    return draft


def _check_against(draft: Any, schema: Any) -> None:
    try:
        draft.check_schema(schema, format_checker=None)
    except SchemaError as error:
        raise InvalidInput(
            f"The JSON schema is not valid at `{error.json_path}`: {error.message[:300]}.",
            hint=_HINT,
        ) from error


def _check_patterns(parts: list[dict[str, Any]]) -> None:
    patterns = {found for part in parts if isinstance(found := part.get("pattern"), str)}
    if sum(Pattern(pattern).positions for pattern in sorted(patterns)) > 2 * MOST_POSITIONS:
        raise _too_much("large", f"{2 * MOST_POSITIONS:,} positions of a `pattern`")


def _check_references(draft: Any, schema: Mapping[str, Any], parts: list[dict[str, Any]]) -> None:
    """What is referred to is a schema, wherever it stands: nobody looked into a `const`."""
    references = {found for part in parts if isinstance(found := part.get("$ref"), str)}
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(_anonymous(schema)))
    targets: dict[int, Any] = {}
    for reference in sorted(references):
        try:
            target = resolver.lookup(reference).contents
        except Unresolvable as error:
            raise _leads_out(reference) from error
        if reference.rpartition("/")[0] not in {"", "#/$defs", "#/definitions"}:
            targets[id(target)] = target
    if sum(len(list(_parts(target))) for target in targets.values()) > MOST_PARTS:
        raise _too_much("large", f"{MOST_PARTS:,} parts, those counted twice that are referred to")
    for target in targets.values():
        _check_against(draft, target)


def _bounded(schema: Mapping[str, Any]) -> Validator:
    """A validator that fetches nothing and stops after so many steps."""
    draft = _draft(schema)
    budget = _Budget()
    keywords: dict[str, Keyword] = {
        **draft.VALIDATORS,
        "pattern": partial(_pattern, budget, cache(Pattern)),
    }
    counted = {name: partial(_counted, budget, keyword) for name, keyword in keywords.items()}
    kind = extend(draft, counted)  # type: ignore[no-untyped-call]
    validator: Validator = kind(_anonymous(schema), registry=Registry())
    return validator


class _Budget:
    """The steps that are left of checking one answer."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Raises `ModelError` when there are not that many left."""
        self._left -= steps
        if self._left < 0:
            raise _not_checked()


def _counted(
    budget: _Budget, keyword: Keyword, validator: Any, value: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    _refuse_unbounded(schema)
    budget.spend(1 + _length(value) + _length(instance))
    if value is True and keyword is Draft202012Validator.VALIDATORS["uniqueItems"]:
        budget.spend(_length(instance) ** 2 // 50)  # each with each, unless they can be sorted
    for error in keyword(validator, value, instance, schema) or ():
        budget.spend(len(error.message) // 100)
        yield error


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else 0


def _pattern(
    budget: _Budget,
    compiled: Callable[[str], Pattern],
    validator: Any,
    value: str,
    text: Any,
    _schema: Any,
) -> Iterator[ValidationError]:
    if not validator.is_type(text, "string"):
        return
    pattern = compiled(value)
    budget.spend(len(text) * pattern.positions // 100)
    if not pattern.is_in(text):
        yield ValidationError(f"It does not match `{value}`.")


def _anonymous(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without a name, so that references start at its own top."""
    return {key: value for key, value in schema.items() if key not in {"$id", "$schema"}}


def _too_much(what: str, limit: str) -> InvalidInput:
    return InvalidInput(
        f"The JSON schema is too {what}: it has more than {limit}.", hint="Simplify the schema."
    )


def _leads_out(reference: str) -> InvalidInput:
    return InvalidInput(
        f"The reference `{reference[:80]}` of the JSON schema leads out of it, or nowhere.",
        hint="Put what it names into `$defs`, and refer to it as `#/$defs/NAME`.",
    )


def _not_checked() -> ModelError:
    return ModelError(
        "The model's answer is too long or too deep to be checked against the JSON schema.",
        hint="Simplify the schema, or limit the length of strings and lists in it.",
    )


def _not_json(finish_reason: FinishReason) -> InvalidOutput:
    if finish_reason == "length":
        return InvalidOutput(
            "The model's JSON was cut off before its end.",
            hint="Allow more `max_tokens`, or limit the length of strings and lists in the schema.",
        )
    return InvalidOutput(
        "The model's answer is not JSON, although a JSON schema was given.",
        hint="Use a model or a server that supports `response_format`.",
    )
