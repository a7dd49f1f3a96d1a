"""What the reports say: a file for each section, German and English side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Final

import yaml
from markupsafe import Markup

from fourfold.reports.numbers import number, read_day

LANGUAGES: Final = ("de", "en")

Words = Mapping[str, Mapping[str, str]]
"""Name → language → text, with `{values}`."""


@cache
def words(section: str) -> Words:
    """The words of one file of this folder."""
    text = files(__name__).joinpath(f"{section}.yaml").read_text("utf-8")
    found: Words = yaml.safe_load(text)
    return found


def phrase(section: str, name: str, language: str, /, **values: object) -> Markup:
    """A text in a language, filled in; values that are not marked up yet are escaped."""
    return Markup(words(section)[name][language]).format(**values)  # noqa: S704 - our own words


def word(section: str, name: str, language: str) -> str:
    """A text that may be missing: then its name, as with metrics of other packages."""
    return words(section).get(name, {}).get(language, name)


def finding(one: Mapping[str, Any], language: str) -> str:
    """A finding of the licence gate in the language of the report.

    In English they say it themselves. One that is not known here, or of an older entry that does
    not hold its values, stays as it is. What a licence says in its own words is `{wording}`: behind
    what the gate says `before` it.
    """
    known = words("findings").get(str(one["code"]), {})
    text = known.get(language, "")
    values = {n: _told(n, value, language) for n, value in (one.get("values") or {}).items()}
    values["wording"] = wording(str(one["text"]).removeprefix(known.get("before", "")), language)
    needed = {name for _, name, _, _ in Formatter().parse(text) if name}
    return text.format(**values) if text and needed <= set(values) else str(one["text"])


def wording(text: str, language: str) -> str:
    """What a licence asks for, as the catalogue says it; quoted where it is not translated."""
    return words("wordings").get(text, {}).get(language) or f"„{text}“ (englisch)"


def _told(name: str, value: Any, language: str) -> str:
    if isinstance(value, int):
        return number(value, language, digits=0)
    if name == "date":
        return read_day(str(value), language)
    return word("findings", f"{name} {value}", language).removeprefix(f"{name} ")
