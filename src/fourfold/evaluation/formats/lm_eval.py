"""Samples of lm-evaluation-harness, as `--log_samples` writes them: `samples_TASK_DATE.jsonl`.

The form: https://github.com/EleutherAI/lm-evaluation-harness, `loggers/evaluation_tracker.py`.
"""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Message
from fourfold.datasets import Record
from fourfold.evaluation.formats.base import Found, Results, Row
from fourfold.evaluation.formats.naming import one_for_each
from fourfold.evaluation.formats.reading import (
    Rows,
    answered,
    exchange_of,
    failed,
    json_file,
    json_lines,
    json_value,
    messages_of,
    moment,
)

_FILTER: Final = "none"
_TEXT: Final = ("question", "text", "input", "query", "source")
_NOT_TEXT: Final = "a sample that has only likelihoods, no text or choice"


class LmEval:
    """A file holds one task of one model, so that several systems become several files."""

    def write(self, results: Results, file: Path) -> list[Path]:
        """Write the samples of each system; one that failed has no response, and our `error`."""
        files = one_for_each(file, results.systems)
        for system, target in files.items():
            with target.open("w", encoding="utf-8") as lines:
                rows = [row for row in results.rows if row.case.system == system]
                for number, row in enumerate(rows):
                    lines.write(json.dumps(_sample(row, number), ensure_ascii=False) + "\n")
        return list(files.values())

    def read(self, file: Path) -> Found:
        """The samples of a file; where several filters read out answers, each is a system."""
        samples = list(json_lines(file))
        model, tool, made_at = _beside(file)
        rows = Rows(tool)
        filters = {str(sample.get("filter", _FILTER)) for _, sample in samples}
        for number, sample in samples:
            if not {"doc_id", "arguments", "filtered_resps", "target"} <= sample.keys():
                raise InvalidInput(
                    f"Line {number} of `{file}` is no sample of lm-evaluation-harness.",
                    hint="Samples are written with `--log_samples --output_path FOLDER`.",
                )
            name = str(sample.get("model") or model)
            chosen = str(sample.get("filter", _FILTER))
            _add(rows, sample, f"{name} ({chosen})" if len(filters) > 1 else name, made_at)
        return rows.found(file)


def _beside(file: Path) -> tuple[str, str, datetime]:
    """Model, tool and date, which only the file of results beside the samples knows."""
    stamp = file.stem.rpartition("_")[2]
    results = file.with_name(f"results_{stamp}.json")
    found = json_file(results) if results.is_file() else {}
    version = found.get("lm_eval_version", "")
    date = found.get("date")
    made_at = datetime.fromtimestamp(date).astimezone() if date else moment(None)
    name = found.get("model_name") or found.get("model_source") or "unknown model"
    return str(name), f"lm-evaluation-harness {version}".strip(), made_at


def _add(rows: Rows, sample: Mapping[str, Any], system: str, made_at: datetime) -> None:
    requests = [one for _, one in sorted(sample["arguments"].items(), key=_order)]
    texts = [_texts(request) for request in requests]
    if len(requests) > 1:
        _add_choice(rows, sample, system, texts)
        return
    if not requests or not isinstance(requests[0].get("arg_1"), Mapping):
        rows.skip(_NOT_TEXT)
        return
    references = _references(str(sample["target"]))
    record = _record(sample, texts[0][0], references)
    if record is None:
        rows.skip("a sample without a prompt or a target")
        return
    if sample.get("error"):
        rows.add(failed(record, system, str(sample["error"])))
        return
    answers, outputs = _flat(sample.get("resps")), _flat(sample["filtered_resps"])
    for number, output in enumerate(outputs):
        answer = answers[number] if number < len(answers) else output
        sent = exchange_of(system, _messages(requests[0].get("arg_0")), answer, at=made_at)
        rows.add(answered(record, system, output, exchanges=[sent]))


def _add_choice(
    rows: Rows, sample: Mapping[str, Any], system: str, texts: Sequence[tuple[str, str]]
) -> None:
    """A question with choices: the output is the one that is likeliest to the model."""
    likelihoods = [_likelihood(one) for one in sample["filtered_resps"]]
    if None in likelihoods or len(likelihoods) != len(texts):
        rows.skip(_NOT_TEXT)
        return
    same_prompt = len({prompt for prompt, _ in texts}) == 1
    choices = [(choice if same_prompt else prompt).strip() for prompt, choice in texts]
    right = [
        choices[int(one)] if one.isdecimal() and int(one) < len(choices) else one.strip()
        for one in _references(str(sample["target"]))
    ]
    prompt = texts[0][0] if same_prompt else json.dumps(sample.get("doc"), ensure_ascii=False)
    record = _record(sample, prompt, right)
    if record is None:
        rows.skip("a sample without a prompt or a target")
        return
    best = max(range(len(choices)), key=lambda number: likelihoods[number] or 0.0)
    rows.add(answered(record, system, choices[best]))


def _record(sample: Mapping[str, Any], prompt: str, right: Sequence[str]) -> Record | None:
    """The text is that of the document, else the prompt, which may hold few-shot examples."""
    doc = sample.get("doc")
    doc = doc if isinstance(doc, Mapping) else {}
    texts = (doc[key] for key in _TEXT if isinstance(doc.get(key), str))
    text = next(texts, prompt)
    if not text.strip() or not any(right):
        return None
    ours = doc.get("fourfold")
    known = ours if isinstance(ours, Mapping) else {}
    right = known.get("references", right)
    return Record(
        id=str(known.get("id", sample["doc_id"])),
        text=text,
        references=tuple(right),
        passages=tuple(known.get("passages", ())),
        language=str(known.get("language", "")),
        tags=tuple(known.get("tags", ())),
        cluster=str(known.get("cluster", "")),
        metadata=known.get("metadata", {}) if known else {"doc": dict(doc)} if doc else {},
    )


def _references(target: str) -> list[str]:
    """The harness writes every target as text, also a list of them."""
    if target.startswith("[") and target.endswith("]"):
        try:
            several = literal_eval(target)
        except (ValueError, SyntaxError):
            return [target]
        if isinstance(several, list) and several:
            return [str(one) for one in several]
    return [target]


def _likelihood(response: Any) -> float | None:
    """Of `["-1.5", "False"]`, the number."""
    while isinstance(response, list) and response:
        response = response[0]
    try:
        return float(response)
    except (TypeError, ValueError):
        return None


def _flat(responses: Any) -> list[str]:
    if isinstance(responses, list):
        return [one for each in responses for one in _flat(each)]
    return [str(responses)]


def _texts(request: Mapping[str, Any]) -> tuple[str, str]:
    """Context and continuation of a request."""
    context, continuation = request.get("arg_0"), request.get("arg_1")
    words = "\n".join(one.content for one in _messages(context))
    return words, continuation if isinstance(continuation, str) else ""


def _messages(context: Any) -> tuple[Message, ...]:
    """A prompt, or a chat that the harness keeps as JSON in a list of one text."""
    if isinstance(context, list) and len(context) == 1 and isinstance(context[0], str):
        context = context[0]
    if isinstance(context, str) and context.startswith("["):
        try:
            return messages_of(json_value(context)) or messages_of(context)
        except ValueError:
            return messages_of(context)
    return messages_of(context)


def _order(item: tuple[str, Any]) -> int:
    """`gen_args_10` comes after `gen_args_9`."""
    digits = item[0].rpartition("_")[2]
    return int(digits) if digits.isdecimal() else 0


def _sample(row: Row, number: int) -> dict[str, Any]:
    record, case = row.record, row.case
    outputs = [case.outcome.output] if case.outcome else []
    last = case.exchanges[-1] if case.exchanges else None
    messages = [{"role": one.role, "content": one.content} for one in last.messages] if last else []
    prompt: Any = [json.dumps(messages, ensure_ascii=False)] if messages else record.text
    references = list(record.references)
    target = references[0] if len(references) == 1 else str(references)
    doc = {"text": record.text, "fourfold": _ours(row)}
    given = json.dumps(prompt, ensure_ascii=False)
    return {
        "doc_id": number,
        "doc": doc,
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {"until": []}}},
        "resps": [[last.text] if last and outputs else outputs],
        "filtered_resps": outputs,
        "filter": _FILTER,
        "metrics": [],
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(given),
        "target_hash": _hash(target),
        "model": case.system,
        "error": "" if outputs else f"{case.error_code}: {case.error_message}",
    }


def _ours(row: Row) -> dict[str, Any]:
    record = row.record
    return {
        "id": record.id,
        "references": list(record.references),
        "passages": list(record.passages),
        "language": record.language,
        "tags": list(record.tags),
        "cluster": record.cluster,
        "metadata": dict(record.metadata),
    }


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
