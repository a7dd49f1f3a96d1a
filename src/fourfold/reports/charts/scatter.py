"""Points with intervals on both axes; letters lead to their names below the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

from fourfold.reports.charts.drawing import Axis, axis, badge, line, picture, whisker
from fourfold.reports.charts.drawing import words as text_at

_TOP, _BOTTOM, _LEFT, _RIGHT = 34, 48, 46, 20
_HEIGHT, _SLANT = 290, 1 / 12  # a wide picture is lower, so that it fits on the first page
_BADGE = 9
_NEAR = 22  # beyond, a line leads from the point to its letter

_Place = tuple[float, float]
_Stroke = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A system in a picture of two figures; the ends of intervals may be unknown."""

    letter: str
    x: float
    y: float
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None
    chosen: bool = False


def scatter(
    points: Sequence[Point],
    *,
    title: str,
    x_title: str,
    y_title: str,
    text: str,
    language: str,
    width: int,
) -> str:
    """All points on one pair of scales; the letter of the chosen one is filled."""
    height = _HEIGHT - width * _SLANT
    x_values = [end for one in points for end in (one.x, *(one.x_ends or ()))]
    y_values = [end for one in points for end in (one.y, *(one.y_ends or ()))]
    x_axis = axis([0.0, *x_values], _LEFT, width - _RIGHT)
    y_axis = axis(y_values, height - _BOTTOM, _TOP)
    parts = _frame(x_axis, y_axis, language)
    parts.append(text_at(4, 15, y_title, kind="title"))
    parts.append(
        text_at((_LEFT + width - _RIGHT) / 2, height - 6, x_title, anchor="middle", kind="title")
    )
    spots = [(x_axis.at(one.x), y_axis.at(one.y)) for one in points]
    strokes = [stroke for one in points for stroke in _strokes(one, x_axis, y_axis)]
    for one in points:
        parts += _whiskers(one, x_axis, y_axis)
    parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in spots]
    letters = _letters(spots, strokes, x_axis, y_axis)
    for one, spot, place in zip(points, spots, letters, strict=True):
        if hypot(place[0] - spot[0], place[1] - spot[1]) > _NEAR:
            parts.append(line(*spot, *place, "leader"))
        parts.append(badge(*place, one.letter, chosen=one.chosen))
    return picture(parts, title=title, text=text, width=width, height=height, kind=f"w{width}")


def _frame(x_axis: Axis, y_axis: Axis, language: str) -> list[str]:
    left, right, bottom, top = x_axis.start, x_axis.end, y_axis.start, y_axis.end
    parts = []
    for tick in x_axis.ticks():
        x = x_axis.at(tick)
        parts.append(line(x, top, x, bottom, "grid"))
        parts.append(text_at(x, bottom + 17, x_axis.told(tick, language), anchor="middle"))
    for tick in y_axis.ticks():
        y = y_axis.at(tick)
        parts.append(line(left, y, right, y, "grid"))
        parts.append(text_at(left - 7, y + 4, y_axis.told(tick, language), anchor="end"))
    return [
        *parts,
        line(left, bottom, right, bottom, "axis"),
        line(left, top, left, bottom, "axis"),
    ]


def _strokes(one: Point, x_axis: Axis, y_axis: Axis) -> Iterator[_Stroke]:
    x, y = x_axis.at(one.x), y_axis.at(one.y)
    if one.y_ends:
        yield x, y_axis.at(one.y_ends[0]), x, y_axis.at(one.y_ends[1])
    if one.x_ends and one.x_ends[1] > one.x_ends[0]:
        yield x_axis.at(one.x_ends[0]), y, x_axis.at(one.x_ends[1]), y


def _whiskers(one: Point, x_axis: Axis, y_axis: Axis) -> list[str]:
    parts = []
    for x1, y1, x2, y2 in _strokes(one, x_axis, y_axis):
        upright = x1 == x2
        ends = (y1, y2, x1) if upright else (x1, x2, y1)
        parts += whisker(*ends, upright=upright)
    return parts


def _letters(
    spots: Sequence[_Place], strokes: Sequence[_Stroke], x_axis: Axis, y_axis: Axis
) -> list[_Place]:
    """A place near each point that lies on no other point, letter or interval, if there is one."""
    taken: list[_Place] = []
    for spot in spots:
        around = [
            (spot[0] + far * cos(turn * pi / 6), spot[1] - far * sin(turn * pi / 6))
            for far in (17, 24, 32, 42, 56)
            for turn in (1, 2, 5, 4, 11, 10, 7, 8, 0, 6, 3, 9)
        ]
        inside = [
            (x, y)
            for x, y in around
            if x_axis.start + _BADGE < x < x_axis.end + _RIGHT - _BADGE
            and y_axis.end - _BADGE < y < y_axis.start - _BADGE
        ]
        free = next((place for place in inside if not _crowded(place, spots, taken, strokes)), None)
        taken.append(
            free or max(inside or [spot], key=lambda place: _room(place, [*spots, *taken]))
        )
    return taken


def _crowded(
    place: _Place, spots: Sequence[_Place], taken: Sequence[_Place], strokes: Sequence[_Stroke]
) -> bool:
    return (
        _room(place, spots) < _BADGE + 5
        or _room(place, taken) < 2 * _BADGE + 3
        or any(_apart(place, stroke) < _BADGE + 3 for stroke in strokes)
    )


def _room(place: _Place, others: Sequence[_Place]) -> float:
    return min((hypot(place[0] - x, place[1] - y) for x, y in others), default=1e9)


def _apart(place: _Place, stroke: _Stroke) -> float:
    """From a place to an upright or level line."""
    x1, y1, x2, y2 = stroke
    x = min(max(place[0], min(x1, x2)), max(x1, x2))
    y = min(max(place[1], min(y1, y2)), max(y1, y2))
    return hypot(place[0] - x, place[1] - y)
