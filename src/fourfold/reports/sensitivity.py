"""What would have to be otherwise for another option to win: prices, hours, kinds of tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from fourfold.reports.found import Found, System, is_better_higher

_MINUTES = 60
Kind = Literal["price", "own_price", "hour_above", "hour_below", "ahead", "fewer_minutes", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Beyond this value, `other` would be the better choice."""

    kind: Kind
    other: System
    value: float  # US dollars for 1,000 tasks, or for an hour; a share of the tasks
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """`other` leaves people so many minutes less to correct, and costs so much less with them.

    `money` is in the currency in which people are paid; None where it is not known. `dearer` is
    what its model costs more, in US dollars.
    """

    other: System
    minutes: float
    money: float | None
    dearer: float
    is_of_people_alone: bool = False  # the models cost alike, or nobody stated a rate for them


def cheaper_with_people(found: Found) -> Against | None:
    """The one that saves most beside the chosen one; None where none is shown to save anything."""
    chosen = found.chosen
    if chosen is None or not found.is_timed:
        return None
    seen = [one for other in found.others if (one := _against(found, chosen, other))]
    return max(seen, key=lambda one: (one.money or 0, one.minutes), default=None)


def _against(found: Found, chosen: System, other: System) -> Against | None:
    ours, theirs = chosen.minutes or {}, other.minutes or {}
    minutes = ours["value"] - theirs["value"]
    if minutes <= 0 or not found.surely_differ(chosen, other):
        return None
    money, is_of_people_alone = _money_saved(found, chosen, other)
    if money is not None and money <= 0:
        return None
    return Against(
        other=other,
        minutes=minutes,
        money=money,
        dearer=max(0.0, (other.cost or 0.0) - (chosen.cost or 0.0)),
        is_of_people_alone=is_of_people_alone,
    )


def _money_saved(found: Found, chosen: System, other: System) -> tuple[float | None, bool]:
    """Model and people together; without a rate of people alone, where the model is no dearer."""
    ours, theirs = found.together(chosen), found.together(other)
    if ours and theirs:
        return ours["value"] - theirs["value"], False
    if not chosen.people or not other.people or chosen.cost is None or other.cost is None:
        return None, False
    if other.cost > chosen.cost:
        return None, False
    return chosen.people["value"] - other.people["value"], True


def turns(found: Found) -> Iterator[Turn]:
    """All of them; none where nothing is recommended."""
    if chosen := found.chosen:
        yield from _price(found, chosen)
        yield from _hour(found, chosen)
        yield from _share(found, chosen)


def _price(found: Found, chosen: System) -> Iterator[Turn]:
    """By the rule, the next in price of those that hold follows when the chosen one gets dearer."""
    holding = [one for one in found.others if found.holds(one) and one.cost is not None]
    if not holding or chosen.cost is None:
        return
    following = min(holding, key=lambda one: (one.cost, one.body["seconds_p95"] or inf))
    if following.cost is not None and following.cost > chosen.cost:
        kind: Kind = "own_price" if chosen.is_local else "price"
        yield Turn(kind=kind, other=following, value=following.cost, more={"now": chosen.cost})


def _hour(found: Found, chosen: System) -> Iterator[Turn]:
    """Model and people together: from which price of an hour on another one costs less."""
    if not found.is_timed or chosen.cost is None:
        return
    for other in found.others:
        if other.cost is None or not (ours := chosen.minutes) or not (theirs := other.minutes):
            continue
        dearer, saved = other.cost - chosen.cost, ours["value"] - theirs["value"]
        more = {"dearer": dearer, "saved": saved}
        if saved > 0 and dearer <= 0:
            kind: Kind = "ahead" if _is_slower_alone(found, chosen, other) else "fewer_minutes"
            yield Turn(kind=kind, other=other, value=saved, more=more)
        elif saved > 0:
            yield Turn(kind="hour_above", other=other, value=dearer * _MINUTES / saved, more=more)
        elif saved < 0 and dearer < 0:
            yield Turn(kind="hour_below", other=other, value=dearer * _MINUTES / saved, more=more)


def _is_slower_alone(found: Found, chosen: System, other: System) -> bool:
    """As good and as dear as the chosen one, which was taken for its speed then."""
    ours, theirs = (one.body["seconds_p95"] or inf for one in (chosen, other))
    return found.holds(other) and other.cost == chosen.cost and bool(ours < theirs)


def _share(found: Found, chosen: System) -> Iterator[Turn]:
    """With more tasks in the language that another is better at, the whole turns.

    Reckoned as if the score of a mixture were the mixture of the scores.
    """
    parts = [one for one in found.body["slices"] if one["slice"].startswith("language: ")]
    if len(parts) != 2 or any(one["too_small"] for one in parts):
        return
    total = sum(one["count"] for one in parts)
    sign = 1 if is_better_higher(found.decisive) else -1
    for other in found.others:
        ahead = [_gap(part, other, chosen, sign) for part in parts]
        if min(ahead) >= 0 or max(ahead) <= 0:
            continue
        strong = parts[ahead.index(max(ahead))]
        share = -min(ahead) / (max(ahead) - min(ahead))
        now = strong["count"] / total
        if share > now:
            language = strong["slice"].removeprefix("language: ")
            more = {"language": language, "now": now}
            yield Turn(kind="share", other=other, value=share, more=more)


def _gap(part: Mapping[str, Any], other: System, chosen: System, sign: int) -> float:
    """How much better the other one is on a part."""
    theirs, ours = (part["scores"][one.name]["value"] for one in (other, chosen))
    return sign * float(theirs - ours)
