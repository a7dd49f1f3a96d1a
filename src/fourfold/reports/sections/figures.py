"""All figures: every metric of every system, sizes, parts, the judging model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup

from fourfold.reports.found import DOLLARS, Found, System
from fourfold.reports.numbers import read_day
from fourfold.reports.sections.options import money_of_model
from fourfold.reports.words import words
from fourfold.reports.writer import Writer

_GIGABYTE: Final = 1_000_000_000


def figures(found: Found, write: Writer) -> Mapping[str, Any]:
    """A row for each metric, a column for each system, so that many metrics fit on paper."""
    chosen = found.chosen
    return {
        "title": write.t("all_figures"),
        "lead": write.t("intervals", model=write.name(chosen))
        if chosen and len(found.systems) > 1
        else write.t("intervals_alone"),
        "heads": [{"badge": write.badge(one), "name": write.name(one)} for one in found.systems],
        "rows": [
            *(
                {
                    "label": write.metric(metric),
                    "cells": [_cell(one, metric, found, write) for one in found.systems],
                }
                for metric in found.metrics
            ),
            {
                "label": write.t("dollars"),
                "cells": [(money_of_model(one, write), "", "") for one in found.systems],
            },
            {"label": write.t("wait"), "cells": [_waits(one, write) for one in found.systems]},
            *(
                {
                    "label": write.t(name),
                    "cells": [_count(one, name, write) for one in found.systems],
                }
                for name in ("refused", "wrong_form", "failed")
            ),
        ],
        "power": _power(found, write),
        "ladder": _ladder(found, write),
        "slices": _slices(found, write),
        "judge": _judge(found, write),
    }


def _cell(one: System, metric: str, found: Found, write: Writer) -> tuple[object, object, object]:
    chosen = found.chosen
    test = found.test(metric, one, chosen) if chosen and one is not chosen else None
    p = write.cite(write.chance(test["p"]), "tests", f"tests: {metric}") if test else ""
    return write.score(one, metric), write.ends(one, metric), p


def _waits(one: System, write: Writer) -> tuple[object, object, object]:
    slow, half = (write.wait(one, name) for name in ("seconds_p95", "seconds_p50"))
    if one.body["seconds_p50"] is None:
        return slow, write.wait_ends(one, "seconds_p95"), ""
    halves = write.t("half", seconds=half)
    if ends := write.wait_ends(one, "seconds_p50"):
        halves = Markup("{} ({})").format(halves, ends)
    return slow, write.wait_ends(one, "seconds_p95"), halves


def _count(one: System, name: str, write: Writer) -> tuple[object, object, object]:
    counts = {"refused": one.body["refused"], "wrong_form": one.wrong_form, "failed": one.failures}
    return write.cite(write.n(counts[name], 0), "counts", f"{one.name}: {name}"), "", ""


def _power(found: Found, write: Writer) -> Markup:
    if found.detectable is None:
        return Markup("")
    return write.t(
        "power",
        metric=write.metric(found.decisive),
        detectable=write.cite(write.gap(found.detectable), "power", "tests.detectable"),
        relevant=write.cite(write.gap(found.relevant), "rule", "relevant"),
    )


def _ladder(found: Found, write: Writer) -> Mapping[str, Any]:
    ladder = found.body.get("ladder")
    if not ladder:
        return {}
    return {
        "title": write.t("ladder"),
        "lead": Markup(" ").join(_ladder_lead(ladder, write)),
        "saves": _saves(ladder, write),
        "heads": [write.at("general").t("model"), write.t("worse_by"), "p", ""],
        "rows": [
            (
                write.name(rung["model"]),
                write.cite(write.gap(rung["worse_by"]), "ladder", "ladder.rungs"),
                write.cite(write.chance(rung["p"]), "ladder", "ladder.rungs"),
                _verdict(rung, write),
            )
            for rung in ladder["rungs"]
        ],
    }


def _ladder_lead(ladder: Mapping[str, Any], write: Writer) -> Iterator[Markup]:
    """The smallest that holds, and the sizes that are no rung; older entries name none of these."""
    if ladder["largest"] is None:
        yield write.t("ladder_none")
        largest = None
    else:
        largest = write.name(ladder["largest"])
        smallest = write.name(ladder["smallest"])
        yield write.t("ladder_text", largest=largest, smallest=smallest)
    gaps = dict.fromkeys(ladder.get("missing", []), "missing")
    gaps |= {one["model"]: "forbidden" for one in ladder.get("excluded", [])}
    for name in (name for name in ladder.get("sizes", []) if name in gaps):
        if largest and name == ladder["sizes"][0]:
            key = f"ladder_{gaps[name]}_largest"
            yield write.t(key, model=write.name(name), largest=largest)
        else:
            yield write.t(f"ladder_{gaps[name]}", model=write.name(name))


def _verdict(rung: Mapping[str, Any], write: Writer) -> Markup:
    if not rung["holds"]:
        return write.t("breaks")
    return write.t("holds" if rung.get("could_show", True) else "holds_unseen")


def _saves(ladder: Mapping[str, Any], write: Writer) -> Markup:
    """What the smallest that holds saves beside the largest, and what it takes more of."""
    known = {name: value for name, value in (ladder.get("saves") or {}).items() if value}
    if not known:
        return Markup("")
    less = [_saved(name, value, write) for name, value in known.items() if value > 0]
    more = [_saved(name, -value, write) for name, value in known.items() if value < 0]
    largest, parts = write.name(ladder["largest"]), Markup(", ").join
    if not less:
        return write.t("ladder_takes", largest=largest, parts=parts(more))
    said = write.t("ladder_saves", largest=largest, parts=parts(less))
    return said + " " + write.t("ladder_too", parts=parts(more)) if more else said


def _saved(name: str, value: float, write: Writer) -> Markup:
    amount = {
        "cost_per_1000": lambda: write.money(value, DOLLARS),
        "seconds_p95": lambda: write.seconds(value),
        "bytes": lambda: f"{write.n(value / _GIGABYTE, 1)}\u00a0GB",
    }[name]()
    return write.t(name, amount=write.cite(amount, "ladder", f"ladder.saves.{name}"))


def _slices(found: Found, write: Writer) -> Mapping[str, Any]:
    """Those of enough records first."""
    parts = sorted(found.body["slices"], key=lambda part: part["too_small"])
    if not parts:
        return {}
    return {
        "title": write.t("slices"),
        "lead": write.metric(found.decisive),
        "heads": [write.t("slice"), write.at("general").t("records")],
        "systems": [{"badge": write.badge(one), "name": write.name(one)} for one in found.systems],
        "rows": [
            {
                "name": _slice_name(part["slice"], write),
                "count": write.cite(
                    write.n(part["count"], 0), "slices", f"slices: {part['slice']}"
                ),
                "small": write.t("too_small") if part["too_small"] else "",
                "cells": [_part(part, one, found, write) for one in found.systems],
            }
            for part in parts
        ],
    }


def _part(
    part: Mapping[str, Any], one: System, found: Found, write: Writer
) -> tuple[Markup, Markup]:
    figure, digits = part["scores"][one.name], write.digits(found.decisive)
    field = f"slices: {part['slice']}, {one.name}"
    ends = write.between(figure, digits)
    return (
        write.cite(write.n(figure["value"], digits), "slices", field),
        write.cite(ends, "slices", field) if ends else Markup(""),
    )


def _slice_name(name: str, write: Writer) -> Markup:
    """`language: de` as people say it; tags are the team's own words."""
    key = name.replace("language: ", "language_")
    return write.at("general").t(key) if key in words("general") else write.name(name)


def _judge(found: Found, write: Writer) -> Mapping[str, Any]:
    judge = found.body.get("judge")
    if not judge:
        return {}
    count = write.cite(write.n(judge["compared"], 0), "judge", "judge.compared")
    return {
        "title": write.t("judge"),
        "kin": write.t("judge_kin") if judge.get("warnings") else "",
        "text": write.t("judge_text", model=write.name(judge["model"]), count=count),
        "agreement": _agreement(judge, write),
    }


def _agreement(judge: Mapping[str, Any], write: Writer) -> Markup:
    """How far people agree with the judge, and where that was measured."""
    agreed, field = judge.get("agreement"), "judge.agreement"
    if not agreed:
        return write.t("judge_unknown")
    when = Markup("")
    if agreed.get("date"):
        when = write.t(
            "judge_when",
            date=write.cite(read_day(agreed["date"], write.language), "judge", field),
            entry=write.cite(write.n(agreed["evidence"], 0), "judge", field),
        )
    return write.t(
        "judge_agreement",
        equal=write.cite(write.percent(agreed["equal"]["value"]), "judge", field),
        kappa=write.cite(write.n(agreed["kappa"]["value"], 2), "judge", field),
        count=write.cite(write.n(agreed["count"], 0), "judge", field),
        when=when,
    )
