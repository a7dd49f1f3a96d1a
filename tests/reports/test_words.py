"""German and English say the same: same names, same values, German numbers in German."""

import re
from importlib.resources import files
from string import Formatter
from typing import Any

import pytest
from tests.reports.conftest import SAFETY, THRESHOLD, Make

from fourfold.catalogue import policy, read_catalogue
from fourfold.catalogue.findings import of_terms
from fourfold.reports import decision_report
from fourfold.reports.words import LANGUAGES, finding, word, words

FILES = sorted(
    file.name.removesuffix(".yaml")
    for file in files("fourfold.reports.words").iterdir()
    if file.name.endswith(".yaml")
)


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize(
    "section", [name for name in FILES if name not in {"findings", "wordings"}]
)
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
        for part in (folder, folder.joinpath("sections"), folder.joinpath("templates"))
        for file in part.iterdir()
        if file.name.endswith((".py", ".html"))
    )
    built = re.compile(
        r"(language|verdict|level|unit|why|of)[ _]|exact|approximate|few_|(in)?dangerous"
        r"|ladder_(missing|forbidden)"
    )
    sections = set(FILES) - {
        "findings",
        "wordings",
        "metrics",
        "tasks",
        "explained",
        "general",
        "languages",
    }
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


NOTES = "Commercial use only while the company and its affiliates keep to xAI's acceptable"


def findings_of(licence: str, use: policy.Use) -> list[dict[str, Any]]:
    terms = read_catalogue().licences[licence]
    return [one.as_json() for one in of_terms(terms, policy.Policy(use=use))]


def test_what_a_licence_asks_for_is_said_in_german_as_in_english() -> None:
    said = [finding(one, "de") for one in findings_of("apache-2.0", "internal")]
    assert (
        "Lizenz mitgeben, Urheber- und Herkunftsvermerke und den Text einer Hinweisdatei behalten "
        "und geänderte Dateien kennzeichnen."
    ) in said
    both = findings_of("xai-community", "customer-facing")
    german = " ".join(finding(one, "de") for one in both)
    assert "Gewerbliche Nutzung nur unter Bedingungen: Gewerbliche Nutzung nur, solange" in german
    assert "„Powered by xAI“ steht gut sichtbar dabei." in german
    assert NOTES in " ".join(finding(one, "en") for one in both)


def test_every_duty_of_the_catalogue_has_german_words() -> None:
    known = read_catalogue()
    licences, hosts = known.licences.values(), known.hosts.values()
    said = {one.attribution for one in licences}
    said |= {one.shown_to_users for one in licences} | {one.shown_to_users for one in hosts}
    said |= {one.notes for one in licences if one.commercial_use == "with-conditions"}
    said -= {"none", "unknown", ""}
    assert len(said) > 50
    assert said - set(words("wordings")) == set()
    assert set(words("wordings")) - said == set()  # nor are there any that nobody needs


@pytest.mark.parametrize("code", ["attribution", "shown_to_users"])
def test_a_duty_that_has_no_german_words_is_quoted(code: str) -> None:
    one = {"code": code, "text": "Sing it aloud.", "values": {}}
    assert finding(one, "de") == "„Sing it aloud.“ (englisch)"
    assert finding(one, "en") == "Sing it aloud."
    bound = {"code": "conditions", "text": "Commercial use on conditions: Ask.", "values": {}}
    assert finding(bound, "de").endswith("nur unter Bedingungen: „Ask.“ (englisch)")


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
