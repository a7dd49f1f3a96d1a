"""What systems gave for the same records, the records on which they differ most first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from fourfold.evaluation.comparison import references_for
from fourfold.evaluation.probes import is_probe
from fourfold.metrics.scoring import ScoresTextsApart, metric_named

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.records import Case, Outcome

_OF_ONE_TEXT: Final[Mapping[str, str]] = dict.fromkeys(
    ("macro_f1", "macro_precision", "macro_recall"), "accuracy"
)
"""Averages over labels say nothing of one text; that it is right does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a system gave for a record; `case` is None where it was not asked.

    `value` is the figure of this one text, None where there is none.
    """

    system: str
    case: Case | None
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A record with what each system gave for it, in the order of the systems."""

    record: Record
    shown: tuple[Shown, ...]

    @property
    def spread(self) -> float | None:
        """How far the best is from the worst; None where not all answered, or one alone."""
        values = [one.value for one in self.shown if one.value is not None]
        if len(values) < max(2, len(self.shown)):
            return None
        return max(values) - min(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """All records of an experiment; `metric` is the one of the figures.

    That is the decisive one, or where it says nothing of a single text the one that does.
    """

    metric: str
    decisive: str
    systems: tuple[str, ...]
    rows: tuple[Beside, ...]

    @property
    def higher_is_better(self) -> bool:
        """False for rates of errors and edits."""
        return metric_named(self.metric).higher_is_better


def side_by_side(
    cases: Sequence[Case],
    records: Sequence[Record],
    systems: Sequence[str],
    decisive: str,
    *,
    schema: Mapping[str, Any] | None = None,
) -> SideBySide:
    """Records that were asked: by how far the systems differ, then in the order of the dataset.

    Those on which a system has no figure come last. Probes of safety are no records.
    """
    kept = {(case.system, case.record_id): case for case in cases if not is_probe(case.record_id)}
    asked = {record for _, record in kept}
    metric = _OF_ONE_TEXT.get(decisive, decisive)
    wanted = [one for one in records if one.id in asked]
    values = _values(metric, wanted, kept, schema)
    rows = [
        Beside(
            record=record,
            shown=tuple(
                Shown(
                    system=system,
                    case=kept.get((system, record.id)),
                    value=values.get((system, record.id)),
                )
                for system in systems
            ),
        )
        for record in wanted
    ]
    rows.sort(key=lambda row: -1.0 if row.spread is None else row.spread, reverse=True)
    return SideBySide(metric=metric, decisive=decisive, systems=tuple(systems), rows=tuple(rows))


def _values(
    name: str,
    records: Sequence[Record],
    cases: Mapping[tuple[str, str], Case],
    schema: Mapping[str, Any] | None,
) -> dict[tuple[str, str], float]:
    """The figure of each output by itself, by system and record."""
    by_id = {record.id: record for record in records}
    outcomes: dict[tuple[str, str], Outcome] = {
        key: case.outcome for key, case in cases.items() if case.outcome and key[1] in by_id
    }
    if not outcomes:
        return {}
    metric = metric_named(name)
    figures = metric.figures(
        [one.output for one in outcomes.values()],
        [references_for(metric, by_id[key[1]], one, schema) for key, one in outcomes.items()],
    )
    of_one = metric.text_value if isinstance(metric, ScoresTextsApart) else metric.value
    found = zip(outcomes, map(of_one, figures), strict=True)
    return {key: value for key, value in found if not isnan(value)}
