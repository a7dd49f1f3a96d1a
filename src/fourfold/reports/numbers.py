"""Numbers as people of a language write them."""

from __future__ import annotations

from math import floor, log10
from typing import Any


def number(value: float | None, language: str, *, digits: int | None = None) -> str:
    """`1,234.5` or `1.234,5`; three significant digits unless told; `?` for an unknown one."""
    if value is None:
        return "?"
    shown = _significant(value) if digits is None else digits
    text = f"{value:,.{shown}f}"
    if text.strip("-0.,") == "":
        text = text.lstrip("-")
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def between(interval: dict[str, Any] | None, language: str, *, digits: int | None = None) -> str:
    """`0.1 to 0.3`; empty when an end is unknown."""
    if not interval or interval.get("low") is None or interval.get("high") is None:
        return ""
    word = "bis" if language == "de" else "to"
    if digits is None:
        digits = _significant(interval["value"] or interval["high"] or interval["low"])
    low, high = (number(interval[end], language, digits=digits) for end in ("low", "high"))
    return f"{low} {word} {high}"


def _significant(value: float) -> int:
    """Decimals that show three significant digits, at most four, none from a hundred on."""
    if value == 0:
        return 0
    return min(4, max(0, 2 - floor(log10(abs(value)))))
