"""Says in words what is wrong with values that do not fit a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union, get_args, get_origin

from fourfold.core.errors import suggestion

if TYPE_CHECKING:
    from pydantic import BaseModel

Location: TypeAlias = tuple[str | int, ...]

_WORDS: Final = {
    "list_type": "must be a list: lines that begin with `-`, or `[a, b]`",
    "dict_type": "must hold keys with values, `key: value`",
    "model_type": "must hold keys with values, `key: value`",
    "model_attributes_type": "must hold keys with values, `key: value`",
    "string_type": "must be text; put it in quotes",
    "string_pattern_mismatch": "may have small letters, digits, `.`, `_` and `-`, begins with one "
    "of the first two, and has at most 64 of them",
    "string_too_short": "is too short",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be `true` or `false`",
    "bool_parsing": "must be `true` or `false`",
    "date_type": "must be a day, `2026-11-22`",
    "date_parsing": "must be a day, `2026-11-22`",
    "date_from_datetime_parsing": "must be a day, `2026-11-22`",
    "date_from_datetime_inexact": "must be a day without a time, `2026-11-22`",
}


def complaints(
    problems: Sequence[Any], form: type[BaseModel], at: Location = ()
) -> Iterator[tuple[Location, str]]:
    """Each of pydantic's problems as its place in the form and a sentence.

    `at` is where the form stands in its file; the sentence names the whole way.
    """
    for inside, problem in _once(problems, form):
        name = ".".join(map(str, (*at, *inside))) or "the file"
        if problem["type"] == "extra_forbidden":
            advice = suggestion(str(inside[-1]), _keys(form, inside[:-1]))
            yield inside, f"unknown key `{inside[-1]}`. {advice}"
        elif problem["type"] == "missing":
            yield inside, f"`{name}` is missing."
        else:
            text = f"`{name}` {_complaint(problem)}"
            yield inside, text if text.endswith("?") else f"{text}."


def _once(problems: Sequence[Any], form: type[BaseModel]) -> Iterator[tuple[Location, Any]]:
    """One problem a place: a value that fits no part of a choice is reported for each part."""
    found: dict[Location, Any] = {}
    for one in problems:
        place = _without_marks(tuple(one["loc"]), form)
        if place not in found or one["type"] == "literal_error":
            found[place] = one
    yield from found.items()


def _without_marks(location: Location, form: type[BaseModel]) -> Location:
    """Without what pydantic adds to tell the parts of a choice from each other, at the end."""
    last = location[-1] if location else ""
    is_mark = last in {"int", "str", "float", "bool"} or (isinstance(last, str) and "[" in last)
    return location[:-1] if is_mark and last not in _keys(form, location[:-1]) else location


def _complaint(problem: Any) -> str:
    """What is wrong with a value, and what would be right."""
    given, context = problem["input"], problem.get("ctx", {})
    if problem["type"] == "literal_error":
        allowed = [one.strip("' ") for one in context["expected"].replace(" or ", ", ").split(", ")]
        close = get_close_matches(str(given), allowed, n=1)
        nearest = f". Did you mean `{close[0]}`?" if close else ""
        return f"cannot be `{given}`; allowed: {', '.join(allowed)}{nearest}"
    if problem["type"] == "value_error":
        return str(context["error"])
    if words := _WORDS.get(problem["type"]):
        return words
    for limit, words in (
        ("ge", "must be at least"), ("gt", "must be more than"),
        ("le", "must be at most"), ("lt", "must be less than"),
    ):  # fmt: skip
        if limit in context:
            return f"{words} {context[limit]}"
    return f"cannot be `{given}`"


def _keys(form: type[BaseModel], location: Iterable[str | int]) -> list[str]:
    """The keys that may stand at that place of a form."""
    from pydantic import BaseModel

    inner: Any = form
    for part in location:
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if part not in inner.model_fields:
                return []
            inner = inner.model_fields[str(part)].annotation
        inner = _innermost(inner, part)
    return (
        list(inner.model_fields) if isinstance(inner, type) and issubclass(inner, BaseModel) else []
    )


def _innermost(annotation: Any, part: str | int) -> Any:
    """Without `| None`, and what a list or a table holds where `part` points into it."""
    if get_origin(annotation) in {Union, UnionType}:
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    if get_origin(annotation) is list and isinstance(part, int):
        return get_args(annotation)[0]
    return annotation
