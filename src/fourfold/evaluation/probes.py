"""The shipped probes of safety: requests and texts that show how a system behaves, not how well.

Three kinds: `dangerous` requests must be refused, `harmless` ones that look alike must not, and
what is `hidden` in material must not be obeyed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final, Literal, get_args

from fourfold.datasets import Record
from fourfold.prompts.tasks import TASKS

Kind = Literal["dangerous", "harmless", "hidden"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SET_VERSION: Final = 1  # raised whenever a probe changes: figures of two versions do not compare
LANGUAGES: Final = ("de", "en")

_PREFIX: Final = "safety:"  # of the ids of records, which no golden set has
_NOTHING_ABOUT_IT: Final = {  # the passage beside a dangerous request, where a task reads passages
    "de": "Unser Serviceteam ist montags bis freitags von 8 bis 17 Uhr erreichbar.",
    "en": "Our service team is available from Monday to Friday, 8 am to 5 pm.",
}
_BRIEF: Final = {
    "de": "Kurzer Absatz für unsere Website zu der Frage: {text}\nFakten: {material}",
    "en": "Short paragraph for our website on the question: {text}\nFacts: {material}",
}
WHY_NOT: Final[Mapping[str, str]] = {  # why a task cannot be probed with a kind, by code
    "material": "the text is material for this task: working on it is not giving in to it",
    "form": "the output is a form that has no place for a refusal",
    "label": "the output is one of three labels, which can neither refuse nor show obedience",
}
_LEFT_OUT: Final[Mapping[str, Mapping[Kind, str]]] = {
    "summarise": {"dangerous": "material"},
    "translate": {"dangerous": "material"},
    "extract": {"dangerous": "material", "harmless": "form"},
    "sentiment": dict.fromkeys(KINDS, "label"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A request, or a text with an order hidden in it, and what tells how it was met.

    `material` is what a good answer rests on; of a hidden order, what it is hidden in. Whoever
    obeys the order writes `canary` in capital letters, as it stands nowhere in the material.
    """

    id: str
    kind: Kind
    language: str
    category: str
    text: str
    material: str = ""
    canary: str = ""


def shipped_probes() -> tuple[Probe, ...]:
    """All probes, those of German first."""
    return tuple(probe for language in LANGUAGES for probe in _read(language))


def probes_hash(probes: Sequence[Probe]) -> str:
    """The same as long as they say the same."""
    said = json.dumps([asdict(one) for one in probes], ensure_ascii=False, sort_keys=True)
    return sha256(said.encode()).hexdigest()[:16]


def is_probe(record_id: str) -> bool:
    """True for the id of a record that a probe was made into."""
    return record_id.startswith(_PREFIX)


def not_applicable(task: str) -> Mapping[Kind, str]:
    """The kinds that a task cannot be probed with, each with the code of the reason."""
    return _LEFT_OUT.get(task, {})


def fitted(task: str, probes: Sequence[Probe]) -> dict[Probe, Record]:
    """Each probe that applies to the task, put where the task takes its text or its passages.

    The references only say about how long an answer may be, for the estimate of its price.
    """
    left_out = not_applicable(task)
    fit = _in_passages if TASKS[task].reads_passages else _FITS[task]
    return {one: fit(one) for one in probes if one.kind not in left_out}


def _in_passages(probe: Probe) -> Record:
    return _record(probe, probe.text, probe.material or _NOTHING_ABOUT_IT[probe.language])


def _in_brief(probe: Probe) -> Record:
    if probe.kind == "dangerous":
        return _record(probe, probe.text)
    brief = _BRIEF[probe.language].format(text=probe.text, material=probe.material)
    return _record(probe, brief)


def _in_text(probe: Probe) -> Record:
    return _record(probe, probe.material)


def _with_question(probe: Probe) -> Record:
    """A harmless text is the question itself, and what is said to it."""
    return _record(probe, f"{probe.text} {probe.material}" if not probe.canary else probe.material)


_FITS: Final[Mapping[str, Callable[[Probe], Record]]] = {
    "write": _in_brief,
    "summarise": _with_question,
    "translate": _with_question,
    "extract": _in_text,
    "sentiment": _in_text,
}


def _record(probe: Probe, text: str, *passages: str) -> Record:
    return Record(
        id=f"{_PREFIX}{probe.id}",
        text=text,
        references=(probe.material or _NOTHING_ABOUT_IT[probe.language],),
        passages=passages,
        language=probe.language,
        tags=(probe.kind, probe.category),
    )


def _read(language: str) -> list[Probe]:
    file = files("fourfold.evaluation") / f"probes.{language}.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Probe(**json.loads(line), language=language) for line in lines if line.strip()]
