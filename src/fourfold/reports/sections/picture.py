"""Quality against cost as a picture, and bars of what people correct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fourfold.reports.charts import NARROW, WIDE, Bar, Point, bars, scatter
from fourfold.reports.found import DOLLARS, Figure, Found, System, is_better_higher
from fourfold.reports.sources import cost_id
from fourfold.reports.writer import Writer, metric_id


def picture(found: Found, write: Writer) -> Mapping[str, Any]:
    """Quality against cost or, where nothing costs money, against time."""
    shown = [one for one in found.systems if _x(one, found) is not None]
    if len(shown) < 2:
        return {}
    title = write.t("picture" if found.is_priced else "picture_time")
    drawn = [
        scatter(
            [_point(one, found) for one in shown],
            title=str(title),
            x_title=str(write.t("axis_cost" if found.is_priced else "axis_seconds")),
            y_title=write.metric_text(found.decisive),
            text=" ".join(_said(one, found, write) for one in shown),
            language=write.language,
            width=width,
        )
        for width in (WIDE, NARROW)
    ]
    other, source = ("of_cost", cost_id(shown[0])) if found.is_priced else ("of_wait", "wait")
    direction = "higher" if is_better_higher(found.decisive) else "lower"
    missing = [write.name(one) for one in found.systems if one not in shown]
    caption = write.t(
        "caption",
        direction=write.at("options").t(direction),
        quality=write.cite(write.t("of_quality"), f"quality-{metric_id(found.decisive)}"),
        other=write.cite(write.t(other), source),
    )
    if missing and found.is_priced:
        caption += " " + write.t("no_price", models=Markup(", ").join(missing))
    return {
        "title": title,
        "drawn": Markup("").join(map(Markup, drawn)),
        "legend": [_legend(one, found, write) for one in shown],
        "caption": caption,
    }


def effort(found: Found, write: Writer) -> Mapping[str, Any]:
    """Bars of what people correct or, for labels, of how many are right; empty without either."""
    if found.is_of_labels:
        metric = "accuracy" if "accuracy" in found.metrics else found.decisive
        return _bars(found, write, metric, title="labels")
    if found.is_timed:
        return _bars(found, write, "", title="effort")
    return _bars(found, write, "hter", title="effort") if "hter" in found.metrics else {}


def _bars(found: Found, write: Writer, metric: str, *, title: str) -> Mapping[str, Any]:
    """Of a metric; of the minutes where none is named."""
    rows = [_bar(one, found, write, metric) for one in found.systems]
    source = f"quality-{metric_id(metric)}" if metric else "minutes"
    drawn = [
        bars(
            rows,
            title=str(write.t(title)),
            x_title=write.metric_text(metric) if metric else str(write.t("axis_minutes")),
            text=" ".join(f"{row.label}: {row.told}." for row in rows),
            language=write.language,
            width=width,
        )
        for width in (WIDE, NARROW)
    ]
    named = write.metric(metric) if metric else write.t("of_effort")
    return {
        "title": write.t(title),
        "drawn": Markup("").join(map(Markup, drawn)),
        "legend": [],
        "caption": write.t("effort_caption", source=write.cite(named, source)),
    }


def _bar(one: System, found: Found, write: Writer, metric: str) -> Bar:
    figure = one.scores[metric] if metric else (one.minutes or {})
    value = float(figure["value"])
    return Bar(
        letter=one.letter,
        label=one.name,
        value=value,
        told=write.n(value, write.digits(metric)) if metric else write.n(value, 0),
        ends=_ends(figure),
        chosen=one.name == found.chosen_name,
    )


def _x(one: System, found: Found) -> float | None:
    seconds: float | None = one.body["seconds_p95"]
    return one.cost if found.is_priced else seconds


def _point(one: System, found: Found) -> Point:
    score = one.scores[found.decisive]
    x_interval = one.body["cost_per_1000_interval"] if found.is_priced else None
    return Point(
        letter=one.letter,
        x=_x(one, found) or 0.0,
        y=score["value"],
        x_ends=_ends(x_interval) if x_interval else None,
        y_ends=_ends(score),
        chosen=one.name == found.chosen_name,
    )


def _legend(one: System, found: Found, write: Writer) -> Mapping[str, Any]:
    return {
        "badge": write.badge(one),
        "name": write.name(one),
        "chosen": one.name == found.chosen_name,
    }


def _said(one: System, found: Found, write: Writer) -> str:
    x = _x(one, found)
    return str(
        write.t(
            "said",
            model=one.name,
            metric=write.metric_text(found.decisive),
            score=write.n(one.scores[found.decisive]["value"], write.digits(found.decisive)),
            x=write.money(x or 0.0, DOLLARS) if found.is_priced else write.seconds(x),
        ).unescape()
    )


def _ends(interval: Figure) -> tuple[float, float] | None:
    low, high = interval.get("low"), interval.get("high")
    return None if low is None or high is None else (low, high)
