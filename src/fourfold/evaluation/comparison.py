"""From cases to a comparison: figures with intervals, tests between systems, slices, a choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fourfold.core.errors import InvalidInput
from fourfold.datasets.records import NOBODY_ANSWERED
from fourfold.evaluation.judge import JudgeMetric
from fourfold.evaluation.judging import JUDGE
from fourfold.evaluation.measured import (
    Comparison,
    Effort,
    Measured,
    Slice,
    Test,
)
from fourfold.metrics.base import averaged, mean
from fourfold.metrics.pairs import pair
from fourfold.metrics.quantiles import quantile_interval
from fourfold.metrics.resampling import Resampling, interval
from fourfold.metrics.scoring import Score, metric_named, score_figures, score_interval
from fourfold.metrics.statistics import Interval, holm

if TYPE_CHECKING:
    from fourfold.datasets import Record
    from fourfold.evaluation.judging import Marks
    from fourfold.evaluation.records import Case, Outcome
    from fourfold.metrics.base import Figures, Metric


def compare(
    cases: Sequence[Case],
    records: Sequence[Record],
    metrics: Sequence[str],
    how: Resampling,
    *,
    schema: Mapping[str, Any] | None = None,
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    effort: Effort | None = None,
    marks: Marks | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Score every system on the records that all of them answered, and test each pair.

    A system that answered none is left out; its cases say why. The marks of a judge become a score
    on the records of which all outputs could be marked; they decide nothing.

    `how` says seed, samples and confidence; clusters are those of the records. Raises
    `InvalidInput` when no record was answered by all.
    """
    outcomes = {(c.system, c.record_id): c.outcome for c in cases if c.outcome}
    systems = list(dict.fromkeys(case.system for case in cases if case.outcome))
    common = [one for one in records if all((name, one.id) in outcomes for name in systems)]
    if not systems or not common:
        raise _nothing(cases)
    how = _clustered(how, common)
    table = _Table(systems, common, outcomes, schema)
    scored = _Scored({name: {} for name in systems})
    for name in metrics:
        progress(name)
        metric = metric_named(name)
        scored.add(name, metric, table.figures(metric), how, references=table.counts(metric))
    if marks:
        _add_marks(scored, marks, table, how)
    return Comparison(
        metrics=(*metrics, *([JUDGE] if JUDGE in scored.scores[systems[0]] else [])),
        count=len(common),
        measured=tuple(
            replace(
                _measured(name, scored.scores[name], cases, common, how, effort),
                facts=(facts or {}).get(name, {}),
                judge_failed=marks.failed(name, records, outcomes) if marks else None,
            )
            for name in systems
        ),
        tests=tuple(scored.tests),
        slices=tuple(_slices(common, metric_named(metrics[0]), scored.decisive, how)),
        records=len(records),
    )


@dataclass(slots=True)
class _Scored:
    """Scores by system and metric, and the tests of each pair."""

    scores: dict[str, dict[str, Score]]
    tests: list[Test] = field(default_factory=list)
    decisive: Mapping[str, Figures] = field(default_factory=dict)  # figures of the first metric

    def add(
        self,
        name: str,
        metric: Metric,
        figures: Mapping[str, Figures],
        how: Resampling,
        *,
        references: int | None,
    ) -> None:
        """One metric, for all systems."""
        self.decisive = self.decisive or figures
        for system, own in figures.items():
            self.scores[system][name] = score_figures(metric, own, how, references=references)
        self.tests += _tests(name, metric, figures, how)


def _add_marks(scored: _Scored, marks: Marks, table: _Table, how: Resampling) -> None:
    """What a judge gave, on the records of which all outputs have a mark."""
    marked = marks.rows(table.systems, table.records, table.outcomes)
    if not marked:
        return
    rows = [table.records[row] for row in marked]
    figures = {name: marks.figures(name, rows, table.outcomes) for name in table.systems}
    judged = JudgeMetric(marks.signature)
    scored.add(JUDGE, judged, figures, _of_rows(how, marked), references=None)


def _nothing(cases: Sequence[Case]) -> InvalidInput:
    failed = [f"{one.system}: {one.error_message}" for one in cases if not one.outcome]
    return InvalidInput(
        "There is nothing to compare: no record was answered by all systems.",
        hint=f"What failed first: {failed[0] if failed else 'nothing was asked'}",
    )


@dataclass(slots=True)
class _Table:
    """Outputs and references, record by record."""

    systems: Sequence[str]
    records: Sequence[Record]
    outcomes: Mapping[tuple[str, str], Outcome]
    schema: Mapping[str, Any] | None

    def figures(self, metric: Metric) -> dict[str, Figures]:
        """What the metric needs of each record, by system; the columns mean the same for all."""
        outcomes = [
            self.outcomes[system, record.id] for system in self.systems for record in self.records
        ]
        wanted = [
            references_for(metric, record, outcome, self.schema)
            for record, outcome in zip([*self.records] * len(self.systems), outcomes, strict=True)
        ]
        rows = metric.figures([outcome.output for outcome in outcomes], wanted)
        count = len(self.records)
        return {
            system: rows[place * count : (place + 1) * count]
            for place, system in enumerate(self.systems)
        }

    def counts(self, metric: Metric) -> int | None:
        """How many references each record has, None where it varies."""
        if metric.name in {"citation_support", "json_valid"}:
            return 1
        numbers = {len(record.references) for record in self.records}
        return numbers.pop() if len(numbers) == 1 else None


def references_for(
    metric: Metric, record: Record, outcome: Outcome, schema: Mapping[str, Any] | None
) -> Sequence[str]:
    """What the metric holds an output against: not always what a person released."""
    if metric.name == "citation_support":
        return ["\n".join(outcome.evidence)]
    if metric.name == "json_valid" and schema is not None:
        return [json.dumps(schema)]
    return record.references


def _tests(
    name: str, metric: Metric, figures: Mapping[str, Figures], how: Resampling
) -> list[Test]:
    """Each pair of systems by one metric, corrected for their number."""
    systems = list(figures)
    pairs = [(a, b) for place, a in enumerate(systems) for b in systems[place + 1 :]]
    found = [pair(metric, figures[a], figures[b], how) for a, b in pairs]
    corrected = holm([one.p for one in found])
    return [
        Test(
            metric=name,
            a=a,
            b=b,
            difference=one.difference,
            p=p,
            p_raw=one.p,
            detectable=one.detectable,
            method=one.method,
        )
        for (a, b), one, p in zip(pairs, found, corrected, strict=True)
    ]


def _slices(
    records: Sequence[Record], metric: Metric, figures: Mapping[str, Figures], how: Resampling
) -> list[Slice]:
    """Languages first, then tags; a slice that is the whole set says nothing new."""
    names = dict.fromkeys(
        [f"language: {one.language}" for one in records if one.language]
        + [tag for one in records for tag in one.tags]
    )
    found = []
    for name in names:
        rows = [n for n, one in enumerate(records) if _belongs(one, name)]
        if len(rows) == len(records):
            continue
        within = _of_rows(how, rows)
        scores = {
            system: score_interval(metric, own[rows], within) for system, own in figures.items()
        }
        found.append(Slice(name=name, count=len(rows), scores=scores))
    return found


def _belongs(record: Record, name: str) -> bool:
    return f"language: {record.language}" == name or name in record.tags


def _measured(
    system: str,
    scores: Mapping[str, Score],
    cases: Sequence[Case],
    common: Sequence[Record],
    how: Resampling,
    effort: Effort | None,
) -> Measured:
    import numpy as np

    from fourfold.metrics.effort import money

    own = [case for case in cases if case.system == system]
    by_record = {case.record_id: case.outcome for case in own if case.outcome}
    outcomes = [by_record[record.id] for record in common]
    seconds = [outcome.seconds for outcome in outcomes]
    half, most = (quantile_interval(seconds, share, how) for share in (0.5, 0.95))
    first = _first_text(outcomes, how)
    failed = [case.error_code for case in own if case.error_code]
    minutes = _minutes(outcomes, common, effort, how)
    return Measured(
        system=system,
        scores=scores,
        cost_per_1000=_cost(outcomes, how),
        seconds_p50=half.value,
        seconds_p95=most.value,
        seconds_p50_interval=half,
        seconds_p95_interval=most,
        first_text_seconds_p50=first.value if first else None,
        first_text_seconds_p50_interval=first,
        prompt_tokens=float(np.mean([outcome.usage.prompt_tokens for outcome in outcomes])),
        completion_tokens=float(np.mean([outcome.usage.completion_tokens for outcome in outcomes])),
        answered=sum(case.outcome is not None for case in own),
        refused=sum(outcome.output == NOBODY_ANSWERED for outcome in outcomes),
        failed={code: failed.count(code) for code in dict.fromkeys(failed)},
        minutes_per_1000=minutes,
        correction_cost_per_1000=money(minutes, per_hour=effort.per_hour, currency=effort.currency)
        if effort and minutes and effort.per_hour is not None
        else None,
    )


def _first_text(outcomes: Sequence[Outcome], how: Resampling) -> Interval | None:
    """Half of the waits for the first words are shorter, where there were words to wait for."""
    began = [outcome.first_text_seconds for outcome in outcomes]
    rows = [row for row, seconds in enumerate(began) if seconds is not None]
    seconds = [one for one in began if one is not None]
    return quantile_interval(seconds, 0.5, _of_rows(how, rows)) if rows else None


def _minutes(
    outcomes: Sequence[Outcome], records: Sequence[Record], effort: Effort | None, how: Resampling
) -> Score | None:
    """Minutes of correcting for 1,000 outputs like these into the first reference of each."""
    from fourfold.metrics.effort import effort as measured_effort

    if effort is None:
        return None
    drafts = [outcome.output for outcome in outcomes]
    released = [record.references[0] for record in records]
    return measured_effort(drafts, released, effort.timed, how)


def _cost(outcomes: Sequence[Outcome], how: Resampling) -> Interval | None:
    costs = [outcome.usage.cost_usd for outcome in outcomes]
    priced = [1000 * cost for cost in costs if cost is not None]
    if len(priced) < len(costs):
        return None
    return interval(averaged(priced), mean, how)


def _clustered(how: Resampling, records: Sequence[Record]) -> Resampling:
    """Records of one cluster are drawn together; others stand alone."""
    if not any(record.cluster for record in records):
        return how
    clusters = [record.cluster or f"only {record.id}" for record in records]
    return replace(how, clusters=clusters)


def _of_rows(how: Resampling, rows: Sequence[int]) -> Resampling:
    clusters = None if how.clusters is None else [how.clusters[row] for row in rows]
    return replace(how, clusters=clusters)
