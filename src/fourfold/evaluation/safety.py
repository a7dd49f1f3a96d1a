"""How systems met the probes of safety: shares with intervals, tests of pairs, the worst answers.

A smoke test: it shows a system that plainly goes along, refuses too much or obeys its material. A
good figure certifies nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from fourfold.evaluation.probes import KINDS, SET_VERSION, WHY_NOT, Kind, Probe, probes_hash
from fourfold.evaluation.verdicts import GOOD, METHOD, Verdict, verdict
from fourfold.metrics.statistics import holm, mcnemar_exact, wilson

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case

NOT_TESTED: Final[Mapping[str, Any]] = {
    "tested": False,
    "because": "Safety was not tested: run the comparison with --safety.",
}
_FEWEST_PAIRS: Final = 10  # fewer could show a difference only if nearly all of them differed
_SHOWN: Final = 3  # findings of each kind and system
_ASKED_CHARACTERS, _ANSWER_CHARACTERS = 200, 400  # of a finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """How a system met a probe."""

    system: str
    probe: Probe
    verdict: Verdict
    answer: str
    asked_model: bool  # False where the application ended it, or has no model
    exchanges: tuple[str, ...]  # ids, under which the whole transcript is kept

    @property
    def is_good(self) -> bool | None:
        """None for what cannot be judged: an unusable answer, or none."""
        if self.verdict in ("unusable", "failed"):
            return None
        return self.verdict == GOOD[self.probe.kind]

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "model": self.system,
            "probe": self.probe.id,
            "kind": self.probe.kind,
            "language": self.probe.language,
            "category": self.probe.category,
            "verdict": self.verdict,
            "asked_model": self.asked_model,
            "asked": self.probe.text,
            "answer": self.answer,
            "exchanges": list(self.exchanges),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What a comparison found; `guards` are those of the application, which were at work."""

    met: tuple[Met, ...]
    guards: Mapping[str, Sequence[str]]
    left_out: Mapping[Kind, str]  # kinds that the task cannot be probed with: codes of `WHY_NOT`

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        probes = list(dict.fromkeys(one.probe for one in self.met))
        systems = list(dict.fromkeys(one.system for one in self.met))
        return {
            "tested": True,
            "set": {
                "version": SET_VERSION,
                "hash": probes_hash(probes),
                "probes": len(probes),
                "languages": sorted({one.language for one in probes}),
            },
            "method": METHOD,
            "guards": {name: list(names) for name, names in self.guards.items()},
            "not_applicable": [
                {"kind": kind, "code": code, "because": WHY_NOT[code]}
                for kind, code in self.left_out.items()
            ],
            "models": [self._system(name) for name in systems],
            "tests": self._tests(systems),
            "answers": [one.as_json() for one in self.met],
        }

    def _system(self, name: str) -> dict[str, Any]:
        own = [one for one in self.met if one.system == name]
        dangerous = [one for one in own if one.probe.kind == "dangerous"]
        return {
            "model": name,
            "kinds": _by(own, lambda one: one.probe.kind),
            "languages": {
                language: _by(of_language, lambda one: one.probe.kind)
                for language, of_language in _groups(own, lambda one: one.probe.language).items()
            },
            "categories": _by(dangerous, lambda one: one.probe.category),
            "findings": _findings(own),
        }

    def _tests(self, systems: Sequence[str]) -> list[dict[str, Any]]:
        """Each pair by each kind, corrected within the kind for the number of pairs (Holm)."""
        good = {(one.system, one.probe.id): one.is_good for one in self.met}
        found = []
        for kind in KINDS:
            ids = dict.fromkeys(one.probe.id for one in self.met if one.probe.kind == kind)
            pairs = [
                pair
                for a, b in combinations(systems, 2)
                if (pair := _pair(kind, a, b, [(good.get((a, i)), good.get((b, i))) for i in ids]))
            ]
            corrected = holm([pair["p_raw"] for pair in pairs])
            found += [{**pair, "p": p} for pair, p in zip(pairs, corrected, strict=True)]
        return found


def assess(
    cases: Sequence[Case],
    records: Mapping[Probe, Record],
    *,
    guards: Mapping[str, Sequence[str]],
    left_out: Mapping[Kind, str],
) -> Safety:
    """Judge what each system gave for each probe."""
    probes = {record.id: probe for probe, record in records.items()}
    met = [
        Met(
            system=case.system,
            probe=probe,
            verdict=verdict(probe, records[probe], case),
            answer=_answer(case),
            asked_model=bool(case.exchanges),
            exchanges=tuple(one.id for one in case.exchanges),
        )
        for case in cases
        if (probe := probes.get(case.record_id))
    ]
    return Safety(met=tuple(met), guards=guards, left_out=left_out)


def summary(safety: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a safety check without all answers, for the chain of evidence."""
    return {name: value for name, value in safety.items() if name != "answers"}


def _answer(case: Case) -> str:
    """What came out; where the application refused, what the model had written, if it was asked."""
    if case.outcome is None:
        return case.error_message
    if case.outcome.refused or case.error_code:
        return case.exchanges[-1].text if case.exchanges else ""
    return case.outcome.output


def _by(met: Sequence[Met], key: Callable[[Met], str]) -> dict[str, dict[str, Any]]:
    return {name: _share(group) for name, group in _groups(met, key).items()}


def _groups(met: Iterable[Met], key: Callable[[Met], str]) -> dict[str, list[Met]]:
    groups: dict[str, list[Met]] = {}
    for one in met:
        groups.setdefault(key(one), []).append(one)
    return groups


def _share(met: Sequence[Met]) -> dict[str, Any]:
    """Good ones among those that can be judged, with Wilson's interval of 95 %."""
    judged = [one.is_good for one in met if one.is_good is not None]
    interval = wilson(sum(judged), len(judged))
    return {
        "cases": len(met),
        "judged": len(judged),
        "good": sum(judged),
        "share": interval.value if judged else None,
        "low": interval.low,
        "high": interval.high,
        "unusable": sum(one.verdict == "unusable" for one in met),
        "failed": sum(one.verdict == "failed" for one in met),
        "unasked": sum(not one.asked_model for one in met),
    }


def _findings(met: Sequence[Met]) -> list[dict[str, Any]]:
    """The first bad answers of each kind, shortened."""
    bad = [one for one in met if one.is_good is False]
    shown = [one for kind in KINDS for one in [b for b in bad if b.probe.kind == kind][:_SHOWN]]
    return [
        {
            "probe": one.probe.id,
            "kind": one.probe.kind,
            "language": one.probe.language,
            "category": one.probe.category,
            "verdict": one.verdict,
            "asked_model": one.asked_model,
            "asked": _shortened(one.probe.text, _ASKED_CHARACTERS),
            "answer": _shortened(one.answer, _ANSWER_CHARACTERS),
        }
        for one in shown
    ]


def _shortened(text: str, characters: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= characters else f"{plain[: characters - 1].rstrip()}…"


def _pair(
    kind: str, a: str, b: str, good: Sequence[tuple[bool | None, bool | None]]
) -> dict[str, Any] | None:
    """Whether two systems differ on the probes that both answered; None where those are too few."""
    both = [(ours, theirs) for ours, theirs in good if ours is not None and theirs is not None]
    if len(both) < _FEWEST_PAIRS:
        return None
    only_a = sum(ours and not theirs for ours, theirs in both)
    only_b = sum(theirs and not ours for ours, theirs in both)
    return {
        "kind": kind,
        "a": a,
        "b": b,
        "count": len(both),
        "only_a": only_a,
        "only_b": only_b,
        "p_raw": mcnemar_exact(only_a, only_b),
        "method": "exact McNemar",
    }
