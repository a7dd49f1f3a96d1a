"""Ranks models by published results that say something about a task, and says how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fourfold.catalogue.records import CatalogueModel, Result

_MIDDLE: Final = 0.5
_WEIGHT: Final = 2.0  # that many results at the middle are added to those that a model has
_FEW: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a model ranks by `counted`, of `possible` benchmarks that fit the task.

    `plain_mean` is the mean place among all models with a result in the same benchmark, from 0
    (last) to 1 (first). `value` is that mean shrunk towards the middle: (sum of places + 2 × 0.5)
    / (number + 2), a mean with two results at the middle added (a Bayesian average). One
    first place counts 0.67, five count 0.86: who is first once is not ahead of who is good always.
    """

    counted: tuple[Result, ...]
    possible: int
    plain_mean: float

    @property
    def value(self) -> float:
        """The place that models are sorted by."""
        number = len(self.counted)
        return (self.plain_mean * number + _MIDDLE * _WEIGHT) / (number + _WEIGHT)

    @property
    def rests_on_few(self) -> bool:
        """True below three benchmarks: a hint at most."""
        return len(self.counted) < _FEW


def fits(models: Iterable[CatalogueModel], task: str) -> dict[str, Fit]:
    """How each model ranks that has a result in a benchmark which fits the task.

    A benchmark counts when at least two models have a result in it. Of several results of a model
    in one benchmark the first counts: the publisher's own setting stands first in the data.
    """
    best = {model.name: _first_of_each(model.results, task) for model in models}
    places = _places(best)
    possible = len({benchmark for found in places.values() for benchmark in found})
    return {
        name: Fit(
            counted=tuple(best[name][benchmark] for benchmark in found),
            possible=possible,
            plain_mean=sum(found.values()) / len(found),
        )
        for name, found in places.items()
    }


def _first_of_each(results: Iterable[Result], task: str) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for one in results:
        if task in one.benchmark.tasks:
            found.setdefault(one.benchmark.id, one)
    return found


def _places(best: Mapping[str, Mapping[str, Result]]) -> dict[str, dict[str, float]]:
    """Of each model and benchmark the place among all with a result, 1 for the first."""
    values: dict[str, list[float]] = {}
    for found in best.values():
        for benchmark, result in found.items():
            values.setdefault(benchmark, []).append(result.value)
    return {
        name: {
            benchmark: sum(other < result.value for other in values[benchmark])
            / (len(values[benchmark]) - 1)
            for benchmark, result in found.items()
            if len(values[benchmark]) > 1
        }
        for name, found in best.items()
        if any(len(values[benchmark]) > 1 for benchmark in found)
    }
