"""promptfoo: results as JSON (version 3) read and written, `promptfooconfig.yaml` written.

The forms: https://www.promptfoo.dev/docs/configuration/reference and the types of its source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Message, Usage
from fourfold.datasets import Record
from fourfold.evaluation.formats.base import Found, Results
from fourfold.evaluation.formats.promptfoo_writing import promptfoo_config, promptfoo_results
from fourfold.evaluation.formats.reading import (
    Rows,
    answered,
    count_of,
    exchange_of,
    failed,
    json_file,
    json_value,
    messages_of,
    moment,
    number_of,
)

NO_RECORD: Final = "a test without an input, or without an assertion that holds a whole answer"
_CONFIGS: Final = frozenset({".yaml", ".yml"})
_ERROR: Final = 2  # `failureReason` of a test that ended in an error, not in a failed assertion
_TEXT: Final = ("text", "question", "input", "query", "prompt", "source")
_REFERENCE: Final = ("references", "reference", "answers", "answer", "expected", "target")
_PASSAGES: Final = ("passages", "context")
_WHOLE_ANSWERS: Final = frozenset(  # assertions whose value is an answer, not a part of one
    {
        *("equals", "similar", "similar:cosine", "similar:dot", "similar:euclidean"),
        *("levenshtein", "rouge-n", "bleu", "gleu", "meteor"),
        *("factuality", "model-graded-factuality"),
    }
)


class Promptfoo:
    """The ending of the file says which of the two is written."""

    def write(self, results: Results, file: Path) -> list[Path]:
        """Write the config that asks the same again, or the results."""
        if file.suffix.lower() in _CONFIGS:
            import yaml

            config = promptfoo_config(results)
            words = yaml.safe_dump(config, allow_unicode=True, sort_keys=False, width=100)
            file.write_text(words, encoding="utf-8")
            return [file]
        value = promptfoo_results(results)
        file.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")
        return [file]

    def read(self, file: Path) -> Found:
        """The results of a file; each prompt of a provider is a system."""
        if file.suffix.lower() in _CONFIGS:
            raise InvalidInput(
                f"`{file}` is a config: it says what to ask, and holds no answers.",
                hint=f"Type: promptfoo eval -c {file} -o results.json, and import that; "
                f"or take its tests: fourfold experiment tests {file}",
            )
        value = json_file(file)
        summary = value.get("results") if isinstance(value, Mapping) else None
        results = summary.get("results") if isinstance(summary, Mapping) else None
        if not isinstance(summary, Mapping) or not isinstance(results, list):
            raise InvalidInput(
                f"`{file}` holds no results of promptfoo: there is no list `results.results`.",
                hint="Write them with: promptfoo eval -o results.json",
            )
        metadata = value.get("metadata") or {}
        rows = Rows(f"promptfoo {metadata.get('promptfooVersion', '')}".strip())
        made_at = moment(summary.get("timestamp"))
        names = _names(results)
        for number, result in enumerate(results):
            if not isinstance(result, Mapping):
                rows.skip("a result that is no object")
                continue
            _add(rows, result, names[_key(result)], number, made_at)
        return rows.found(file)


def _add(
    rows: Rows, result: Mapping[str, Any], system: str, number: int, made_at: datetime
) -> None:
    record = record_of(result, number)
    if record is None:
        rows.skip(NO_RECORD)
        return
    response = result.get("response") or {}
    usage = _usage(result, response)
    if _is_error(result, response):
        message = str(result.get("error") or response.get("error") or "it failed")
        rows.add(failed(record, system, message))
        return
    output = response.get("output")
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    latency = number_of(result.get("latencyMs"))  # 0 where it was answered from memory
    seconds = latency / 1000 if latency else None
    sent = exchange_of(
        system, _messages(result), _ours(result).get("answer") or text, at=made_at, usage=usage,
        seconds=seconds,
    )  # fmt: skip
    rows.add(
        answered(
            record,
            system,
            text,
            exchanges=[sent],
            usage=usage,
            seconds=seconds,
            refused=bool(response.get("isRefusal")),
        )
    )


def _is_error(result: Mapping[str, Any], response: Mapping[str, Any]) -> bool:
    """An assertion that failed stands under `error` too, and is none."""
    if result.get("failureReason") is not None:
        return bool(result["failureReason"] == _ERROR)
    return bool(response.get("error")) or response.get("output") is None


def record_of(result: Mapping[str, Any], number: int) -> Record | None:
    """The record of a test; None where it has no input, or nothing that is right for it."""
    variables = result.get("vars") or {}
    test = result.get("testCase") or {}
    text, references = _text(variables), _references(test, variables)
    if not text.strip() or not references:
        return None
    ours = _ours(result)
    metadata = test.get("metadata") or {}
    passages = ours.get("passages")
    if passages is None:
        passages = _several(next((variables[k] for k in _PASSAGES if variables.get(k)), []))
    return Record(
        id=str(ours.get("id", result.get("testIdx", number))),
        text=text,
        references=tuple(references),
        passages=tuple(passages),
        language=str(metadata.get("language") or variables.get("language") or ""),
        tags=tuple(ours.get("tags", ())),
        cluster=str(ours.get("cluster", "")),
        metadata={key: one for key, one in metadata.items() if key not in ("fourfold", "language")},
    )


def _text(variables: Mapping[str, Any]) -> str:
    """The variable that holds the input; where none is called so, all of them with their names."""
    named = next((variables[key] for key in _TEXT if isinstance(variables.get(key), str)), None)
    if named is not None:
        return str(named)
    known = {*_REFERENCE, *_PASSAGES, "language"}
    given = {key: one for key, one in variables.items() if key not in known}
    if len(given) == 1:
        return str(next(iter(given.values())))
    return "\n".join(f"{key}: {one}" for key, one in given.items())


def _references(test: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
    ours = (test.get("metadata") or {}).get("fourfold") or {}
    found = list(ours.get("references", ())) or list(_asserted(test.get("assert") or []))
    if found:
        return list(dict.fromkeys(found))
    return _several(next((variables[key] for key in _REFERENCE if variables.get(key)), []))


def _asserted(assertions: Any) -> Iterator[str]:
    for one in assertions:
        if isinstance(one, Mapping) and one.get("type") == "assert-set":
            yield from _asserted(one.get("assert") or [])
        elif isinstance(one, Mapping) and one.get("type") in _WHOLE_ANSWERS:
            yield from _several(one.get("value", []))


def _several(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)
        for one in items
        if one not in (None, "")
    ]


def _names(results: list[Any]) -> dict[tuple[str, str], str]:
    """A system for each provider, and for each of its prompts where it had several."""
    keys = dict.fromkeys(_key(one) for one in results if isinstance(one, Mapping))
    prompts = {provider: [p for q, p in keys if q == provider] for provider, _ in keys}
    return {
        (provider, prompt): f"{provider} ({prompt})" if len(prompts[provider]) > 1 else provider
        for provider, prompt in keys
    }


def _key(result: Mapping[str, Any]) -> tuple[str, str]:
    """Provider and prompt of a result, as promptfoo shows them."""
    provider = result.get("provider")
    if isinstance(provider, Mapping):
        provider = provider.get("label") or provider.get("id")
    prompt = result.get("prompt") or {}
    index = result.get("promptIdx", 0)
    label = str(prompt.get("label") or "").strip()
    short = label if label and len(label) <= 40 and "\n" not in label else f"prompt {index}"
    return str(provider or "unknown model"), short


def _messages(result: Mapping[str, Any]) -> tuple[Message, ...]:
    """The prompt as it was rendered: JSON where it is a chat."""
    raw = (result.get("prompt") or {}).get("raw")
    if isinstance(raw, str) and raw.lstrip().startswith("["):
        try:
            return messages_of(json_value(raw)) or messages_of(raw)
        except ValueError:
            return messages_of(raw)
    return messages_of(raw)


def _usage(result: Mapping[str, Any], response: Mapping[str, Any]) -> Usage:
    """What it says of tokens; a cost of 0 is what promptfoo writes where it knows no price."""
    tokens = response.get("tokenUsage") or result.get("tokenUsage") or {}
    cost = number_of(response.get("cost")) or number_of(result.get("cost"))
    return Usage(
        prompt_tokens=count_of(tokens.get("prompt")),
        completion_tokens=count_of(tokens.get("completion")),
        cached_tokens=count_of((tokens.get("completionDetails") or {}).get("cacheReadInputTokens")),
        cost_usd=cost or None,
    )


def _ours(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """What we wrote into the metadata, if it was us."""
    test = (result.get("testCase") or {}).get("metadata") or {}
    own = result.get("metadata") or {}
    return {**(test.get("fourfold") or {}), **(own.get("fourfold") or {})}
