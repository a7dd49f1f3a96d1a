"""An experiment as a config and as results of promptfoo."""

from __future__ import annotations

import json
from hashlib import sha256
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.formats.base import Results, Row

if TYPE_CHECKING:
    from fourfold.core.records import Usage
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case

_SERVER: Final = "http://127.0.0.1:8400/v1"  # where `fourfold serve` listens by default
_PASSED, _ASSERTION_FAILED, _ERROR = 0, 1, 2  # promptfoo's `failureReason`


def promptfoo_config(results: Results) -> dict[str, Any]:
    """Prompts as they were sent, providers on our server, and a test for each record.

    Each system has a prompt of its own, a variable of the test, unless two sent the same. A
    provider may be changed to any other of promptfoo.
    """
    prompts = _prompts(results)
    labels = list(dict.fromkeys(prompts.values()))
    return {
        "description": f"{results.name} ({results.experiment})",
        "prompts": [{"id": label, "label": label, "raw": f"{{{{ {label} }}}}"} for label in labels],
        "providers": [
            {
                "id": f"openai:chat:{system}",
                "label": system,
                "prompts": [label],
                "config": {"apiBaseUrl": _SERVER},
            }
            for system, label in prompts.items()
        ],
        "tests": [
            _literal({**_test(record), "vars": {**_vars(record), **sent}})
            for record, sent in _sent(results, prompts)
        ],
    }


def promptfoo_results(results: Results) -> dict[str, Any]:
    """Results in version 3; passed are those that equal a reference, as the config asserts."""
    systems, records = results.systems, _records(results)
    places = {record.id: place for place, record in enumerate(records)}
    prompts = _prompts(results)
    found = [
        _result(row, systems.index(row.case.system), places[row.record.id], prompts)
        for row in results.rows
    ]
    return {
        "evalId": f"fourfold-{results.experiment}",
        "results": {
            "version": 3,
            "timestamp": results.made_at.isoformat(),
            "prompts": [_prompt(found, system, prompts[system]) for system in systems],
            "results": found,
            "stats": _stats(found),
        },
        "config": promptfoo_config(results),
        "shareableUrl": None,
        "metadata": {"exportedBy": "fourfold", "evaluationCreatedAt": results.made_at.isoformat()},
    }


def _result(row: Row, system: int, place: int, prompts: dict[str, str]) -> dict[str, Any]:
    record, case, outcome = row.record, row.case, row.case.outcome
    label = prompts[case.system]
    passed = outcome is not None and outcome.output in record.references
    wrong = "The output equals no reference."
    error = f"{case.error_code}: {case.error_message}" if outcome is None else ""
    reason = "The output equals a reference." if passed else error or wrong
    found: dict[str, Any] = {
        "id": _id(f"{place}/{case.system}"),
        "promptIdx": system,
        "testIdx": place,
        "testCase": {**_test(record), "vars": _vars(record)},
        "promptId": _id(label),
        "provider": {"id": f"openai:chat:{case.system}", "label": case.system},
        "prompt": {"raw": _raw(row), "label": label},
        "vars": _vars(record),
        "response": _response(case),
        "success": passed,
        "score": int(passed),
        "failureReason": _ERROR if outcome is None else (_PASSED if passed else _ASSERTION_FAILED),
        "gradingResult": {"pass": passed, "score": int(passed), "reason": reason},
        "namedScores": {},
        "latencyMs": 0,
        "cost": 0,
        "metadata": {"fourfold": _came(case)},
    }
    if outcome:
        found["latencyMs"] = 0 if isnan(outcome.seconds) else round(1000 * outcome.seconds)
        found["cost"] = outcome.usage.cost_usd or 0
        found["tokenUsage"] = _tokens(outcome.usage)
    if not passed:
        found["error"] = reason
    return found


def _response(case: Case) -> dict[str, Any]:
    outcome = case.outcome
    if outcome is None:
        return {"error": f"{case.error_code}: {case.error_message}"}
    found: dict[str, Any] = {"output": outcome.output, "tokenUsage": _tokens(outcome.usage)}
    if outcome.refused:
        found["isRefusal"] = True
    if outcome.usage.cost_usd is not None:
        found["cost"] = outcome.usage.cost_usd
    return found


def _came(case: Case) -> dict[str, Any]:
    """What promptfoo has no place for."""
    return {
        "answer": case.exchanges[-1].text if case.exchanges else "",
        "evidence": list(case.outcome.evidence) if case.outcome else [],
        "errorCode": case.error_code,
    }


def _test(record: Record) -> dict[str, Any]:
    """Passed when the output equals one of the references."""
    equal = [{"type": "equals", "value": one} for one in record.references]
    several = {"type": "assert-set", "threshold": 1 / len(equal), "assert": equal}
    ours = {
        "id": record.id,
        "references": list(record.references),
        "passages": list(record.passages),
        "tags": list(record.tags),
        "cluster": record.cluster,
    }
    return {
        "description": record.id,
        "assert": equal if len(equal) == 1 else [several],
        "metadata": {**record.metadata, "language": record.language, "fourfold": ours},
    }


def _vars(record: Record) -> dict[str, str]:
    """As texts, since promptfoo makes a test of each item of a list."""
    found = {"text": record.text}
    if record.passages:
        found["context"] = "\n\n".join(record.passages)
    return found


def _literal(value: Any) -> Any:
    """Texts of a test are templates to promptfoo; braces of ours are no commands."""
    if isinstance(value, dict):
        return {key: _literal(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_literal(one) for one in value]
    if not isinstance(value, str) or not any(mark in value for mark in ("{{", "{%", "{#")):
        return value
    if "endraw" in value:
        raise InvalidInput(
            "A text of the experiment ends a `raw` block of templates, which promptfoo cannot say.",
            hint="Export it as jsonl, parquet, inspect or lm-eval.",
        )
    return f"{{% raw %}}{value}{{% endraw %}}"


def _prompts(results: Results) -> dict[str, str]:
    """The prompt of each system; systems that sent the same share one."""
    sent: dict[str, list[str]] = {}
    for row in results.rows:
        sent.setdefault(row.case.system, []).append(f"{row.record.id}\n{_raw(row)}")
    labels: dict[str, str] = {}
    for words in sent.values():
        labels.setdefault("\n".join(sorted(words)), f"prompt_{len(labels) + 1}")
    return {system: labels["\n".join(sorted(words))] for system, words in sent.items()}


def _sent(results: Results, prompts: dict[str, str]) -> list[tuple[Record, dict[str, str]]]:
    """The records, each with its prompts."""
    sent: dict[str, dict[str, str]] = {}
    for row in results.rows:
        label = prompts[row.case.system]
        sent.setdefault(row.record.id, {}).setdefault(label, _raw(row))
    return [(record, sent[record.id]) for record in _records(results)]


def _records(results: Results) -> list[Record]:
    return list({row.record.id: row.record for row in results.rows}.values())


def _raw(row: Row) -> str:
    """The last conversation as it was sent; the text where no model was asked."""
    messages = row.case.exchanges[-1].messages if row.case.exchanges else ()
    if not messages:
        return row.record.text
    turns = [{"role": one.role, "content": one.content} for one in messages]
    return json.dumps(turns, ensure_ascii=False)


def _prompt(found: list[dict[str, Any]], system: str, label: str) -> dict[str, Any]:
    own = [one for one in found if one["provider"]["label"] == system]
    stats = _stats(own)
    metrics = {
        "score": stats["successes"],
        "testPassCount": stats["successes"],
        "testFailCount": stats["failures"],
        "testErrorCount": stats["errors"],
        "assertPassCount": stats["successes"],
        "assertFailCount": stats["failures"],
        "totalLatencyMs": sum(one["latencyMs"] for one in own),
        "tokenUsage": stats["tokenUsage"],
        "namedScores": {},
        "namedScoresCount": {},
        "cost": sum(one["cost"] for one in own),
    }
    raw = f"{{{{ {label} }}}}"
    return {"id": _id(label), "raw": raw, "label": label, "provider": system, "metrics": metrics}


def _stats(found: list[dict[str, Any]]) -> dict[str, Any]:
    reasons = [one["failureReason"] for one in found]
    used = [one.get("tokenUsage", {}) for one in found]
    return {
        "successes": reasons.count(_PASSED),
        "failures": reasons.count(_ASSERTION_FAILED),
        "errors": reasons.count(_ERROR),
        "tokenUsage": {
            key: sum(one.get(key, 0) for one in used)
            for key in ("prompt", "completion", "cached", "total", "numRequests")
        },
    }


def _tokens(usage: Usage) -> dict[str, int]:
    """`cached` are those of promptfoo's own memory, which had no part in this."""
    return {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "cached": 0,
        "total": usage.prompt_tokens + usage.completion_tokens,
        "numRequests": 1,
    }


def _id(text: str) -> str:
    return sha256(text.encode()).hexdigest()
