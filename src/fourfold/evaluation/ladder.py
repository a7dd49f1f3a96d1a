"""Down the sizes of a family: the smallest that holds beside the largest, and what it saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fourfold.evaluation.choice import RELEVANT
from fourfold.evaluation.measured import Comparison, known, scale_of
from fourfold.evaluation.permission import Permission, permission
from fourfold.evaluation.rungs import Rung, rung

if TYPE_CHECKING:
    from fourfold.evaluation.measured import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Sizes of a family beside the largest that has figures and may be taken.

    `sizes` are all that were named, from large to small. Of these, `missing` have no figures and
    `excluded` may never be taken: neither is held against, or a rung. Where nothing is left,
    `largest` and `smallest` are None.
    """

    sizes: tuple[str, ...]
    largest: str | None
    smallest: str | None
    rungs: tuple[Rung, ...]
    saves: dict[str, float | None]
    missing: tuple[str, ...] = ()
    excluded: tuple[Permission, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "sizes": list(self.sizes),
            "largest": self.largest,
            "smallest": self.smallest,
            "missing": list(self.missing),
            "excluded": [one.as_json() for one in self.excluded],
            "saves": dict(self.saves),
            "rungs": [one.as_json() for one in self.rungs],
        }


def ladder(comparison: Comparison, sizes: Sequence[str], *, relevant: float = RELEVANT) -> Ladder:
    """Go down from the largest while quality holds: the smallest that does, and every rung.

    `sizes` are the systems from large to small. A rung holds when it is neither significantly nor
    relevantly worse than the largest; below the first that does not, none is taken.
    """
    measured = {one.system: one for one in comparison.measured}
    may = {name: permission(name, measured[name].facts) for name in sizes if name in measured}
    left = [name for name, one in may.items() if not one.forbidden]
    rungs = _rungs(comparison, left, relevant * scale_of(comparison.metrics[0]))
    smallest = _smallest(left, rungs)
    return Ladder(
        sizes=tuple(sizes),
        largest=left[0] if left else None,
        smallest=smallest,
        rungs=rungs,
        saves=saves(measured[left[0]], measured[smallest]) if smallest else {},
        missing=tuple(name for name in sizes if name not in measured),
        excluded=tuple(one for one in may.values() if one.forbidden),
    )


def _rungs(comparison: Comparison, left: Sequence[str], margin: float) -> tuple[Rung, ...]:
    return tuple(rung(comparison, left[0], one, margin) for one in left[1:])


def _smallest(left: Sequence[str], rungs: Sequence[Rung]) -> str | None:
    """The last before the first that does not hold."""
    smallest = left[0] if left else None
    for one in rungs:
        if not one.holds:
            break
        smallest = one.system
    return smallest


def saves(largest: Measured, smallest: Measured) -> dict[str, float | None]:
    """What a smaller system takes less of than a larger one; None where one is not known."""
    less = _takes(smallest)
    return {
        name: None if more is None or less[name] is None else more - less[name]
        for name, more in _takes(largest).items()
    }


def _takes(one: Measured) -> dict[str, Any]:
    return {
        "cost_per_1000": one.cost_per_1000.value if one.cost_per_1000 else None,
        "seconds_p95": known(one.seconds_p95),
        "bytes": one.facts.get("bytes"),
    }
