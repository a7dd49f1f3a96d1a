"""What a comparison found, as an entry of the evidence holds it and a report asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.measured import is_significant, scale_of
from fourfold.evaluation.permission import Permission, permission, places
from fourfold.evidence import Entry
from fourfold.metrics.scoring import metric_named

DOLLARS: Final = "USD"
OPTIONS: Final = 3
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OF_LABELS: Final = {"accuracy", "macro_precision", "macro_recall", "macro_f1"}
_OF_EDITS: Final = {"hter", "ter"}
_WRONG_FORM: Final = ("invalid_output", "model_filtered", "context_too_long")

Figure = Mapping[str, Any]
"""A value with its interval: `value`, `low`, `high`; the ends may be None."""


@dataclass(frozen=True, slots=True)
class System:
    """One system of the comparison: its figures, and what is known of it."""

    body: Mapping[str, Any]
    letter: str  # under which pictures and tables show it

    @property
    def name(self) -> str:
        """As the project calls it."""
        return str(self.body["model"])

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of it beside its figures."""
        return self.body.get("facts") or {}

    @property
    def kind(self) -> str:
        """`baseline`, `weights` or `remote`; empty where the answers were imported."""
        return str(self.facts.get("kind", ""))

    @property
    def known(self) -> Mapping[str, Any]:
        """What the catalogue says of it; empty where it is not in it."""
        return self.facts.get("catalogue") or {}

    @property
    def licence(self) -> Mapping[str, Any]:
        """The verdict on its licence; empty for the baseline."""
        return self.facts.get("licence") or {}

    @property
    def permission(self) -> Permission:
        """Whether it may be taken."""
        return permission(self.name, self.facts)

    @property
    def places(self) -> Sequence[str]:
        """Regions in which it can process data, `own` for one's own machine; empty: unknown."""
        return places(self.facts)

    @property
    def title(self) -> str:
        """What its maker calls it, else its name."""
        return str(self.known.get("title") or self.name)

    @property
    def is_local(self) -> bool:
        """True when it was run on the machine that compared."""
        return self.kind in {"baseline", "weights"}

    @property
    def scores(self) -> Mapping[str, Figure]:
        """By metric."""
        found: Mapping[str, Figure] = self.body["scores"]
        return found

    @property
    def cost(self) -> float | None:
        """US dollars of the provider for 1,000 tasks; None when nobody knows."""
        found: float | None = self.body["cost_per_1000"]
        return found

    @property
    def minutes(self) -> Figure | None:
        """Of correcting 1,000 outputs, where corrections were timed."""
        return self.body.get("minutes_per_1000")

    @property
    def people(self) -> Figure | None:
        """What that correcting costs, where an hour has a price."""
        return self.body.get("correction_cost_per_1000")

    @property
    def wrong_form(self) -> int:
        """Outputs that were not in the form asked for."""
        return sum(self.body["failed"].get(code, 0) for code in _WRONG_FORM)

    @property
    def failures(self) -> int:
        """Records that it could not be asked."""
        return int(sum(self.body["failed"].values())) - self.wrong_form


class Found:
    """A comparison. Raises `InvalidInput` for an entry that is none."""

    def __init__(self, entry: Entry, *, rate: float | None = None) -> None:
        if entry.kind not in {"comparison", "import"}:
            raise InvalidInput(f"Entry {entry.number} is a {entry.kind}, not a comparison.")
        self.entry = entry
        self.rate = rate  # of a US dollar in the currency in which people are paid, as stated
        self.body: Mapping[str, Any] = entry.body
        self.metrics: Sequence[str] = self.body["metrics"]
        self.decisive = self.metrics[0]
        self.choice: Mapping[str, Any] = self.body["recommendation"]

    @cached_property
    def systems(self) -> Sequence[System]:
        """The recommended one first, then the best, the one until then, and the others by score."""
        bodies = {one["model"]: one for one in self.body["models"]}
        ranked = sorted(bodies, key=lambda name: self._rank(bodies[name]))
        wanted = [self.chosen_name, self.choice["best"], self.choice.get("otherwise"), *ranked]
        names = dict.fromkeys(name for name in wanted if name in bodies)
        letters = [*_LETTERS, *(str(n) for n in range(1, len(names) + 1))]
        return [System(bodies[name], letter) for name, letter in zip(names, letters, strict=False)]

    @property
    def is_import(self) -> bool:
        """True when another tool made the answers, and only the scores are ours."""
        return self.entry.kind == "import"

    @property
    def files(self) -> Sequence[Mapping[str, Any]]:
        """Those that an import read: `file`, `sha256`, `tool`."""
        found: Sequence[Mapping[str, Any]] = (self.body.get("imported") or {}).get("files", [])
        return found

    @property
    def is_alone(self) -> bool:
        """True when there is nothing to choose from."""
        return len(self.systems) == 1

    @property
    def has_waits(self) -> bool:
        """True when it is known how long a system takes; other tools may not say it."""
        names = ("seconds_p95", "seconds_p50")
        return any(one.body[name] is not None for one in self.systems for name in names)

    @property
    def chosen_name(self) -> str | None:
        """None where no system may be taken: older entries may name one that is forbidden."""
        name: str | None = self.choice["model"]
        facts = {one["model"]: one.get("facts") or {} for one in self.body["models"]}
        return None if name is None or permission(name, facts[name]).forbidden else name

    @property
    def chosen(self) -> System | None:
        """The recommended system."""
        name = self.chosen_name
        return None if name is None else self.of(name)

    def of(self, name: str) -> System:
        """The system of that name."""
        return next(one for one in self.systems if one.name == name)

    @property
    def options(self) -> Sequence[System]:
        """Those that stand on the first page."""
        return self.systems[:OPTIONS]

    @property
    def others(self) -> Sequence[System]:
        """Those that may be taken beside the recommended one."""
        return [one for one in self.systems if one.name != self.chosen_name and self.may(one)]

    def may(self, one: System) -> bool:
        """Whether a system may be taken at all."""
        return not one.permission.forbidden

    def rung(self, one: System) -> Mapping[str, Any] | None:
        """How it stands beside the best; None for the best and for those that may not be taken."""
        found = [rung for rung in self.choice["others"] if rung["model"] == one.name]
        return found[0] if found else None

    def holds(self, one: System) -> bool:
        """True for the best, and for those that are not worse than it."""
        rung = self.rung(one)
        return bool(rung["holds"]) if rung else one.name == self.choice["best"]

    def test(self, metric: str, a: System, b: System) -> Mapping[str, Any] | None:
        """The test of two systems by a metric."""
        for test in self.body["tests"]:
            if test["metric"] == metric and {test["a"], test["b"]} == {a.name, b.name}:
                return test  # type: ignore[no-any-return]
        return None

    def surely_differ(self, one: System, other: System) -> bool:
        """True when it is shown that two systems leave unlike much to correct.

        By the test of the edits; where none was made, by minutes whose intervals lie apart.
        """
        for metric in _OF_EDITS & set(self.metrics):
            if test := self.test(metric, one, other):
                return is_significant(test["p"])
        return _apart(one.minutes, other.minutes)

    @property
    def detectable(self) -> float | None:
        """What the least sure test of the best could show, beside those not plainly worse."""
        seen = [
            test["detectable"]
            for rung in self.choice["others"]
            if rung["holds"] or not is_significant(rung["p"])
            if (
                test := self.test(
                    self.decisive, self.of(self.choice["best"]), self.of(rung["model"])
                )
            )
        ]
        return max((one for one in seen if one is not None), default=None)

    @property
    def relevant(self) -> float:
        """The smallest difference that matters, in the units of the decisive metric."""
        return float(self.body["relevant"]) * scale_of(self.decisive)

    @property
    def is_of_labels(self) -> bool:
        """True where a person would not correct a text but choose another label."""
        return self.decisive in _OF_LABELS or self.body["task"] == "sentiment"

    @property
    def is_timed(self) -> bool:
        """True when corrections were timed, and there are texts to correct."""
        return not self.is_of_labels and all(one.minutes for one in self.systems)

    @property
    def is_priced(self) -> bool:
        """True when a system costs money."""
        return any(one.cost for one in self.systems)

    @cached_property
    def calibration(self) -> Mapping[str, str]:
        """How minutes and money were reckoned: `timed`, `per_hour`, `currency` and the like."""
        made = self.systems[0].people or self.systems[0].minutes or {}
        parts = str(made.get("signature", "")).split("|")
        return dict(part.split(":", 1) for part in parts if ":" in part)

    @property
    def currency(self) -> str:
        """In which people are paid; empty where an hour has no price."""
        return self.calibration.get("currency", "")

    def in_people_money(self, dollars: float) -> float | None:
        """In the currency in which people are paid; None without a stated rate."""
        if self.currency == DOLLARS:
            return dollars
        return None if self.rate is None or not self.currency else dollars * self.rate

    def together(self, one: System) -> Figure | None:
        """Model and people for 1,000 tasks; None where they cannot be added up honestly."""
        if self.is_of_labels or not one.people or one.cost is None:
            return None
        cost = self.in_people_money(one.cost)
        ends = one.body["cost_per_1000_interval"] or {}
        if cost is None:
            return None
        return {
            "value": cost + one.people["value"],
            **{end: _sum(self, ends.get(end), one.people[end]) for end in ("low", "high")},
        }

    def _rank(self, one: Mapping[str, Any]) -> tuple[bool, float]:
        """Those that may be taken first, then the best score."""
        sign = -1 if is_better_higher(self.decisive) else 1
        barred = permission(one["model"], one.get("facts") or {}).forbidden
        return barred, sign * one["scores"][self.decisive]["value"]


def is_better_higher(metric: str) -> bool:
    """False for rates of errors and edits; a judge's marks are better when they are higher."""
    return metric == "judge" or metric_named(metric).higher_is_better


def _apart(one: Figure | None, other: Figure | None) -> bool:
    """True when two intervals have nothing in common."""
    ends = [
        float(figure[end])
        for figure in (one or {}, other or {})
        for end in ("low", "high")
        if figure.get(end) is not None
    ]
    if len(ends) < 4:
        return False
    low, high, other_low, other_high = ends
    return high < other_low or other_high < low


def _sum(found: Found, dollars: float | None, people: float | None) -> float | None:
    """Of two ends: their interval is wider than one of the sum, never narrower."""
    model = None if dollars is None else found.in_people_money(dollars)
    return None if model is None or people is None else model + people
