"""The decision report: one HTML file for somebody who decides and reads no code."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

from fourfold.core.errors import InvalidInput
from fourfold.reports.found import Found
from fourfold.reports.numbers import day
from fourfold.reports.pages import filled
from fourfold.reports.sections.answer import answer
from fourfold.reports.sections.change import change
from fourfold.reports.sections.figures import figures
from fourfold.reports.sections.method import method
from fourfold.reports.sections.options import options
from fourfold.reports.sections.picture import effort, picture
from fourfold.reports.sections.risks import risks
from fourfold.reports.sections.safety import safety
from fourfold.reports.sources import source_ids, sources
from fourfold.reports.words import LANGUAGES
from fourfold.reports.writer import Writer

if TYPE_CHECKING:
    from fourfold.evidence import Entry


def decision_report(entry: Entry, *, language: str, rate: float | None = None) -> str:
    """The report on a comparison, in German (`de`) or English (`en`), as one HTML page.

    It needs nothing beside it: pictures are inside, nothing is fetched. Every figure links to a
    line that says where it comes from. `rate` is what a US dollar is worth in the currency in which
    people are paid; without it the two are never added up. Raises `InvalidInput` for another
    language, an impossible rate, or an entry that is no comparison.
    """
    if language not in LANGUAGES:
        raise InvalidInput(f"There is no report in `{language}`.", hint="Choose de or en.")
    if rate is not None and not 0 < rate < float("inf"):
        raise InvalidInput(f"A US dollar cannot be worth {rate:g}.", hint="Name a rate above 0.")
    found = Found(entry, rate=rate)
    write = Writer(language, "general", source_ids(found))
    return _rendered(found, write)


def _rendered(found: Found, write: Writer) -> str:
    own = write.at("sources")
    date = day(found.entry.at, write.language)
    printed = write.t("printed", application=found.body["application"], date=date).unescape()
    return filled(
        "decision.html",
        language=write.language,
        title=write.t("title"),
        application=found.body["application"],
        style=files("fourfold.reports").joinpath("templates", "decision.css").read_text("utf-8"),
        printed=_css_text(printed),
        printed_page=_css_text(str(write.t("page"))),
        answer=answer(found, write.at("answer")),
        options=options(found, write.at("options")),
        picture=picture(found, write.at("picture")),
        change=change(found, write.at("change")),
        risks=risks(found, write.at("risks")),
        safety=safety(found, write.at("safety")),
        appendix=write.t("appendix"),
        figures=figures(found, write.at("figures")),
        effort=effort(found, write.at("picture")),
        method=method(found, write.at("method")),
        sources={
            "title": own.t("sources"),
            "lead": own.t("lead"),
            "lines": list(sources(found, own)),
        },
        made_with=write.t("made_with", version=write.name(version("fourfold"))),
    )


def _css_text(text: str) -> str:
    """A text within quotes of a style sheet: all but plain letters and digits by their number."""
    return "".join(
        letter if letter.isascii() and letter.isalnum() else f"\\{ord(letter):06x}"
        for letter in text
    )
