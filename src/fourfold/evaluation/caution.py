"""What makes a choice weak: few records, many that not all answered, or nothing that is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

from fourfold.evaluation.measured import Comparison, Measured, scale_of
from fourfold.metrics.bootstrap import FEWEST_UNITS
from fourfold.metrics.scoring import metric_named

ENOUGH_ANSWERED: Final = 0.9
"""Of the records: with fewer, those that are left may be the easy ones."""

FEWEST_RECORDS: Final = 40
"""Below, an interval of a share is wider than 0.3. Source: Wilson's, at a half."""

_EDITS: Final = frozenset({"hter", "ter"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A weakness by its name, with what it names, and in English."""

    code: str
    text: str
    values: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {"code": self.code, "text": self.text, "values": dict(self.values)}


def warnings(
    comparison: Comparison, best: str, others: Sequence[str], margin: float
) -> Iterator[Warned]:
    """The weaknesses of a choice; `margin` is the difference that matters.

    `others` are those that are not shown to be worse than the best.
    """
    count = comparison.count
    records = "1 record is" if count == 1 else f"{count} records are"
    shown = smallest_shown(comparison, best, others)
    if count < FEWEST_UNITS:
        yield Warned(
            code="too_few",
            text=f"{records} too few to choose: below {FEWEST_UNITS} no mean has an interval.",
            values={"count": count, "fewest": FEWEST_UNITS},
        )
    elif shown is not None and (shown > margin or count < FEWEST_RECORDS):
        yield Warned(
            code="few_records",
            text=f"{records} enough to show differences from {shown:.2g} on, for the least sure "
            f"pair; {margin:g} would matter.",
            values={"count": count, "detectable": shown, "relevant": margin},
        )
    elif shown is None and count < FEWEST_RECORDS:
        yield Warned(
            code="few_records_only",
            text=f"{records} few: fewer than {FEWEST_RECORDS}.",
            values={"count": count, "fewest": FEWEST_RECORDS},
        )
    if comparison.records and count < ENOUGH_ANSWERED * comparison.records:
        yield Warned(
            code="few_compared",
            text=f"Only {count} of {comparison.records} records were answered by all systems.",
            values={"count": count, "records": comparison.records},
        )
    for one in comparison.measured:
        if comparison.records and one.answered < ENOUGH_ANSWERED * comparison.records:
            yield Warned(
                code="few_answered",
                text=f"`{one.system}` answered {one.answered} of {comparison.records} records.",
                values={
                    "model": one.system,
                    "count": one.answered,
                    "records": comparison.records,
                },
            )


def nothing_right(chosen: Measured, metric: str) -> Iterator[Warned]:
    """A choice of no use: the lowest figure that there is, or as many edits as a text has words."""
    value = chosen.scores[metric].interval.value
    if metric in _EDITS and value >= scale_of(metric):
        yield Warned(
            code="nothing_right",
            text=f"`{chosen.system}` has {metric} {value:.3g}: writing it anew takes no more edits "
            "than correcting it.",
            values={},
        )
    elif metric_named(metric).higher_is_better and value <= 0:
        yield Warned(
            code="nothing_right",
            text=f"`{chosen.system}` has {metric} 0: nothing came out right.",
            values={},
        )


def baseline_taken(chosen: Measured, allowed: Sequence[Measured]) -> Iterator[Warned]:
    """A choice that is no model, and whether models were measured beside it."""
    if chosen.facts.get("kind") != "baseline":
        return
    models = [one for one in allowed if one.facts.get("kind") != "baseline"]
    beside = " No model here is measurably better." if models else ""
    yield Warned(
        code="baseline_taken" if models else "baseline_alone",
        text=f"`{chosen.system}` is no model: it gives back what stands in the text and the "
        f"examples.{beside} Read some of its outputs before you do without a model.",
        values={"model": chosen.system},
    )


def smallest_shown(comparison: Comparison, best: str, others: Sequence[str]) -> float | None:
    """What the tests of these beside the best could show, for the least sure pair; None where
    none tells.
    """
    seen = [
        test.detectable
        for test in (comparison.test(best, one) for one in others)
        if not isnan(test.detectable)
    ]
    return max(seen, default=None)
