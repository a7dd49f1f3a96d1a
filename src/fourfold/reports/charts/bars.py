"""Horizontal bars with intervals, each below the name that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fourfold.reports.charts.drawing import Axis, axis, badge, line, picture, shortened, whisker
from fourfold.reports.charts.drawing import words as text_at

_ROW, _BAR, _TOP, _BOTTOM, _LEFT = 48, 18, 6, 46, 12
_VALUE = 64  # beside the bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure with its interval, and how it is told."""

    letter: str
    label: str
    value: float
    told: str
    ends: tuple[float, float] | None = None
    chosen: bool = False


def bars(
    rows: Sequence[Bar], *, title: str, x_title: str, text: str, language: str, width: int
) -> str:
    """All rows; the bar of the chosen one is darker and has a filled letter."""
    height = _TOP + _ROW * len(rows) + _BOTTOM
    bottom = height - _BOTTOM
    values = [end for one in rows for end in (one.value, *(one.ends or ()))]
    scale = axis([0.0, *values], _LEFT, width - _VALUE)
    parts = [*_grid(scale, bottom, language)]
    parts.append(text_at(width / 2, height - 6, x_title, anchor="middle", kind="title"))
    for place, one in enumerate(rows):
        parts += _row(one, scale, _TOP + _ROW * place, width)
    return picture(parts, title=title, text=text, width=width, height=height, kind=f"w{width}")


def _grid(scale: Axis, bottom: float, language: str) -> list[str]:
    parts = []
    for tick in scale.ticks():
        x = scale.at(tick)
        parts.append(line(x, _TOP, x, bottom, "axis" if tick == 0 else "grid"))
        parts.append(text_at(x, bottom + 17, scale.told(tick, language), anchor="middle"))
    return parts


def _row(one: Bar, scale: Axis, top: float, width: int) -> list[str]:
    y, middle = top + 24, top + 24 + _BAR / 2
    kind = "bar chosen" if one.chosen else "bar"
    start, end = scale.at(0), scale.at(one.value)
    long = max(1.0, end - start)
    farthest = scale.at(max(one.value, one.ends[1])) if one.ends else end
    label = shortened(one.label, width - 40)
    return [
        badge(start + 12, top + 12, one.letter, chosen=one.chosen),
        text_at(
            start + 27,
            top + 16.5,
            label,
            kind="label ground chosen" if one.chosen else "label ground",
        ),
        f'<rect class="{kind}" x="{start:.1f}" y="{y:.1f}" width="{long:.1f}" height="{_BAR}"/>',
        *(whisker(scale.at(one.ends[0]), farthest, middle, upright=False) if one.ends else []),
        text_at(farthest + 8, middle + 4.5, one.told, kind="label ground"),
    ]
