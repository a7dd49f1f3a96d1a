"""Pictures as inline SVG: readable in grey, with a text beside them for those who cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from fourfold.reports.numbers import number

_WIDTH, _HEIGHT = 680, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 18, 52
_LABEL_HEIGHT = 15
_SHAPES = ("circle", "square", "triangle", "diamond")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A system in a picture of two figures; the ends of intervals may be unknown."""

    label: str
    x: float
    y: float
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure with its interval."""

    label: str
    value: float
    ends: tuple[float, float] | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class _Axis:
    """From figures to pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def scatter(
    points: Sequence[Point], *, title: str, x_title: str, y_title: str, text: str, language: str
) -> str:
    """Points with intervals on both axes; the chosen one is filled."""
    xs = [end for one in points for end in (one.x, *(one.x_ends or ()))]
    ys = [end for one in points for end in (one.y, *(one.y_ends or ()))]
    x_axis = _axis([0.0, *xs], _LEFT, _WIDTH - _RIGHT)
    y_axis = _axis(ys, _HEIGHT - _BOTTOM, _TOP)
    parts = [*_frame(x_axis, y_axis, x_title, y_title, language)]
    for place, one in enumerate(points):
        parts += _whiskers(one, x_axis, y_axis)
        x, y = x_axis.at(one.x), y_axis.at(one.y)
        parts.append(_marker(_SHAPES[place % len(_SHAPES)], x, y, filled=one.chosen))
    parts += _labels(points, x_axis, y_axis)
    return _svg(parts, title=title, text=text, height=_HEIGHT)


def bars(rows: Sequence[Bar], *, title: str, x_title: str, text: str, language: str) -> str:
    """Horizontal bars with intervals; the chosen one is dark."""
    left, row = 190, 34
    height = _TOP + row * len(rows) + _BOTTOM
    ends = [end for one in rows for end in (one.value, *(one.ends or ()))]
    axis = _axis([0.0, *ends], left, _WIDTH - _RIGHT - 40)
    bottom = height - _BOTTOM
    parts = [_line(left, _TOP, left, bottom, "axis")]
    for tick in _ticks(axis.low, axis.high):
        x = axis.at(tick)
        parts.append(_line(x, _TOP, x, bottom, "grid"))
        parts.append(_text(x, bottom + 18, _tick(tick, axis, language), anchor="middle"))
    parts.append(_text((left + _WIDTH - _RIGHT) / 2, height - 8, x_title, anchor="middle"))
    for place, one in enumerate(rows):
        y = _TOP + row * place + 7
        width = max(1.0, axis.at(one.value) - left)
        kind = "bar chosen" if one.chosen else "bar"
        parts.append(
            f'<rect class="{kind}" x="{left}" y="{y:.1f}" width="{width:.1f}" height="20"/>'
        )
        parts.append(_text(left - 8, y + 15, one.label, anchor="end"))
        if one.ends:
            low, high, middle = axis.at(one.ends[0]), axis.at(one.ends[1]), y + 10
            parts += [_line(low, middle, high, middle, "whisker")]
            parts += [_line(end, middle - 4, end, middle + 4, "whisker") for end in (low, high)]
    return _svg(parts, title=title, text=text, height=height)


def _frame(x_axis: _Axis, y_axis: _Axis, x_title: str, y_title: str, language: str) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [_line(_LEFT, bottom, right, bottom, "axis"), _line(_LEFT, _TOP, _LEFT, bottom, "axis")]
    for tick in _ticks(x_axis.low, x_axis.high):
        x = x_axis.at(tick)
        parts.append(_line(x, _TOP, x, bottom, "grid"))
        parts.append(_text(x, bottom + 18, _tick(tick, x_axis, language), anchor="middle"))
    for tick in _ticks(y_axis.low, y_axis.high):
        y = y_axis.at(tick)
        parts.append(_line(_LEFT, y, right, y, "grid"))
        parts.append(_text(_LEFT - 8, y + 4, _tick(tick, y_axis, language), anchor="end"))
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 8, x_title, anchor="middle"))
    middle = (_TOP + bottom) / 2
    turned = (
        f'<g transform="rotate(-90 14 {middle})">{_text(14, middle, y_title, anchor="middle")}</g>'
    )
    return [*parts, turned]


def _whiskers(one: Point, x_axis: _Axis, y_axis: _Axis) -> list[str]:
    x, y, parts = x_axis.at(one.x), y_axis.at(one.y), []
    if one.y_ends:
        low, high = (y_axis.at(end) for end in one.y_ends)
        parts += [_line(x, low, x, high, "whisker")]
        parts += [_line(x - 4, end, x + 4, end, "whisker") for end in (low, high)]
    if one.x_ends and one.x_ends[1] > one.x_ends[0]:
        low, high = (x_axis.at(end) for end in one.x_ends)
        parts += [_line(low, y, high, y, "whisker")]
        parts += [_line(end, y - 4, end, y + 4, "whisker") for end in (low, high)]
    return parts


def _marker(shape: str, x: float, y: float, *, filled: bool) -> str:
    kind = "marker chosen" if filled else "marker"
    if shape == "circle":
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
    corners = {
        "square": ((-5.5, -5.5), (5.5, -5.5), (5.5, 5.5), (-5.5, 5.5)),
        "triangle": ((0, -7), (6.5, 5), (-6.5, 5)),
        "diamond": ((0, -7.5), (7.5, 0), (0, 7.5), (-7.5, 0)),
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon class="{kind}" points="{points}"/>'


def _labels(points: Sequence[Point], x_axis: _Axis, y_axis: _Axis) -> list[str]:
    """Names beside the points, moved down where they would lie on each other."""
    parts: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for one in sorted(points, key=lambda point: y_axis.at(point.y)):
        x, y, width = x_axis.at(one.x), y_axis.at(one.y) - 9, 12 + 7 * len(one.label)
        beyond = x + width > _WIDTH - _RIGHT
        left = x - width if beyond else x
        while any(
            abs(y - height) < _LABEL_HEIGHT and left < other + its_width and other < left + width
            for height, other, its_width in taken
        ):
            y += _LABEL_HEIGHT
        taken.append((y, left, width))
        anchor, shift = ("end", -11) if beyond else ("start", 11)
        kind = "label chosen" if one.chosen else "label"
        parts.append(_text(x + shift, y, one.label, anchor=anchor, kind=kind))
    return parts


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low, high = min(values), max(values)
    if high == low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    step = _step(low, high)
    return _Axis(floor(low / step) * step, ceil(high / step) * step, start, end)


def _ticks(low: float, high: float) -> list[float]:
    step = _step(low, high)
    count = round((high - low) / step)
    return [low + place * step for place in range(count + 1)]


def _tick(value: float, axis: _Axis, language: str) -> str:
    """With as many decimals as the steps of the axis have."""
    return number(value, language, digits=max(0, -floor(log10(_step(axis.low, axis.high)))))


def _step(low: float, high: float) -> float:
    """1, 2 or 5 times a power of ten, about five of them between the ends."""
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{kind}" {ends}/>'


def _text(x: float, y: float, text: str, *, anchor: str, kind: str = "tick") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def _svg(parts: Sequence[str], *, title: str, text: str, height: float) -> str:
    box = f'viewBox="0 0 {_WIDTH} {height:.0f}"'
    described = f"<title>{escape(title)}</title><desc>{escape(text)}</desc>"
    return f'<svg {box} role="img" class="chart">{described}{"".join(parts)}</svg>'
