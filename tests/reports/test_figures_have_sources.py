"""No figure stands in a report without a link to the line that says where it comes from."""

import re
from html.parser import HTMLParser

import pytest
from tests.reports.conftest import BASELINE, HELPDESK, OPEN, SAFETY, Fake, Make, licence

from fourfold.evidence import Entry
from fourfold.reports import decision_report

UNITS = re.compile(
    r"1[.,]000 (tasks|Aufgaben)|95 ?%|95 of 100|95 von 100|100 (words|Wörter|outputs|Ausgaben)"
    r"|from 1 to 5|von 1 bis 5|\bF1\b|ROUGE-[12]|\d is (nothing|none|never|all|as much|always)"
    r"|from 0 to 100|0 heißt \w+, 1|1 heißt alle|von 0 bis 100"
    r"|, 1 (is|alle|so|immer)|some 15|etwa 15|--per-hour 45"
)
"""Digits that are no figures: units, ends of scales, what somebody should type."""

EXEMPT = {"name", "term", "badge"}
"""Classes of names, which may hold digits: `qwen2.5`, `ROUGE-1`, the letter of a picture."""

UNCLOSED = {"br", "meta", "col"}


class Walk(HTMLParser):
    """Gathers figures without a link, the links themselves, and what they lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.bare: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.pictures_without_source = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if own := found.get("id"):
            self.ids.append(own)
        if found.get("class") == "figure":
            self.links.append(str(found["href"]))
        if tag not in UNCLOSED:
            self.open.append((tag, found))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if re.search(r"\d", UNITS.sub("", data)) and not self._is_told():
            self.bare.append(data.strip())

    def _is_told(self) -> bool:
        return any(
            tag in {"style", "title", "svg", "code"}
            or found.get("id") == "sources"
            or str(found.get("href", "")).startswith("#from-")
            or bool(EXEMPT & set(str(found.get("class", "")).split()))
            for tag, found in self.open
        )


def walked(entry: Entry, language: str, rate: float | None = None) -> Walk:
    walk = Walk()
    walk.feed(decision_report(entry, language=language, rate=rate))
    assert walk.open == []
    return walk


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("case", ["all", "plain", "labels", "barred", "holes", "alone"])
def test_every_figure_links_to_a_line_that_is_there(
    comparison: Make, language: str, case: str
) -> None:
    judge = {"model": "j", "signature": "judge|x", "compared": 9, "warnings": ["kin"]}
    entry = {
        "all": lambda: comparison(safety=SAFETY, judge=judge),
        "plain": lambda: comparison(timed=False),
        "labels": lambda: comparison(
            [HELPDESK[1], Fake("extractive", 0.6, facts=BASELINE)],
            task="sentiment",
            metrics=("macro_f1", "accuracy"),
        ),
        "barred": lambda: comparison([HELPDESK[2]]),
        "holes": lambda: comparison(
            [Fake("a", 0.1, None, answers=0.7), Fake("b", 0.1, 0.1, facts=OPEN)], count=30
        ),
        "alone": lambda: comparison([Fake("a", 0.1)], timed=False, metrics=("chrf",)),
    }[case]()
    walk = walked(entry, language, 0.92 if case == "all" else None)
    assert walk.bare == []
    assert len(walk.links) > 10
    assert {link.removeprefix("#") for link in walk.links} <= set(walk.ids)
    assert len(walk.ids) == len(set(walk.ids))


def test_the_walk_finds_a_figure_without_a_link() -> None:
    walk = Walk()
    walk.feed('<p>It costs 12.30 € for 1,000 tasks.</p><p><span class="name">gpt-5</span></p>')
    assert walk.bare == ["It costs 12.30 € for 1,000 tasks."]


def test_ids_are_the_same_for_the_same_comparison(comparison: Make) -> None:
    assert walked(comparison(), "de").ids == walked(comparison(), "en").ids


def test_a_source_of_a_system_is_its_own_though_names_differ_in_signs_alone(
    comparison: Make,
) -> None:
    walk = walked(comparison([Fake("a b", 0.1), Fake("a-b", 0.3)]), "en")
    assert len([one for one in walk.ids if one.startswith("from-cost-a-b")]) == 2


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_picture_names_the_source_of_its_figures(comparison: Make, language: str) -> None:
    page = decision_report(comparison(), language=language)
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert len(figures) == 2
    assert all("#from-" in figure for figure in figures)


def test_a_price_says_its_day_and_its_page(comparison: Make) -> None:
    page = decision_report(comparison(), language="de")
    assert "Preis vom 04.11.2026" in page
    assert 'href="https://pypi.org/project/genai-prices/0.2.3/"' in page
    assert "2,50\u00a0$ für eine Million Token hinein" in page


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ("in force since", "Preis in Kraft seit 04.11.2026"),
        ("data up to", "aus Daten bis 04.11.2026"),
    ],
)
def test_a_price_says_which_day_its_day_is(comparison: Make, means: str, said: str) -> None:
    facts = {**HELPDESK[1].facts}
    facts["price"] = {**facts["price"], "means": means}
    page = decision_report(comparison([Fake("a", 0.1, 0.1, facts=facts)]), language="de")
    assert said in page


def test_an_address_that_could_run_something_is_no_link(comparison: Make) -> None:
    facts = {**HELPDESK[1].facts}
    facts["licence"] = {**facts["licence"], "source": "javascript:alert(1)"}
    page = decision_report(comparison([Fake("a", 0.1, 0.1, facts=facts)]), language="en")
    assert 'href="javascript' not in page


@pytest.mark.parametrize(("language", "said"), [("de", "gelesen auf"), ("en", "read at")])
def test_terms_read_in_a_copy_have_their_own_page_too(
    comparison: Make, language: str, said: str
) -> None:
    terms = {**licence(name="apache-2.0"), "page": "https://licences.example.org/apache"}
    facts = {**OPEN, "licence": terms}
    page = decision_report(comparison([Fake("open-7b", 0.1, facts=facts)]), language=language)
    own = page.index('href="https://licences.example.org/apache"')
    assert own < page.index(said, own) < page.index(f'href="{terms["source"]}"', own)
