"""Logs of Inspect (inspect_ai): `.json` in version 2 written and read, `.eval` archives read.

The form: https://inspect.aisi.org.uk/reference/inspect_ai.log.html
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

from fourfold.core.errors import InvalidInput
from fourfold.core.records import Message, Usage
from fourfold.datasets import Record
from fourfold.evaluation.formats.archive import Archive
from fourfold.evaluation.formats.base import Found, Results
from fourfold.evaluation.formats.inspect_writing import inspect_log
from fourfold.evaluation.formats.naming import one_for_each
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
    words_of,
)

_ATTACHED: Final = "attachment://"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FINISHES: Final = {"max_tokens": "length", "model_length": "length"}


class InspectLog:
    """A log holds one model, so that several systems become several files."""

    def write(self, results: Results, file: Path) -> list[Path]:
        """Write a log for each system."""
        files = one_for_each(file, results.systems)
        for system, target in files.items():
            log = inspect_log(results, system)
            target.write_text(json.dumps(log, ensure_ascii=False, indent=2), encoding="utf-8")
        return list(files.values())

    def read(self, file: Path) -> Found:
        """The samples of a log; each epoch is an answer of its own."""
        header, samples = _archive(file) if file.suffix == ".eval" else _log(file)
        spec = header.get("eval")
        if not isinstance(spec, Mapping) or not spec.get("model"):
            raise InvalidInput(
                f"`{file}` is no log of Inspect: it has no `eval` with a `model`.",
                hint="Logs of version 2 are read; `inspect log convert` makes them from others.",
            )
        rows = Rows(f"Inspect {spec.get('packages', {}).get('inspect_ai', '')}".strip())
        made_at = moment(spec.get("created"))
        for sample in sorted(samples, key=lambda one: count_of(one.get("epoch"))):
            _add(rows, sample, str(spec["model"]), made_at)
        return rows.found(file)


def _log(file: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    log = json_file(file)
    samples = log.get("samples") if isinstance(log, Mapping) else None
    if not isinstance(samples, list):
        raise InvalidInput(
            f"`{file}` is no log of Inspect with samples.",
            hint="Run Inspect without `--no-log-samples`.",
        )
    return log, [one for one in samples if isinstance(one, Mapping)]


def _archive(file: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """A `.eval` file: a ZIP archive of a header and a file for each sample."""
    try:
        with Archive(file) as archive:
            start = "header.json" if "header.json" in archive.names else "_journal/start.json"
            header = json_value(archive.read(start))
            return header, list(_samples(archive))
    except FileNotFoundError:
        raise InvalidInput(f"There is no file `{file}`.", hint="Check the path.") from None
    except (BadZipFile, KeyError, ValueError, NotImplementedError, zlib.error) as error:
        raise InvalidInput(
            f"`{file}` cannot be read as an archive of Inspect: {error}.",
            hint="Make JSON of it: inspect log convert FILE --to json --output-dir FOLDER",
        ) from error


def _samples(archive: Archive) -> Iterator[Mapping[str, Any]]:
    for name in archive.names:
        if name.startswith("samples/") and name.endswith(".json"):
            sample = json_value(archive.read(name))
            if isinstance(sample, Mapping):
                yield sample


def _add(rows: Rows, sample: Mapping[str, Any], model: str, made_at: datetime) -> None:
    record = _record(sample)
    if record is None:
        rows.skip("a sample without an input or a target")
        return
    at = moment(sample.get("completed_at"), made_at)
    output = sample.get("output") or {}
    usage, seconds = _usage(sample), number_of(sample.get("working_time"))
    messages = _messages(sample)
    error = sample.get("error")
    if isinstance(error, Mapping):
        rows.add(failed(record, model, str(error.get("message") or "it failed")))
        return
    answer = _completion(output)
    choices = output.get("choices") or [{}]
    reason = str(choices[0].get("stop_reason") or "stop")
    exchange = exchange_of(
        str(output.get("model") or model),
        messages,
        str(_ours(sample).get("answer") or answer),
        at=at,
        usage=usage,
        seconds=number_of(output.get("time")),
        finish_reason=_FINISHES.get(reason, reason),
    )
    text = _chosen(sample) or answer
    rows.add(
        answered(
            record,
            model,
            text,
            exchanges=[exchange] if messages else [],
            usage=usage,
            seconds=seconds,
            refused=bool(_ours(sample).get("refused")),
        )
    )


def _record(sample: Mapping[str, Any]) -> Record | None:
    text, target = _input(sample), sample.get("target")
    targets = target if isinstance(target, list) else [target]
    references = tuple(one for one in targets if isinstance(one, str) and one)
    if not text.strip() or not references:
        return None
    metadata = sample.get("metadata") or {}
    ours = _ours(sample)
    return Record(
        id=str(sample.get("id")),
        text=text,
        references=references,
        passages=tuple(str(one) for one in ours.get("passages", ())),
        language=str(metadata.get("language") or ""),
        tags=tuple(str(one) for one in ours.get("tags", ())),
        cluster=str(ours.get("cluster") or ""),
        metadata={key: one for key, one in metadata.items() if key not in ("fourfold", "language")},
    )


def _input(sample: Mapping[str, Any]) -> str:
    """What was asked: the last message of the user, and the choices where it had some."""
    given = sample.get("input")
    if isinstance(given, list):
        asked = [one for one in given if isinstance(one, Mapping) and one.get("role") == "user"]
        given = words_of(asked[-1]) if asked else ""
    text = _attached(str(given or ""), sample)
    choices = sample.get("choices") or ()
    lines = [f"{letter}) {choice}" for letter, choice in zip(_LETTERS, choices, strict=False)]
    return "\n\n".join([text, "\n".join(lines)]) if lines else text


def _messages(sample: Mapping[str, Any]) -> list[Message]:
    """The conversation as it was before the last answer."""
    found = [
        Message(role=one.role, content=_attached(one.content, sample))
        for one in messages_of(sample.get("messages"))
    ]
    last = max((n for n, one in enumerate(found) if one.role == "assistant"), default=None)
    return found[:last]


def _completion(output: Mapping[str, Any]) -> str:
    if isinstance(output.get("completion"), str) and output["completion"]:
        return str(output["completion"])
    choices = output.get("choices") or [{}]
    return words_of(choices[0].get("message") or {})


def _chosen(sample: Mapping[str, Any]) -> str:
    """The letter that was read out of an answer to a question with choices."""
    if not sample.get("choices"):
        return ""
    scores = (sample.get("scores") or {}).values()
    return next((str(one["answer"]) for one in scores if one.get("answer")), "")


def _usage(sample: Mapping[str, Any]) -> Usage:
    """What all requests of the sample took; a price that is missing is unknown."""
    parts = [one for one in (sample.get("model_usage") or {}).values() if isinstance(one, Mapping)]
    if not parts:
        parts = [(sample.get("output") or {}).get("usage") or {}]
    read = sum(count_of(one.get("input_tokens_cache_read")) for one in parts)
    written = sum(count_of(one.get("input_tokens_cache_write")) for one in parts)
    costs = [number_of(one.get("total_cost")) for one in parts]
    return Usage(
        prompt_tokens=sum(count_of(one.get("input_tokens")) for one in parts) + read + written,
        completion_tokens=sum(count_of(one.get("output_tokens")) for one in parts),
        cached_tokens=read,
        cost_usd=None if None in costs else sum(cost or 0.0 for cost in costs),
    )


def _attached(text: str, sample: Mapping[str, Any]) -> str:
    """Inspect keeps long texts apart, and a name in their place."""
    if not text.startswith(_ATTACHED):
        return text
    return str((sample.get("attachments") or {}).get(text.removeprefix(_ATTACHED), text))


def _ours(sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """What we wrote into the metadata of a sample, if it was us."""
    ours = (sample.get("metadata") or {}).get("fourfold")
    return ours if isinstance(ours, Mapping) else {}
