"""Numbers, money, times and days as people of a language write them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from math import floor, log10
from typing import Any, Final

_SPACE: Final = "\u00a0"  # a number and its unit stay on one line
_MINUS: Final = "\u2212"
_SYMBOLS: Final[Mapping[str, str]] = {"USD": "$", "EUR": "€", "GBP": "£"}
_SMALL: Final = 0.1  # of a currency; below, more decimals are shown
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def number(value: float | None, language: str, *, digits: int | None = None) -> str:
    """`1,234.5` or `1.234,5`; three significant digits unless told; `?` for an unknown one."""
    if value is None:
        return "?"
    shown = _significant(value) if digits is None else digits
    text = f"{value:,.{shown}f}"
    if text.strip("-0.,") == "":
        text = text.lstrip("-")
    text = text.replace("-", _MINUS)
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def gap(value: float | None, language: str) -> str:
    """A difference, as sure as differences are: two significant digits, `0.058`, `0.02`, `12`."""
    if not value:
        return number(value, language)
    digits = max(0, 1 - floor(log10(abs(value))))
    shown = min(digits, len(f"{value:.{digits}f}".rstrip("0").partition(".")[2]))
    return number(value, language, digits=shown)


def between(interval: Mapping[str, Any] | None, language: str, *, digits: int | None = None) -> str:
    """`0.1 to 0.3`; empty when an end is unknown."""
    if not interval or interval.get("low") is None or interval.get("high") is None:
        return ""
    word = "bis" if language == "de" else "to"
    if digits is None:
        digits = _significant(interval["value"] or interval["high"] or interval["low"])
    low, high = (number(interval[end], language, digits=digits) for end in ("low", "high"))
    return f"{low} {word} {high}"


def money(value: float, currency: str, language: str, *, digits: int | None = None) -> str:
    """`$0.35` or `0,35 $`; a currency without a sign by its code."""
    if digits is None:
        digits = 2 if value == 0 or abs(value) >= _SMALL else _significant(value)
    text, symbol = number(value, language, digits=digits), _SYMBOLS.get(currency)
    if language == "en" and symbol:
        return f"{symbol}{text}" if value >= 0 else f"{_MINUS}{symbol}{text.lstrip(_MINUS)}"
    return f"{text}{_SPACE}{symbol or currency}"


def percent(share: float, language: str) -> str:
    """`82%` or `82 %`."""
    return f"{number(100 * share, language, digits=0)}{_SPACE if language == 'de' else ''}%"


def chance(p: float, language: str) -> str:
    """`p = 0.03`; the smallest are only bounded."""
    if p < 0.001:
        return f"p{_SPACE}<{_SPACE}{number(0.001, language, digits=3)}"
    return f"p{_SPACE}={_SPACE}{number(p, language, digits=3 if p < 0.1 else 2)}"


def day(when: datetime.date, language: str) -> str:
    """`22.11.2026` or `22 November 2026`, whatever language the machine speaks."""
    if language == "de":
        return f"{when:%d.%m.%Y}"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def read_day(text: str, language: str) -> str:
    """A day out of JSON; what is no whole day stays as it is."""
    try:
        return day(datetime.date.fromisoformat(text), language)
    except ValueError:
        return text


def _significant(value: float) -> int:
    """Decimals that show three significant digits, at most four, none from a hundred on."""
    if value == 0:
        return 0
    return min(4, max(0, 2 - floor(log10(abs(value)))))
