"""A report on answers that were made elsewhere claims nothing that an import cannot know."""

import pytest
from tests.reports.conftest import Fake, Make, imported
from tests.reports.test_decision import text
from tests.reports.test_figures_have_sources import walked

from fourfold.reports.words import words

PAIR = (Fake("gpt-5", 0.1, 0.001), Fake("b", 0.3, 0.001))


@pytest.mark.parametrize(
    ("language", "made"),
    [
        (
            "en",
            "Answers made elsewhere (promptfoo 0.121.20: faq-2.json), read in on 22 November 2026 "
            "and scored here on 20 records.",
        ),
        (
            "de",
            "Antworten von anderswo (promptfoo 0.121.20: faq-2.json), eingelesen am 22.11.2026 "
            "und hier an 20 Fällen bewertet.",
        ),
    ],
)
def test_an_import_says_who_made_the_answers(comparison: Make, language: str, made: str) -> None:
    said = text(imported(comparison(PAIR, count=20, timed=False)), language)
    assert made in said
    assert "5e5e5e" in said
    for claim in ("Measured on", "Gemessen am", "Measured while", "Beim Vergleichen gemessen"):
        assert claim not in said
    for never in ("as set with", "gesetzt mit", "compare --timed", "compare --safety"):
        assert never not in said


@pytest.mark.parametrize("language", ["de", "en"])
def test_waits_of_an_import_are_those_that_the_tool_wrote_down(
    comparison: Make, language: str
) -> None:
    told = words("sources")["wait_import"][language]
    entry = comparison(PAIR, count=20, timed=False)
    assert told in text(imported(entry), language)
    unknown = imported(entry, waits=False)
    assert told not in text(unknown, language)
    assert "from-wait" not in walked(unknown, language).ids


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("waits", [True, False])
def test_every_figure_of_an_import_links_to_a_line_that_is_there(
    comparison: Make, language: str, waits: bool
) -> None:
    walk = walked(imported(comparison(PAIR, count=20, timed=False), waits=waits), language)
    assert walk.bare == []
    assert {link.removeprefix("#") for link in walk.links} <= set(walk.ids)


def test_many_files_are_all_named_among_the_sources(comparison: Make) -> None:
    files = [{"file": f"{name}.jsonl", "sha256": name * 64, "tool": ""} for name in "abcdef"]
    entry = imported(comparison(PAIR, count=20, timed=False), imported={"files": files})
    said = text(entry)
    assert "(a.jsonl, b.jsonl, c.jsonl, …)" in said
    assert "f.jsonl: –, SHA-256 fff" in said


@pytest.mark.parametrize(("language", "role"), [("en", "recommended"), ("de", "empfohlen")])
def test_one_system_alone_is_not_called_recommended(
    comparison: Make, language: str, role: str
) -> None:
    alone = comparison([PAIR[0]], count=20, timed=False)
    for entry in (alone, imported(alone)):
        page = text(entry, language).partition(words("change")["change"][language])[0]
        assert role not in page
        assert words("options")["alone"][language] in page
    assert "Only gpt-5 was measured." in text(alone)
    assert "Only gpt-5 was scored." in text(imported(alone))


def test_nobody_looked_an_imported_model_up(comparison: Make) -> None:
    said = text(imported(comparison(PAIR, count=20, timed=False)))
    assert "not in the catalogue" not in said
    assert "fourfold compare --dataset datasets/faq.jsonl" in said
    assert "compare again" not in said
    assert "Licences and places of data were not looked up" in said
    assert "is never recommended" not in said
