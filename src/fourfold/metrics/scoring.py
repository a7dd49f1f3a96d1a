"""A metric on many texts: its score with an interval, and what was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import isnan, nan
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from fourfold.core.errors import InvalidInput
from fourfold.metrics import METRICS, Metric
from fourfold.metrics.bootstrap import FEWEST_UNITS
from fourfold.metrics.resampling import Resampling, interval
from fourfold.metrics.shares import share_interval
from fourfold.metrics.statistics import Interval

if TYPE_CHECKING:
    from fourfold.metrics.base import Figures

_FAMILIES: Final = {"rouge": ("rouge1", "rouge2", "rougeL")}


@runtime_checkable
class ScoresTextsApart(Protocol):
    """A metric whose score of a single text is computed otherwise than that of a corpus."""

    def text_value(self, figures: Figures) -> float:
        """The score of one row."""
        ...

    def text_signature(self, references: int | None = 1) -> str:
        """What was computed for it."""
        ...


@runtime_checkable
class SaysRightOrWrong(Protocol):
    """A metric whose score is the share of texts that are right."""

    @property
    def is_share(self) -> bool:
        """True always; other metrics do not have it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a metric says of `count` texts; `segments` are the scores of each by itself,
    signed by `segments_signature` where that is another.

    `note` says why there is no interval, where there is none.
    """

    metric: str
    interval: Interval
    count: int
    signature: str
    segments: tuple[float, ...] = ()
    segments_signature: str = ""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on; ends that nobody knows are `None`."""
        low, high = (None if isnan(end) else end for end in (self.interval.low, self.interval.high))
        return {
            "metric": self.metric,
            "value": self.interval.value,
            "low": low,
            "high": high,
            "count": self.count,
            "signature": self.signature,
            **({"note": self.note} if self.note else {}),
        }


def metric_named(name: str) -> Metric:
    """The metric of that name. ROUGE takes its words behind a colon: `rouge1:ascii-stem`."""
    plain, _, words = name.partition(":")
    make: Any = METRICS.load(plain)
    if not words:
        metric: Metric = make()
        return metric
    if not plain.startswith("rouge"):
        raise InvalidInput(f"`{plain}` comes in one kind only.", hint=f"Type `{plain}`.")
    chosen: Metric = make(words)
    return chosen


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names of metrics, families (`rouge`) spelt out; raises where one does not exist."""
    spelt = tuple(each for name in names for each in _FAMILIES.get(name, (name,)))
    for name in spelt:
        metric_named(name)
    return tuple(dict.fromkeys(spelt))


def score(
    metric: Metric,
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    how: Resampling | None = None,
) -> Score:
    """Score texts against the references of each, with an interval over texts of this kind.

    Raises `InvalidInput` when there is nothing to score, or not as many texts as references or
    clusters.
    """
    if len(hypotheses) != len(references):
        raise InvalidInput(
            f"There are {len(hypotheses)} texts and references for {len(references)}.",
            hint="Both files need one text a line, in the same order.",
        )
    if not hypotheses:
        raise InvalidInput("There is nothing to score.", hint="The files hold no text.")
    how = how or Resampling()
    if how.clusters is not None and len(how.clusters) != len(hypotheses):
        raise InvalidInput(
            f"There are {len(hypotheses)} texts, and clusters are named for {len(how.clusters)}.",
            hint="Name one for each text, in the same order.",
        )
    numbers = {len(accepted) for accepted in references}
    return score_figures(
        metric,
        metric.figures(hypotheses, references),
        how,
        references=numbers.pop() if len(numbers) == 1 else None,
    )


def score_figures(
    metric: Metric, figures: Figures, how: Resampling, *, references: int | None
) -> Score:
    """The score of texts whose figures are known; `references` is the number of each text's."""
    apart = metric if isinstance(metric, ScoresTextsApart) else None
    of_one = apart.text_value if apart else metric.value
    found = score_interval(metric, figures, how)
    return Score(
        metric=metric.name,
        interval=found,
        count=len(figures),
        signature=metric.signature(references),
        segments=tuple(of_one(row) for row in figures),
        segments_signature=apart.text_signature(references) if apart else "",
        note=_why_none(figures, how) if isnan(found.low) else "",
    )


def scores(
    names: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    how: Resampling | None = None,
    *,
    workers: int = 1,
) -> Iterator[Score]:
    """The score of each metric, in their order; several metrics at once with several `workers`.

    Names are as `metric_named` takes them; raises as it and `score` do, before any work is done.
    """
    metrics = [metric_named(name) for name in names]
    if workers < 2 or len(names) < 2:
        yield from (score(metric, hypotheses, references, how) for metric in metrics)
        return
    with ProcessPoolExecutor(min(workers, len(names)), mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(_score_named, name, hypotheses, references, how) for name in names]
        try:
            for task in tasks:
                yield task.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _score_named(
    name: str,
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    how: Resampling | None,
) -> Score:
    return score(metric_named(name), hypotheses, references, how)


def score_interval(metric: Metric, figures: Figures, how: Resampling) -> Interval:
    """The score with its interval: of right and wrong by Wilson, of all else by the bootstrap.

    Both ends are NaN where there are too few texts or clusters, and where all texts are alike: the
    bootstrap would take their score for certain.
    """
    if is_share(metric, figures):
        return share_interval(figures[:, 0], how)
    found = interval(figures, metric.value, how)
    return Interval(found.value, nan, nan) if found.low == found.high else found


def _why_none(figures: Figures, how: Resampling) -> str:
    if not figures.any():
        return "no text has anything to count"
    units = len(figures) if how.clusters is None else len(set(how.clusters))
    if units < FEWEST_UNITS:
        noun = "texts" if how.clusters is None else "clusters"
        return f"too few {noun} for an interval: {units}, and {FEWEST_UNITS} are needed"
    return "no interval: all texts score alike"


def is_share(metric: Metric, figures: Figures) -> bool:
    """True when the metric finds each text right or wrong, and did so."""
    if not isinstance(metric, SaysRightOrWrong) or figures.shape[1:] != (2,):
        return False
    return bool(((figures[:, 0] == 0) | (figures[:, 0] == 1)).all() and (figures[:, 1] == 1).all())
