"""Three options side by side: quality, people, price, wait, licence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from markupsafe import Markup

from fourfold.evaluation.permission import is_own_machine
from fourfold.reports.found import DOLLARS, Found, System, is_better_higher
from fourfold.reports.numbers import read_day
from fourfold.reports.sources import cost_id
from fourfold.reports.words import word, words
from fourfold.reports.writer import Writer

_Cell = tuple[Markup | str, Markup | str]
"""What is said large, and what stands small below it."""


def options(found: Found, write: Writer) -> Mapping[str, Any]:
    """A column for each option, a row for each thing that one asks; notes explain the terms."""
    return {
        "title": write.t("options"),
        "heads": [
            {
                "badge": write.badge(one),
                "title": write.name(one.title),
                "name": write.name(one) if one.title != one.name else "",
                "role": _role(one, found, write),
                "chosen": one.name == found.chosen_name and not found.is_alone,
            }
            for one in found.options
        ],
        "rows": [
            {"label": label, "cells": [cell(one) for one in found.options]}
            for label, cell in _rows(found, write)
        ],
        "notes": list(_notes(found, write)),
    }


def money_of_model(one: System, write: Writer) -> Markup | str:
    """US dollars of the provider for 1,000 tasks, as a link."""
    if one.cost is None:
        return write.at("general").t("unknown")
    return write.cite(write.money(one.cost, DOLLARS), cost_id(one), f"{one.name}: cost_per_1000")


def place_of(one: System, write: Writer) -> Markup | str:
    """Where it computes."""
    if is_own_machine(one.facts):
        return write.at("general").t("own_machine")
    if "own" in one.places:
        return write.at("general").t("own_network")
    host = one.facts.get("host")
    return write.name(host["name"] if host else str(one.facts.get("where", "")))


def _rows(found: Found, write: Writer) -> Iterator[tuple[Markup, Callable[[System], _Cell]]]:
    metric = found.decisive
    direction = write.t("higher" if is_better_higher(metric) else "lower")
    label = Markup("{}<span class='ends'>{}</span>").format(
        write.t("quality", metric=write.metric(metric)), direction
    )
    yield label, lambda one: (write.score(one, metric), write.ends(one, metric))
    if found.is_of_labels and metric != "accuracy" and "accuracy" in found.metrics:
        yield write.t("right"), lambda one: _right(one, write)
    if found.is_timed:
        yield write.t("correcting"), lambda one: _correcting(one, found, write)
    elif "hter" in found.metrics and metric != "hter":
        yield write.metric("hter"), lambda one: (write.score(one, "hter"), write.ends(one, "hter"))
    yield write.t("cost"), lambda one: _cost(one, write)
    if any(found.together(one) for one in found.options):
        currency = write.t("together", currency=found.currency)
        yield currency, lambda one: _together(one, found, write)
    yield write.t("wait"), lambda one: _wait(one, write)
    yield write.t("licence"), lambda one: _licence(one, write)


def _role(one: System, found: Found, write: Writer) -> Markup:
    if one.permission.forbidden:
        return write.t("excluded")
    if one.name == found.chosen_name and one.kind != "baseline":
        if not one.permission.free:
            return write.t("conditional")
        return write.t("alone" if found.is_alone else "recommended")
    if one.name == found.choice.get("otherwise"):
        return write.t("otherwise")
    if one.name == found.choice["best"]:
        return write.t("best")
    return write.t("baseline" if one.kind == "baseline" else "alternative")


def _right(one: System, write: Writer) -> _Cell:
    figure, field = one.scores["accuracy"], f"{one.name}: scores.accuracy"
    hundred = {
        name: None if figure[name] is None else 100 * figure[name]
        for name in figure
        if name in {"value", "low", "high"}
    }
    ends = write.between(hundred, 0)
    return (
        write.cite(write.n(hundred["value"], 0), "quality-accuracy", field),
        write.cite(ends, "quality-accuracy", field) if ends else "",
    )


def _correcting(one: System, found: Found, write: Writer) -> _Cell:
    minutes, field = one.minutes or {}, f"{one.name}: minutes_per_1000"
    said = write.t("minutes", count=write.cite(write.n(minutes["value"], 0), "minutes", field))
    below = write.cite(write.between(minutes, 0), "minutes", field)
    if not (people := one.people):
        return said, below
    field = f"{one.name}: correction_cost_per_1000"
    amount = write.cite(write.money(people["value"], found.currency, 0), "people", field)
    ends = write.cite(write.between(people, 0), "people", field)
    return Markup("{}, {}").format(said, amount), Markup("{}; {}").format(below, ends)


def _cost(one: System, write: Writer) -> _Cell:
    if one.is_local:
        return money_of_model(one, write), write.t("own_hardware")
    ends = write.between(one.body["cost_per_1000_interval"], 2)
    return money_of_model(one, write), write.cite(ends, cost_id(one)) if ends else ""


def _together(one: System, found: Found, write: Writer) -> _Cell:
    sum_of_both = found.together(one)
    if not sum_of_both:
        return write.at("general").t("unknown"), ""
    amount = write.money(sum_of_both["value"], found.currency, 0)
    ends = write.between(sum_of_both, 0)
    return write.cite(amount, "rate"), write.cite(ends, "rate") if ends else ""


def _wait(one: System, write: Writer) -> _Cell:
    name = "seconds_p95"
    said, ends, place = write.wait(one, name), write.wait_ends(one, name), place_of(one, write)
    return said, Markup("; ").join(part for part in (ends, place) if part)


def _licence(one: System, write: Writer) -> _Cell:
    if not one.licence:
        return (write.t("own_code") if one.kind == "baseline" else "–"), ""
    verdict = write.at("general").t(one.licence["verdict"])
    tag = Markup('<span class="tag">{}</span> <span class="soft">{}</span>')
    return tag.format(verdict, write.name(one.licence["licence"])), ""


def _notes(found: Found, write: Writer) -> Iterator[Markup]:
    """What the terms mean, where they are first used, and what the money rests on."""
    told = dict.fromkeys([found.decisive, *(["hter"] if "hter" in found.metrics else [])])
    for metric in told:
        if metric in words("explained"):
            yield Markup.escape(word("explained", metric, write.language))
    if found.is_timed:
        timed = write.cite(found.calibration.get("timed", "?"), "minutes")
        name = "why_both" if "hter" in found.metrics else "why_minutes"
        yield write.t(name, timed=timed, metric=write.metric("hter"))
        if per_hour := found.calibration.get("per_hour"):
            amount = write.money(float(per_hour), found.currency)
            yield write.t("hour", amount=write.cite(amount, "people", "per_hour"))
    elif not found.is_of_labels and "hter" in found.metrics:
        yield write.t("untimed_import" if found.is_import else "how_to_time")
    if found.is_timed and found.currency and found.in_people_money(1) is None and found.is_priced:
        yield write.t("two_currencies", currency=found.currency)
    dates = {
        price["date"]: one for one in found.systems if (price := one.facts.get("price")) is not None
    }
    if dates:
        cited = [
            write.cite(read_day(date, write.language), cost_id(dates[date]))
            for date in sorted(dates)
        ]
        yield write.t("prices_of", dates=Markup(", ").join(cited))
