"""The tests of a promptfoo config as records: what it asks, and what is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from fourfold.core.errors import InvalidInput
from fourfold.datasets import Record
from fourfold.evaluation.formats.promptfoo import NO_RECORD, record_of
from fourfold.evaluation.formats.reading import text_of


def read_tests(file: Path) -> tuple[list[Record], dict[str, int]]:
    """The records of a config, and how many tests were left out, by the reason.

    Tests stand in the config itself; those in other files are not followed. A variable that is a
    list makes a test of each of its items, as promptfoo has it.
    """
    config = _config(file)
    default = config.get("defaultTest")
    default = default if isinstance(default, Mapping) else {}
    tests = config.get("tests")
    if not isinstance(tests, list):
        raise InvalidInput(
            f"`{file}` has no list of `tests` in itself.",
            hint="Write the tests into the config; files that it names are not followed.",
        )
    records: list[Record] = []
    skipped: dict[str, int] = {}
    for test in _each(tests, default):
        record = record_of(test, len(records))
        if record is None:
            skipped[NO_RECORD] = skipped.get(NO_RECORD, 0) + 1
        else:
            records.append(record)
    if not records:
        raise InvalidInput(
            f"`{file}` holds no test with an input and a whole answer.",
            hint="An answer is the value of `equals`, `similar` and the like.",
        )
    return records, skipped


def _config(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        config = yaml.safe_load(text_of(file))
    except yaml.YAMLError as error:
        raise InvalidInput(f"`{file}` is not YAML: {error}", hint="Mend the line.") from error
    except RecursionError:
        raise InvalidInput(
            f"`{file}` is nested too deeply.", hint="Write lists and tables a few levels deep."
        ) from None
    if not isinstance(config, Mapping):
        raise InvalidInput(f"`{file}` is no config of promptfoo.", hint="It has keys as `tests`.")
    return config


def _each(tests: list[Any], default: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each test as a result shows it: with the defaults in it, and one value a variable."""
    for test in tests:
        test = test if isinstance(test, Mapping) else {}
        variables = {**(default.get("vars") or {}), **(test.get("vars") or {})}
        merged = {
            **test,
            "assert": [*(default.get("assert") or []), *(test.get("assert") or [])],
            "metadata": {**(default.get("metadata") or {}), **(test.get("metadata") or {})},
        }
        choices = [one if isinstance(one, list) else [one] for one in variables.values()]
        for values in product(*choices):
            plain = {key: _unquoted(value) for key, value in zip(variables, values, strict=True)}
            yield {"vars": plain, "testCase": _unquoted(merged)}


def _unquoted(value: Any) -> Any:
    """Without the `raw` blocks that keep braces from being commands."""
    if isinstance(value, Mapping):
        return {key: _unquoted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unquoted(one) for one in value]
    if isinstance(value, str) and value.startswith("{% raw %}") and value.endswith("{% endraw %}"):
        return value.removeprefix("{% raw %}").removesuffix("{% endraw %}")
    return value
