"""German and English say the same: same names, same values, German numbers in German."""

import re
from importlib.resources import files
from string import Formatter

import pytest
from tests.reports.conftest import SAFETY, THRESHOLD, Make

from fourfold.catalogue import policy
from fourfold.reports import decision_report
from fourfold.reports.words import LANGUAGES, finding, word, words

FILES = sorted(
    file.name.removesuffix(".yaml")
    for file in files("fourfold.reports.words").iterdir()
    if file.name.endswith(".yaml")
)


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("section", [name for name in FILES if name != "findings"])
def test_both_languages_have_the_same_words_with_the_same_values(section: str) -> None:
    for name, texts in words(section).items():
        assert set(texts) == set(LANGUAGES), name
        assert values(texts["de"]) == values(texts["en"]), name
        assert all(text.strip() for text in texts.values()), name


def test_every_word_is_used() -> None:
    """A name that nothing says is a sentence that nobody reads."""
    folder = files("fourfold.reports")
    code = "".join(
        file.read_text("utf-8")
        for part in (folder, folder.joinpath("sections"))
        for file in part.iterdir()
        if file.name.endswith(".py")
    )
    built = re.compile(
        r"(language|verdict|level|unit|why|of)[ _]|exact|approximate|few_|(in)?dangerous"
        r"|ladder_(missing|forbidden)"
    )
    sections = set(FILES) - {"findings", "metrics", "tasks", "explained", "general", "languages"}
    unused = [
        f"{section}: {name}"
        for section in sections
        for name in words(section)
        if f'"{name}"' not in code and not built.match(name) and name != "rate_same"
    ]
    assert unused == []


def test_every_finding_of_the_licence_gate_has_german_words() -> None:
    source = files("fourfold.catalogue").joinpath("findings.py").read_text("utf-8")
    codes = set(re.findall(r'Finding\(\s*"(\w+)"', source)) | set(policy.Levels.model_fields)
    assert len(codes) > 15
    assert codes - set(words("findings")) == set()


def test_a_finding_is_told_with_german_numbers_and_units() -> None:
    said = finding(THRESHOLD, "de")
    assert said == "Frei nur unter 700.000.000 Nutzer im Monat; bei Ihnen sind es 900.000.000."
    assert finding(THRESHOLD, "en") == THRESHOLD["text"]


def test_a_finding_without_the_values_of_its_words_stays_as_it_was() -> None:
    assert finding({"code": "over_threshold", "text": "Too many."}, "de") == "Too many."
    assert finding({"code": "new", "text": "Something new."}, "de") == "Something new."


def test_a_metric_of_another_package_keeps_its_name() -> None:
    assert word("metrics", "politeness", "de") == "politeness"


def test_numbers_follow_the_language_everywhere(comparison: Make) -> None:
    """Pictures and their texts too; code, links and names stay as they are."""
    for language, foreign in (
        ("de", r"\d\.\d{1,2}\b(?!\.)|\$\d"),
        ("en", r"\d,\d{1,2}\b|\d\s?[$€]"),
    ):
        page = decision_report(comparison(safety=SAFETY), language=language, rate=0.92)
        told = re.sub(r"<style>.*?</style>|<code>.*?</code>|<[^>]*>", "§", page, flags=re.DOTALL)
        plain = re.sub(r"\d\d\.\d\d\.\d{4}|genai-prices [\d.]+|Fourfold §?[\d.]+|[\d.]+§", "", told)
        assert re.findall(rf".{{20}}{foreign}", plain) == []


def test_german_pages_hold_no_english_words_of_ours(comparison: Make) -> None:
    page = decision_report(comparison(safety=SAFETY), language="de")
    text = re.sub(r"<style>.*?</style>|<code>.*?</code>|<[^>]*>", " ", page, flags=re.DOTALL)
    english = r"\b(the|of|and|records|below|minutes|unknown|allowed|CPUs|tasks)\b"
    assert re.findall(english, text) == []
