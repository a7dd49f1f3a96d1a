"""What would change the answer: prices, hours, kinds of tasks, more records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final

from markupsafe import Markup

from fourfold.evaluation.measured import is_significant
from fourfold.reports.found import DOLLARS, Found
from fourfold.reports.sensitivity import Turn, turns
from fourfold.reports.sources import cost_id
from fourfold.reports.words import words
from fourfold.reports.writer import Writer

_HOURS: Final = frozenset({"hour_above", "hour_below"})


def change(found: Found, write: Writer) -> Mapping[str, Any]:
    """Sentences, those on money first."""
    sentences = [
        *_approval(found, write),
        *_prices(found, write),
        *_unsure(found, write),
        *_more_records(found, write),
        *_failed(found, write),
    ]
    return {"title": write.t("change"), "sentences": [*sentences, _again(found, write)]}


def _again(found: Found, write: Writer) -> Markup:
    if not found.is_import:
        return write.t("again")
    return write.t("again_import", file=write.name(found.body["dataset"]["file"]))


def _approval(found: Found, write: Writer) -> Iterator[Markup]:
    chosen = found.chosen
    if chosen and not chosen.permission.free:
        yield write.t("approval", model=write.name(chosen))


def _prices(found: Found, write: Writer) -> Iterator[Markup]:
    seen = list(turns(found))
    chosen = found.chosen
    yield from (_turn(one, found, write) for one in seen if one.kind not in _HOURS)
    rivals = [(rung["worse_by"], one) for one in found.others if (rung := found.rung(one))]
    if chosen and rivals and not any(found.holds(one) for one in found.others):
        worse, nearest = min(rivals, key=lambda pair: pair[0])
        rung = found.rung(nearest) or {}
        yield write.t(
            "no_price",
            other=write.name(nearest),
            worse=write.cite(write.gap(worse), "tests", "recommendation.others"),
            p=write.cite(write.chance(rung["p"]), "tests", "recommendation.others"),
        )

    yield from (_turn(one, found, write) for one in _nearest_hours(seen))


def _nearest_hours(seen: Sequence[Turn]) -> Iterator[Turn]:
    """On each side the one that turns first when the price of an hour moves."""
    above = [one for one in seen if one.kind == "hour_above"]
    below = [one for one in seen if one.kind == "hour_below"]
    if above:
        yield min(above, key=lambda one: one.value)
    if below:
        yield max(below, key=lambda one: one.value)


def _turn(turn: Turn, found: Found, write: Writer) -> Markup:
    chosen, more = found.chosen, turn.more
    names = {"other": write.name(turn.other), "model": write.name(chosen) if chosen else ""}
    if turn.kind in {"price", "own_price"} and chosen:
        return write.t(
            turn.kind,
            price=write.cite(write.money(turn.value, DOLLARS), cost_id(turn.other)),
            now=write.cite(write.money(more["now"], DOLLARS), cost_id(chosen)),
            **names,
        )
    if turn.kind == "share":
        key = f"language_{more['language']}"
        language = write.t(key) if key in words("change") else more["language"]
        return write.t(
            "share",
            share=write.cite(write.percent(turn.value), "change"),
            now=write.cite(write.percent(more["now"]), "slices"),
            language=language,
            **names,
        )
    values = {
        "dearer": write.cite(write.money(abs(more["dearer"]), DOLLARS), "change"),
        "saved": write.cite(write.n(abs(more["saved"]), 0), "minutes"),
        "chance": "" if chosen and found.surely_differ(chosen, turn.other) else write.t("chance"),
    }
    if turn.kind in {"ahead", "fewer_minutes"}:
        return write.t(turn.kind, **values, **names)
    said = write.t(turn.kind, **values, **names, hour=_hour(turn.value, found, write))
    if per_hour := found.calibration.get("per_hour"):
        today = write.cite(write.money(float(per_hour), found.currency), "people", "per_hour")
        said += " " + write.t("hour_today", hour=today)
    return said


def _hour(dollars: float, found: Found, write: Writer) -> Markup:
    """In the currency in which people are paid where its rate is stated, else in US dollars."""
    own = found.in_people_money(dollars)
    if own is None:
        return write.cite(write.money(dollars, DOLLARS), "change")
    return write.cite(write.money(own, found.currency), "change")


def _unsure(found: Found, write: Writer) -> Iterator[Markup]:
    for one in found.others:
        rung = found.rung(one)
        if rung and not rung["holds"] and not is_significant(rung["p"]):
            yield write.t(
                "unsure",
                model=write.name(one),
                worse=write.cite(write.gap(rung["worse_by"]), "tests", "recommendation.others"),
                p=write.cite(write.chance(rung["p"]), "tests", "recommendation.others"),
            )


def _more_records(found: Found, write: Writer) -> Iterator[Markup]:
    """Errors shrink with the root of the number of records."""
    seen, relevant, count = found.detectable, found.relevant, found.body["compared"]
    if seen is None or seen <= relevant:
        return
    needed = ceil(count * (seen / relevant) ** 2 / 100) * 100
    yield write.t(
        "records",
        needed=write.cite(write.n(needed, 0), "power"),
        relevant=write.cite(write.gap(relevant), "rule", "relevant"),
        count=write.cite(write.n(count, 0), "dataset", "compared"),
        detectable=write.cite(write.gap(seen), "power", "tests.detectable"),
    )


def _failed(found: Found, write: Writer) -> Iterator[Markup]:
    """Records without an outcome are in no figure; outputs that were of no use are."""
    if chosen := found.chosen:
        for name, count in (("failed", chosen.failures), ("wrong_form", chosen.wrong_form)):
            if count:
                cited = write.cite(write.n(count, 0), "counts", f"{chosen.name}: failed")
                yield write.t(name, count=cited, model=write.name(chosen))
