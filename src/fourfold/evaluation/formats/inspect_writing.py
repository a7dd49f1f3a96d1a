"""An experiment as a log of Inspect, one system a log."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from fourfold.evaluation.formats.base import Results, Row

if TYPE_CHECKING:
    from fourfold.core.records import Usage
    from fourfold.evaluation.records import Case

_VERSION: Final = 2
_FINISHES: Final = {"stop": "stop", "length": "max_tokens"}


def inspect_log(results: Results, system: str) -> dict[str, Any]:
    """The log of a system; its ids are the same each time it is written."""
    rows = [row for row in results.rows if row.case.system == system]
    done = sum(row.case.outcome is not None for row in rows)
    name = f"{results.experiment}/{system}"
    return {
        "version": _VERSION,
        "status": "success",
        "eval": {
            "eval_id": _id("eval", name),
            "run_id": _id("run", results.experiment),
            "created": results.made_at.isoformat(),
            "task": results.name,
            "task_id": _id("task", name),
            "task_version": 0,
            "dataset": {
                "name": results.name,
                "samples": len(rows),
                "sample_ids": [row.record.id for row in rows],
                "shuffled": False,
            },
            "model": system,
            "config": {"epochs": 1, "log_samples": True},
            "packages": {},
            "metadata": {"fourfold": {"experiment": results.experiment, "task": results.task}},
        },
        "plan": {"name": "fourfold", "steps": [], "config": {}},
        "results": {
            "total_samples": len(rows),
            "completed_samples": done,
            "scores": _scores(results, system, done),
        },
        "stats": {
            "started_at": results.made_at.isoformat(),
            "completed_at": results.made_at.isoformat(),
            "model_usage": {},
        },
        "samples": [_sample(results, row, f"{name}/{row.record.id}") for row in rows],
    }


def _sample(results: Results, row: Row, name: str) -> dict[str, Any]:
    record, case = row.record, row.case
    references = list(record.references)
    sample: dict[str, Any] = {
        "id": record.id,
        "epoch": 1,
        "input": record.text,
        "target": references[0] if len(references) == 1 else references,
        "messages": _messages(case, name),
        "output": _output(case, name),
        "scores": None,
        "metadata": _metadata(row),
        "model_usage": {case.system: _usage(case.outcome.usage)} if case.outcome else {},
        "uuid": _id("sample", name),
    }
    if case.outcome and not isnan(case.outcome.seconds):
        sample["total_time"] = sample["working_time"] = case.outcome.seconds
    if case.exchanges:
        begun = min(one.at for one in case.exchanges)
        last = max(case.exchanges, key=lambda one: one.at)
        took = 0.0 if isnan(last.seconds) else last.seconds
        sample["started_at"] = begun.isoformat()
        sample["completed_at"] = (last.at + timedelta(seconds=took)).isoformat()
    if case.outcome is None:
        message = f"{case.error_code}: {case.error_message}"
        sample["error"] = {"message": message, "traceback": message, "traceback_ansi": message}
    return sample


def _messages(case: Case, name: str) -> list[dict[str, Any]]:
    """The last conversation as it was sent, with the answer as it came."""
    if not case.exchanges:
        return []
    last = case.exchanges[-1]
    turns: list[dict[str, Any]] = [
        {"id": _id(f"{n}", name), "role": one.role, "content": one.content}
        for n, one in enumerate(last.messages)
    ]
    answer = {"id": _id("answer", name), "role": "assistant", "content": last.text}
    return [*turns, {**answer, "source": "generate", "model": last.model}]


def _output(case: Case, name: str) -> dict[str, Any]:
    """What the system gave, which is what is scored; the model's own words are in the messages."""
    outcome = case.outcome
    if outcome is None:
        return {"model": case.system, "choices": [], "completion": ""}
    last = case.exchanges[-1] if case.exchanges else None
    message = {"id": _id("output", name), "role": "assistant", "content": outcome.output}
    reason = _FINISHES.get(last.finish_reason, "unknown") if last else "stop"
    found: dict[str, Any] = {
        "model": last.model if last else case.system,
        "choices": [{"message": {**message, "source": "generate"}, "stop_reason": reason}],
        "completion": outcome.output,
        "usage": _usage(outcome.usage),
    }
    if last and not isnan(last.seconds):
        found["time"] = last.seconds
    return found


def _metadata(row: Row) -> dict[str, Any]:
    record, case = row.record, row.case
    ours: dict[str, Any] = {
        "passages": list(record.passages),
        "tags": list(record.tags),
        "cluster": record.cluster,
        "refused": bool(case.outcome and case.outcome.refused),
        "evidence": list(case.outcome.evidence) if case.outcome else [],
        "error_code": case.error_code,
        "error_message": case.error_message,
    }
    if case.exchanges:
        ours["answer"] = case.exchanges[-1].text
    return {**record.metadata, "language": record.language, "fourfold": ours}


def _usage(usage: Usage) -> dict[str, Any]:
    """Inspect counts cached tokens apart from the others."""
    found: dict[str, Any] = {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "input_tokens_cache_read": usage.cached_tokens,
    }
    if usage.cost_usd is not None:
        found["total_cost"] = usage.cost_usd
    return found


def _scores(results: Results, system: str, count: int) -> list[dict[str, Any]]:
    """Our metrics over all records, each with the ends of its interval."""
    return [
        {
            "name": metric,
            "scorer": f"fourfold/{metric}",
            "scored_samples": count,
            "params": {"signature": score.get("signature", "")},
            "metrics": {
                name: {"name": name, "value": score[name]}
                for name in ("value", "low", "high")
                if score.get(name) is not None
            },
        }
        for metric, score in results.scores.get(system, {}).items()
    ]


def _id(kind: str, name: str) -> str:
    return sha256(f"{kind}:{name}".encode()).hexdigest()[:22]
