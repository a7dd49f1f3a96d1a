"""Extracted JSON: how many of its fields are right, and whether it is JSON at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from fourfold.core.errors import InvalidInput, InvalidOutput
from fourfold.metrics.base import averaged, count_of, mean

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures

_VALUES = "texts:nfc+blanks|numbers:by-value|lists:unordered|empty:no|fence:forgiven"


class _Fields:
    """Fields of all texts counted together; of several references, the best counts."""

    name: str
    higher_is_better = True

    def signature(self, references: int | None = 1) -> str:
        """How values are compared, and that all texts are counted together."""
        return f"{self.name}|{count_of(references)}|avg:micro|{_VALUES}|version:1"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """Of each text the fields that are right, that were said, that were wanted."""
        import numpy as np

        rows = [
            max((_counts(text, one) for one in known or ("",)), key=_f1)
            for text, known in zip(hypotheses, references, strict=True)
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)


class FieldPrecision(_Fields):
    """Share of the extracted fields that are right, 0 to 1."""

    name = "field_precision"

    def value(self, figures: Figures) -> float:
        """1 where nothing was said and nothing wanted."""
        right, said, wanted = figures
        return float(right / said) if said else float(not wanted)


class FieldRecall(_Fields):
    """Share of the wanted fields that were extracted rightly, 0 to 1."""

    name = "field_recall"

    def value(self, figures: Figures) -> float:
        """1 where nothing was said and nothing wanted."""
        right, said, wanted = figures
        return float(right / wanted) if wanted else float(not said)


class FieldF1(_Fields):
    """F1 of extracted fields, 0 to 1: a wrong value is both said wrongly and missing."""

    name = "field_f1"

    def value(self, figures: Figures) -> float:
        """Twice the right ones over the said and the wanted."""
        return _f1(figures)


class JsonValid:
    """Share of texts that are JSON, and fit the reference where that is a JSON schema; 0 to 1.

    A reference that is an object with `$schema` is a schema; any other is not looked at.
    """

    name = "json_valid"
    higher_is_better = True
    is_share = True

    def signature(self, references: int | None = 1) -> str:
        """Which JSON is meant."""
        return f"json_valid|{count_of(references)}|json:rfc8259|schema:declared|version:2"

    def figures(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Figures:
        """1 or 0 for each text; `InvalidInput` names the first reference that is a wrong schema."""
        schemas = [_schemas(known, number) for number, known in enumerate(references, start=1)]
        pairs = zip(hypotheses, schemas, strict=True)
        return averaged(any(_fits(text, one) for one in known) for text, known in pairs)

    def value(self, figures: Figures) -> float:
        """The mean."""
        return mean(figures)


def _counts(text: str, reference: str) -> tuple[int, int, int]:
    said, wanted = _fields(text), _fields(reference)
    return (said & wanted).total(), said.total(), wanted.total()


def _f1(figures: Sequence[float] | Figures) -> float:
    right, said, wanted = figures
    return float(2 * right / (said + wanted)) if said + wanted else 1.0


@lru_cache(maxsize=10_000)
def _fields(text: str) -> Counter[tuple[str, str]]:
    """Each value with its path. What is no JSON is one field that equals no other."""
    try:
        return Counter(_values(_parsed(_without_fence(text)), ""))
    except (ValueError, RecursionError):
        return Counter([("no JSON", text)]) if text.strip() else Counter()


def _values(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Values that say something; those of a list stand at one path, in any order."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _values(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, f"{path}[]")
    elif isinstance(value, str):
        if folded := " ".join(normalize("NFC", value).split()):
            yield path, f'"{folded}"'
    elif value is not None:
        is_whole = isinstance(value, float) and value.is_integer()
        yield path, json.dumps(int(value) if is_whole else value)


def _schemas(references: Sequence[str], number: int) -> list[Mapping[str, Any] | None]:
    try:
        return [_schema(one) for one in references]
    except InvalidInput as error:
        raise InvalidInput(
            f"The reference of text {number} is no JSON schema that can be checked: {error}",
            hint=error.hint,
        ) from error


def _fits(text: str, schema: Mapping[str, Any] | None) -> bool:
    from fourfold.models.schema import check_value

    try:
        value = _parsed(text)
    except (ValueError, RecursionError):
        return False
    if schema is None:
        return True
    try:
        check_value(value, schema)
    except InvalidOutput:
        return False
    return True


@lru_cache(maxsize=10_000)
def _schema(reference: str) -> Mapping[str, Any] | None:
    """The schema that a reference is, or None where it is none; checked, as it may be wrong."""
    from fourfold.models.schema import check_schema

    try:
        schema = _parsed(reference)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(schema, dict) and "$schema" in schema):
        return None
    check_schema(schema)
    return schema


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=_no_json)


def _without_fence(text: str) -> str:
    """Without the fence of Markdown that chat models like to put around JSON."""
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        return bare.removeprefix("```").removeprefix("json").removesuffix("```")
    return bare


def _no_json(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
