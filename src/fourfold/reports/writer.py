"""Writes phrases and figures in one language, and ties each figure to where it comes from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from fourfold.reports import numbers
from fourfold.reports.found import System
from fourfold.reports.words import phrase, word

_IN_HUNDREDS_DIGITS, _DIGITS = 1, 2
_FEW_SECONDS = 0.01  # nobody feels less


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes for one section in one language; `sources` are the ids that figures may name."""

    language: str
    section: str
    sources: Collection[str]

    def at(self, section: str) -> Writer:
        """The same for another section, with its words."""
        return Writer(self.language, section, self.sources)

    def t(self, name: str, /, **values: object) -> Markup:
        """A phrase of the section, filled in."""
        return phrase(self.section, name, self.language, **values)

    def cite(self, text: object, source: str, field: str = "") -> Markup:
        """A figure as a link to its source; `field` says where in the evidence it stands.

        Raises `KeyError` for a source that the report does not have.
        """
        if source not in self.sources:
            raise KeyError(source)
        title = Markup(' title="{}"').format(field) if field else ""
        return Markup('<a class="figure" href="#from-{}"{}>{}</a>').format(source, title, text)

    def name(self, system: System | str) -> Markup:
        """A system's name, which may hold digits that are no figures."""
        text = system if isinstance(system, str) else system.name
        return Markup('<span class="name">{}</span>').format(text)

    def badge(self, one: System) -> Markup:
        """The letter that stands for a system in the pictures."""
        return Markup('<span class="badge">{}</span>').format(one.letter)

    def metric(self, name: str) -> Markup:
        """What people call a metric."""
        return Markup('<span class="term">{}</span>').format(self.metric_text(name))

    def metric_text(self, name: str) -> str:
        """The same without markup, for pictures."""
        return word("metrics", name, self.language)

    # Figures

    def score(self, one: System, metric: str) -> Markup:
        """A score as a link."""
        value = one.scores[metric]["value"]
        text = self.n(value, self.digits(metric))
        return self.cite(text, f"quality-{metric_id(metric)}", f"{one.name}: scores.{metric}")

    def ends(self, one: System, metric: str) -> Markup:
        """The interval of a score, as a link; empty where nobody knows it."""
        text = self.between(one.scores[metric], self.digits(metric))
        field = f"{one.name}: scores.{metric}.low, high"
        return self.cite(text, f"quality-{metric_id(metric)}", field) if text else Markup("")

    def digits(self, metric: str) -> int:
        """Decimals that are worth showing."""
        from fourfold.evaluation.measured import scale_of

        return _DIGITS if scale_of(metric) == 1 else _IN_HUNDREDS_DIGITS

    def seconds(self, value: float | None) -> str:
        """A wait."""
        if value is None:
            return str(phrase("general", "unknown", self.language))
        if value < _FEW_SECONDS:
            below = phrase("general", "below", self.language)
            return f"{below} {self.n(_FEW_SECONDS, 2)}\u00a0s"
        return f"{self.n(value, 1 if value >= 1 else 2)}\u00a0s"

    def wait(self, one: System, name: str) -> Markup:
        """A wait as a link; without one where nobody knows it."""
        text = self.seconds(one.body[name])
        if one.body[name] is None:
            return Markup.escape(text)
        return self.cite(text, "wait", f"{one.name}: {name}")

    def wait_ends(self, one: System, name: str) -> Markup:
        """The interval of a wait, as a link; empty where nobody knows it, or would feel it."""
        found = one.body.get(f"{name}_interval") or {}
        low, high = found.get("low"), found.get("high")
        if low is None or (low if high is None else high) < _FEW_SECONDS:
            return Markup("")
        if high is None:  # too few records to bound the slowest
            text = str(phrase("general", "at_least", self.language, value=self.seconds(low)))
        else:
            text = f"{self.between(found, 1 if high >= 1 else 2)}\u00a0s"
        return self.cite(text, "wait", f"{one.name}: {name}_interval")

    def n(self, value: float | None, digits: int | None = None) -> str:
        """A number."""
        return numbers.number(value, self.language, digits=digits)

    def gap(self, value: float | None) -> str:
        """A difference."""
        return numbers.gap(value, self.language)

    def between(self, interval: Mapping[str, Any] | None, digits: int | None = None) -> str:
        """An interval."""
        return numbers.between(interval, self.language, digits=digits)

    def money(self, value: float, currency: str, digits: int | None = None) -> str:
        """An amount in a currency."""
        return numbers.money(value, currency, self.language, digits=digits)

    def percent(self, share: float) -> str:
        """A share of 100."""
        return numbers.percent(share, self.language)

    def chance(self, p: float) -> str:
        """A p value."""
        return numbers.chance(p, self.language)


def metric_id(metric: str) -> str:
    """A metric's name as a part of an id."""
    return metric.replace("+", "plus").replace(":", "-")
