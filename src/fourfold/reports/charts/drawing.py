"""Lines, letters and scales of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from fourfold.reports.numbers import number


@dataclass(frozen=True, slots=True)
class Axis:
    """From figures to pixels; `low` and `high` are multiples of the step between two ticks."""

    low: float
    high: float
    start: float
    end: float
    step: float

    def at(self, value: float) -> float:
        """The place of a figure."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round figures from end to end."""
        count = round((self.high - self.low) / self.step)
        return [self.low + n * self.step for n in range(count + 1)]

    def told(self, value: float, language: str) -> str:
        """A tick's figure, with as many decimals as the steps have."""
        decimals = max(0, -floor(log10(self.step) + 1e-9))
        return number(value, language, digits=decimals)


def axis(values: Sequence[float], start: float, end: float) -> Axis:
    """A scale that holds all of these, with round ends."""
    low, high = min(values), max(values)
    if high == low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    step = _step(low, high)
    first, last = floor(round(low / step, 9)), ceil(round(high / step, 9))
    return Axis(first * step, last * step, start, end, step)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A line."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{kind}" {ends}/>'


def words(x: float, y: float, text: str, *, anchor: str = "start", kind: str = "tick") -> str:
    """A text; `y` is its base line."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def badge(x: float, y: float, letter: str, *, chosen: bool) -> str:
    """The letter of a system in a circle; that of the chosen one is filled."""
    kind = "badge chosen" if chosen else "badge"
    circle = f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="9"/>'
    return circle + words(x, y + 4.2, letter, anchor="middle", kind=f"letter {kind}")


def whisker(low: float, high: float, across: float, *, upright: bool) -> list[str]:
    """An interval, dark on a light edge so that it shows on every ground."""
    strokes = [(low, across, high, across)]
    strokes += [(end, across - 5, end, across + 5) for end in (low, high)]
    if upright:
        strokes = [(y1, x1, y2, x2) for x1, y1, x2, y2 in strokes]
    return [line(*stroke, kind) for kind in ("edge", "whisker") for stroke in strokes]


def picture(
    parts: Sequence[str], *, title: str, text: str, width: float, height: float, kind: str
) -> str:
    """The whole, with its title and what it shows in words."""
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    described = f"<title>{escape(title)}</title><desc>{escape(text)}</desc>"
    return f'<svg {box} role="img" class="chart {kind}">{described}{"".join(parts)}</svg>'


def shortened(text: str, width: float) -> str:
    """As much of a name as fits, beginning and end."""
    room = max(8, int(width / 7.2))
    if len(text) <= room:
        return text
    ending = room // 2 - 1
    return f"{text[: room - ending - 1]}…{text[-ending:]}"


def _step(low: float, high: float) -> float:
    """1, 2 or 5 times a power of ten, about five of them between the ends."""
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)
