"""The decision report: one HTML file for somebody who decides and reads no code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from math import ceil
from typing import Any

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.measured import is_significant, scale_of
from fourfold.evidence import Entry
from fourfold.metrics.scoring import metric_named
from fourfold.reports.charts import Bar, Point, bars, scatter
from fourfold.reports.numbers import between, number
from fourfold.reports.words import LANGUAGES, METRIC_NAMES, PHRASES, TASK_NAMES, finding, phrase

_OPTIONS = 3
_UNFELT = 0.01  # seconds
_SMALL_PRICE = 0.1  # US dollars; below, more decimals are shown


def decision_report(entry: Entry, *, language: str) -> str:
    """The report on a comparison, in German (`de`) or English (`en`), as one HTML page.

    It needs nothing beside it: pictures are inside, nothing is fetched. Raises `InvalidInput` for
    another language, or an entry that is no comparison.
    """
    if language not in LANGUAGES:
        raise InvalidInput(f"There is no report in `{language}`.", hint="Choose de or en.")
    if entry.kind != "comparison":
        raise InvalidInput(f"Entry {entry.number} is a {entry.kind}, not a comparison.")
    from jinja2 import Environment, StrictUndefined

    page = _Page(entry, language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = files("fourfold.reports").joinpath("templates", "decision.html")
    return environment.from_string(template.read_text("utf-8")).render(
        page=page, t=page.t, language=language
    )


class _Page:
    """What the template asks for, part by part."""

    def __init__(self, entry: Entry, language: str) -> None:
        self.entry = entry
        self.language = language
        self.body: Mapping[str, Any] = entry.body
        self.models: Sequence[Mapping[str, Any]] = self.body["models"]
        self.metrics: Sequence[str] = self.body["metrics"]
        self.decisive: str = self.metrics[0]
        self.choice: Mapping[str, Any] = self.body["recommendation"]
        self.chosen = self.of(self.choice["model"])

    def t(self, name: str, **values: object) -> str:
        """A phrase in the language of the report."""
        return phrase(name, self.language, **values)

    def of(self, name: str) -> Mapping[str, Any]:
        """The figures of a system."""
        return next(one for one in self.models if one["model"] == name)

    # What stands at the top

    @property
    def question(self) -> str:
        """What the report answers."""
        task = TASK_NAMES[self.body["task"]][self.language]
        return self.t("question", application=self.body["application"], task=task)

    @property
    def made(self) -> str:
        """On what it rests."""
        return self.t(
            "made", date=self.date, count=self.body["compared"], file=self.body["dataset"]["file"]
        )

    @property
    def date(self) -> str:
        """The day of the comparison."""
        form = "%d.%m.%Y" if self.language == "de" else "%d %B %Y"
        return self.entry.at.strftime(form)

    @property
    def because(self) -> str:
        """Why the recommended one."""
        metric, score = self.metric_name(self.decisive), self.score(self.chosen, self.decisive)
        if len(self.models) == 1:
            return self.t("because_alone", metric=metric, score=score)
        if self.choice["best"] == self.choice["model"]:
            return self.t("because_best", metric=metric, score=score)
        rung = next(one for one in self.choice["others"] if one["model"] == self.choice["model"])
        return self.t(
            "because_cheaper",
            best=self.choice["best"],
            metric=metric,
            score=score,
            worse=self.n(rung["worse_by"]),
            p=self.n(rung["p"]),
        )

    @property
    def would_change(self) -> list[str]:
        """What one would have to learn to decide otherwise."""
        found = [
            self.t("change_left_out", model=one["model"], message=one["message"])
            for one in self.body.get("left_out", [])
        ]
        found += [*self._more_records(), *self._unsure(), *self._licence_duties()]
        failed = sum(self.chosen["failed"].values())
        if failed:
            found.append(self.t("change_failed", count=failed, model=self.chosen["model"]))
        return found or [self.t("change_nothing")]

    def _more_records(self) -> list[str]:
        holding = {one["model"] for one in self.choice["others"] if one["holds"]}
        seen = [
            test["detectable"]
            for test in self.tests(self.decisive)
            if self.choice["best"] in (test["a"], test["b"])
            and holding & {test["a"], test["b"]}
            and test["detectable"] is not None
        ]
        relevant = self.relevant
        if not seen or max(seen) <= relevant:
            return []
        count = self.body["compared"]
        needed = ceil(count * (max(seen) / relevant) ** 2 / 100) * 100
        return [
            self.t(
                "change_records",
                count=count,
                detectable=self.n(max(seen)),
                relevant=self.n(relevant),
                needed=self.n(needed, 0),
            )
        ]

    def _unsure(self) -> list[str]:
        return [
            self.t("change_unsure", model=one["model"], p=self.n(one["p"]))
            for one in self.choice["others"]
            if not one["holds"] and not is_significant(one["p"])
        ]

    def _licence_duties(self) -> list[str]:
        name, found = self.chosen["model"], []
        verdict = self.licence(self.chosen).get("verdict")
        if verdict in {"approval", "forbidden"}:
            found.append(self.t(f"change_{verdict}", model=name))
        if retired := self.known(self.chosen).get("retired"):
            found.append(self.t("change_retired", model=name, date=retired))
        return found

    # The options

    @property
    def options(self) -> list[Mapping[str, Any]]:
        """The recommended one, the best, then the next best: three at most."""
        sign = -1 if self.is_better_higher(self.decisive) else 1
        ranked = sorted(self.models, key=lambda one: sign * one["scores"][self.decisive]["value"])
        order = [self.chosen, self.of(self.choice["best"]), *ranked]
        names = list(dict.fromkeys(one["model"] for one in order))
        return [self.of(name) for name in names[:_OPTIONS]]

    def role(self, one: Mapping[str, Any]) -> str:
        """What an option is beside the others."""
        if one["model"] == self.choice["model"]:
            return self.t("recommended")
        if one["model"] == self.choice["best"]:
            return self.t("best")
        return self.t("baseline" if self.is_baseline(one) else "alternative")

    def is_baseline(self, one: Mapping[str, Any]) -> bool:
        """True for the one without a language model."""
        return bool(one.get("facts", {}).get("kind") == "baseline")

    def cost(self, one: Mapping[str, Any]) -> str:
        """US dollars of the provider for 1,000 tasks."""
        if one["cost_per_1000"] is None:
            return self.t("unknown")
        if one["cost_per_1000"] == 0:
            return self.t("own_hardware_cost")
        cost = one["cost_per_1000"]
        return f"{self.n(cost, 2 if cost >= _SMALL_PRICE else None)} $"

    def correcting(self, one: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Minutes and money of people for 1,000 tasks, each with its interval."""
        minutes, money = one.get("minutes_per_1000"), one.get("correction_cost_per_1000")
        found = []
        if minutes:
            said = f"{self.n(minutes['value'], digits=0)} {self.t('minutes')}"
            found.append((said, self.between(minutes, 0)))
        if money:
            said = f"{self.n(money['value'], digits=0)} {self.currency}"
            found.append((said, self.between(money, 0)))
        return found

    @property
    def plainly(self) -> str:
        """The decisive figure as people say it; empty for metrics that nobody can feel."""
        value = self.chosen["scores"][self.decisive]["value"]
        if self.decisive == "hter":
            return self.t("plainly_hter", count=round(100 * value))
        if self.decisive in {"accuracy", "em"}:
            return self.t("plainly_share", count=round(100 * value))
        return ""

    @property
    def direction(self) -> str:
        """Whether high or low is good."""
        return self.t("higher" if self.is_better_higher(self.decisive) else "lower")

    @property
    def currency(self) -> str:
        """In which people are paid."""
        signature = str((self.models[0].get("correction_cost_per_1000") or {}).get("signature", ""))
        parts = [part for part in signature.split("|") if part.startswith("currency:")]
        return parts[0].removeprefix("currency:") if parts else ""

    def place(self, one: Mapping[str, Any]) -> str:
        """Where it computes."""
        where = one.get("facts", {}).get("where", "")
        return self.t("own_machine") if where == "this machine" else str(where)

    # Pictures

    @property
    def picture_title(self) -> str:
        """What the first picture shows."""
        return self.t("picture" if self._is_priced else "picture_time")

    @property
    def picture(self) -> str:
        """Quality against cost or, where nothing costs money, against time."""
        points = [self._point(one) for one in self.models if self._x(one) is not None]
        return scatter(
            points,
            title=self.picture_title,
            x_title=self.t("axis_cost" if self._is_priced else "axis_seconds"),
            y_title=self.metric_name(self.decisive),
            text=" ".join(self._said(one) for one in self.models if self._x(one) is not None),
            language=self.language,
        )

    @property
    def effort_picture(self) -> str:
        """Bars of what people correct; empty when that was not measured."""
        rows = [self._effort(one) for one in self.models]
        if any(row is None for row in rows):
            return ""
        unit = self.t("minutes") if self.is_timed else self.metric_name("hter")
        shown = [row for row in rows if row is not None]
        return bars(
            shown,
            title=self.t("effort"),
            x_title=f"{self.t('correcting')}: {unit}" if self.is_timed else unit,
            text=" ".join(f"{row.label}: {self.n(row.value)}." for row in shown),
            language=self.language,
        )

    @property
    def is_timed(self) -> bool:
        """True when corrections were timed."""
        return all("minutes_per_1000" in one for one in self.models)

    def _effort(self, one: Mapping[str, Any]) -> Bar | None:
        figure = one.get("minutes_per_1000") if self.is_timed else one["scores"].get("hter")
        if not figure:
            return None
        return Bar(
            label=one["model"],
            value=figure["value"],
            ends=_ends(figure),
            chosen=one["model"] == self.choice["model"],
        )

    @property
    def _is_priced(self) -> bool:
        return any(one["cost_per_1000"] for one in self.models)

    def _x(self, one: Mapping[str, Any]) -> float | None:
        found: float | None = one["cost_per_1000"] if self._is_priced else one["seconds_p95"]
        return found

    def _point(self, one: Mapping[str, Any]) -> Point:
        score = one["scores"][self.decisive]
        x_interval = one["cost_per_1000_interval"] if self._is_priced else None
        return Point(
            label=one["model"],
            x=self._x(one) or 0.0,
            y=score["value"],
            x_ends=_ends(x_interval) if x_interval else None,
            y_ends=_ends(score),
            chosen=one["model"] == self.choice["model"],
        )

    def _said(self, one: Mapping[str, Any]) -> str:
        unit = "$" if self._is_priced else "s"
        return self.t(
            "picture_text",
            model=one["model"],
            metric=self.metric_name(self.decisive),
            score=self.score(one, self.decisive),
            x=f"{self.n(self._x(one))} {unit}",
        )

    # Tables

    def tests(self, metric: str) -> list[Mapping[str, Any]]:
        """The tests by that metric."""
        return [test for test in self.body["tests"] if test["metric"] == metric]

    def p(self, one: Mapping[str, Any], metric: str) -> str:
        """How likely the difference to the recommended one is by chance."""
        for test in self.tests(metric):
            if {test["a"], test["b"]} == {one["model"], self.choice["model"]}:
                return f"p = {self.n(test['p'])}"
        return ""

    @property
    def language_slices(self) -> list[Mapping[str, Any]]:
        """Languages and tags, those of enough records first."""
        return sorted(self.body["slices"], key=lambda part: part["too_small"])

    def slice_name(self, part: Mapping[str, Any]) -> str:
        """`language: de` as people say it; tags are the team's own words."""
        key = str(part["slice"]).replace("language: ", "language_")
        return self.t(key) if key in PHRASES and key.startswith("language_") else part["slice"]

    def findings(self, one: Mapping[str, Any]) -> list[str]:
        """What the licence gate says of a model."""
        return [finding(each, self.language) for each in self.licence(one).get("findings", [])]

    def way_out(self, one: Mapping[str, Any]) -> str:
        """What leaving this model would take."""
        known = self.known(one)
        if self.is_baseline(one):
            return ""
        if one.get("facts", {}).get("kind") == "weights":
            return self.t("exit_open")
        if known.get("kind") == "open-weights":
            return self.t("exit_open")
        hosts = known.get("hosts") or []
        if not hosts:
            return self.t("exit_unknown")
        name = "exit_hosts" if len(hosts) > 1 else "exit_one"
        return self.t(name, count=len(hosts), hosts=", ".join(hosts))

    def residency(self, one: Mapping[str, Any]) -> str:
        """Where data can stay."""
        if one.get("facts", {}).get("where") == "this machine":
            return self.t("own_machine")
        return ", ".join(self.known(one).get("regions") or []) or self.t("unknown")

    def licence(self, one: Mapping[str, Any]) -> Mapping[str, Any]:
        """The verdict on its licence; empty for the baseline."""
        found: Mapping[str, Any] = one.get("facts", {}).get("licence", {})
        return found

    def known(self, one: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the catalogue says of it."""
        found: Mapping[str, Any] = one.get("facts", {}).get("catalogue", {})
        return found

    def wrong_form(self, one: Mapping[str, Any]) -> int:
        """Outputs that were not in the form asked for."""
        return sum(one["failed"].get(code, 0) for code in ("invalid_output", "context_too_long"))

    def failures(self, one: Mapping[str, Any]) -> int:
        """Records that it could not be asked."""
        return int(sum(one["failed"].values())) - self.wrong_form(one)

    # Words and numbers

    @property
    def relevant(self) -> float:
        """The smallest difference that matters, in the units of the decisive metric."""
        return float(self.body["relevant"]) * scale_of(self.decisive)

    @property
    def timed(self) -> str:
        """How many corrections were timed."""
        signature = str((self.models[0].get("minutes_per_1000") or {}).get("signature", ""))
        parts = [part for part in signature.split("|") if part.startswith("timed:")]
        return parts[0].removeprefix("timed:") if parts else ""

    @property
    def version(self) -> str:
        """Of Fourfold."""
        return version("fourfold")

    def is_better_higher(self, metric: str) -> bool:
        """False for rates of errors and edits."""
        return metric_named(metric).higher_is_better

    def metric_name(self, metric: str) -> str:
        """What people call a metric."""
        names = METRIC_NAMES.get(metric)
        return names[self.language] if names else metric

    def score(self, one: Mapping[str, Any], metric: str) -> str:
        """A score with its interval."""
        figure = one["scores"][metric]
        ends = self.between(figure)
        return f"{self.n(figure['value'])}{f' ({ends})' if ends else ''}"

    def seconds(self, value: float) -> str:
        """A wait; nobody feels less than a hundredth of a second."""
        if value < _UNFELT:
            return f"{self.t('below')} {self.n(_UNFELT, 2)} s"
        return f"{self.n(value, 1 if value >= 1 else 2)} s"

    def n(self, value: float | None, digits: int | None = None) -> str:
        """A number in the language of the report."""
        return number(value, self.language, digits=digits)

    def between(self, interval: dict[str, Any], digits: int | None = None) -> str:
        """An interval in the language of the report."""
        return between(interval, self.language, digits=digits)


def _ends(interval: Mapping[str, Any]) -> tuple[float, float] | None:
    low, high = interval.get("low"), interval.get("high")
    return None if low is None or high is None else (low, high)
