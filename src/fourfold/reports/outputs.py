"""The outputs of a comparison side by side: one HTML page for somebody who wants to read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fourfold.core.errors import InvalidInput
from fourfold.reports.numbers import day
from fourfold.reports.pages import filled
from fourfold.reports.words import LANGUAGES
from fourfold.reports.writer import Writer

if TYPE_CHECKING:
    from markupsafe import Markup

    from fourfold.evaluation.side_by_side import Beside, Shown, SideBySide

_LONG: Final = 900  # letters; what is longer is folded
_START: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What systems gave, and what it was made of.

    `lost` records were asked and are no longer in the dataset; `has_changed` says that it is not
    what the comparison was made with.
    """

    experiment: str
    application: str
    made_at: datetime
    dataset: str
    has_changed: bool
    lost: int
    shown: SideBySide


def outputs_page(outputs: Outputs, *, language: str) -> str:
    """The outputs in one HTML page in German (`de`) or English (`en`), which fetches nothing.

    The texts are shown as they are, in the order of the records that were given. Raises
    `InvalidInput` for another language.
    """
    if language not in LANGUAGES:
        raise InvalidInput(f"There is no page in `{language}`.", hint="Choose de or en.")
    write = Writer(language, "outputs", ())
    return filled(
        "outputs.html",
        language=language,
        application=outputs.application,
        systems=outputs.shown.systems,
        rows=[_row(row, outputs.shown.metric, write) for row in outputs.shown.rows],
        about=list(_about(outputs, write)),
        start=_start,
        t=write.t,
        made_with=write.at("general").t("made_with", version=version("fourfold")),
    )


def _about(outputs: Outputs, write: Writer) -> Iterator[Markup]:
    """What the reader has to know of the page."""
    shown = outputs.shown
    yield write.t(
        "made_of",
        experiment=outputs.experiment,
        date=day(outputs.made_at, write.language),
        dataset=outputs.dataset,
        count=write.n(len(shown.rows), 0),
    )
    better = write.t("more_is_better" if shown.higher_is_better else "less_is_better")
    yield write.t("figure", metric=write.metric(shown.metric), better=better)
    if shown.metric != shown.decisive:
        yield write.t("other_metric", metric=write.metric(shown.decisive))
    if len(shown.systems) > 1:
        yield write.t("order")
    if outputs.has_changed:
        yield write.t("has_changed", dataset=outputs.dataset)
    if outputs.lost:
        yield write.t("lost", count=write.n(outputs.lost, 0))


def _row(row: Beside, metric: str, write: Writer) -> dict[str, Any]:
    spread = row.spread
    return {
        "record": row.record,
        "apart": "" if spread is None else write.n(spread, write.digits(metric)),
        "shown": [_shown(one, metric, write) for one in row.shown],
    }


def _shown(one: Shown, metric: str, write: Writer) -> dict[str, Any]:
    """A cell; an output in the wrong form is shown as the model wrote it."""
    value = "" if one.value is None else write.n(one.value, write.digits(metric))
    case = one.case
    if case is None:
        return {"value": value, "error": write.t("not_asked"), "output": ""}
    error = case.error_message or case.error_code
    output = case.outcome.output if case.outcome else ""
    if error and not output and case.exchanges:
        output = case.exchanges[-1].text
    return {
        "value": value,
        "error": write.t("failed", why=error) if error else "",
        "output": output,
    }


def _start(text: str) -> str:
    """The beginning of a long text, up to a blank; empty for one that is short enough."""
    if len(text) <= _LONG:
        return ""
    start = text[:_START]
    return f"{start.rpartition(' ')[0] or start} …"
