"""Words, support, cues, likelihood, language: what the answers rest on."""

import pytest

from fourfold.assistant.answerability import (
    BESIDE_OWN_LANGUAGE,
    SAME_LANGUAGE,
    Formula,
    evidence_of,
)
from fourfold.assistant.base import Candidate, Evidence
from fourfold.assistant.citations import widened
from fourfold.assistant.cues import fits
from fourfold.assistant.language import language_of, not_found
from fourfold.assistant.support import SUPPORTED, support
from fourfold.assistant.words import content_words, covered, numbers
from fourfold.core.records import Chunk, Hit, Message, Place


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("24 Monate", "Für Akkus gilt eine Garantie von 24 Monaten."),
        ("Die Geräte haben drei Jahre Garantie.", "Für das Gerät gilt die Garantiezeit 3 Jahre."),
        ("four", "They won 4 games."),
        ("1.920 Akkus", "lot 2634: 1,920 Akkus in total"),
        ("Kawann Short", "Defensive tackle Kawann Short led the team."),
    ],
)
def test_a_source_supports_what_it_says(statement: str, source: str) -> None:
    assert support(statement, source) >= SUPPORTED


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("36 Monate", "Für Akkus gilt eine Garantie von 24 Monaten."),
        ("Die Garantie gilt weltweit und ewig.", "Die Garantie gilt in Europa."),
        ("Josh Norman", "Defensive tackle Kawann Short led the team."),
        ("", "Anything."),
    ],
)
def test_a_source_does_not_support_what_it_does_not_say(statement: str, source: str) -> None:
    assert support(statement, source) < SUPPORTED


def test_across_languages_numbers_and_names_decide() -> None:
    source = "Für Akkus des Typs BP 8 gilt eine Garantie von 24 Monaten."
    assert support("24 months", source, across=True) >= SUPPORTED
    assert support("36 months", source, across=True) < SUPPORTED
    assert support("It is Anna Berg.", source, across=True) == 0.0


def test_headings_belong_to_what_a_source_says() -> None:
    assert support("RM 43: 40 Nm", "The torque is 40 Nm.", context="Mower RM 43") >= SUPPORTED


def test_words_are_folded_over_endings_umlauts_and_compounds() -> None:
    assert content_words("Häuser") == content_words("Haus") or covered(
        content_words("Akkus"), content_words("Akku")
    )
    assert covered(content_words("Garantie"), content_words("Garantiezeit"))
    assert content_words("wie ist das denn") == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.000 und 1,000 and four", {"1000", "4"}),
        ("1.234,56 und 1,234.56", {"1234.56"}),
        ("2,50 EUR, 2.5 euros", {"2.5"}),
        ("3.30 oder 330", {"3.3", "330"}),
        ("0,105 or 0.105", {"0.105"}),
        ("am 01.02.2027, on 1/2/2027", {"1/2/2027"}),
        ("-20 bis 40 °C, minus 5, \u22127", {"-20", "40", "-5", "-7"}),
        ("BP-18, 2020-2026, - 9", {"18", "2020", "2026", "9"}),
    ],
)
def test_numbers_are_compared_however_they_are_written(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("15 kg", "Das Gewicht beträgt 1,5 kg."),
        ("330", "The price is 3.30 euros."),
        ("20 °C", "Lagerung bei -20 °C."),
        ("-20 °C", "Lagerung bei 20 °C."),
    ],
)
def test_another_number_supports_nothing(statement: str, source: str) -> None:
    assert support(statement, source) == support(statement, source, across=True) == 0.0


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("Wie viele Akkus?", "Es sind 120 Akkus.", True),
        ("Wie viele Akkus?", "Es sind Akkus.", False),
        ("How many packs of 2634?", "Lot 2634 is big.", False),
        ("When does it start?", "It starts in June.", True),
        ("Wann beginnt es?", "Es beginnt bald.", False),
        ("Wer leitet das Werk?", "Das Werk leitet Anna Berg.", True),
        ("Who leads it?", "It is led by nobody.", False),
        ("Warum?", "Darum.", True),
    ],
)
def test_a_sentence_fits_a_question_when_it_holds_the_kind_asked_for(
    question: str, sentence: str, *, expected: bool
) -> None:
    assert fits(question, sentence) is expected


QUESTION = "Wie lange gilt die Garantie auf Akkus?"


def judged(
    text: str, cosine: float, formula: Formula, *, coverage: float = 0.0, question: str = QUESTION
) -> Evidence:
    """What one passage of one sentence is worth."""
    place = Place(start=0, end=len(text))
    chunk = Chunk(document_id="d", source="s", path="p", text=text, place=place, language="de")
    hit = Hit(chunk=chunk, score=1.0, similarity=cosine, coverage=coverage)
    best = Candidate(text=text, hit=hit, place=place, similarity=cosine, in_context=cosine)
    return evidence_of(question, "de", [hit], [best], formula)


def test_a_near_sentence_with_the_words_of_the_question_suffices() -> None:
    text = "Die Garantie auf Akkus gilt 24 Monate."
    found = judged(text, 0.9, SAME_LANGUAGE, coverage=0.9)
    assert found.suffices
    assert found.likelihood > 0.9


def test_far_passages_and_no_passages_do_not_suffice() -> None:
    assert not judged("Der Himmel ist blau.", 0.78, SAME_LANGUAGE).suffices
    assert not evidence_of(QUESTION, "de", [], [], SAME_LANGUAGE).suffices


def test_a_noun_that_stands_nowhere_counts_against_near_passages() -> None:
    text = "Die Garantie auf Akkus gilt 24 Monate."
    known = judged(text, 0.86, SAME_LANGUAGE, question="Wie lange gilt die Garantie auf Akkus?")
    unknown = judged(text, 0.86, SAME_LANGUAGE, question="Wie lange gilt das Pfandrecht auf Akkus?")
    assert unknown.likelihood < known.likelihood / 2


def test_across_languages_missing_words_do_not_count_against_a_near_passage() -> None:
    text = "The warranty on batteries is 24 months."
    assert judged(text, 0.88, BESIDE_OWN_LANGUAGE).suffices
    assert not judged(text, 0.79, BESIDE_OWN_LANGUAGE).suffices


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie lange ist die Garantie?", "de"),
        ("How long is the warranty?", "en"),
        ("Quelle est la garantie ?", "fr"),
        ("Garantiezeit Heckenschere", "de"),
        ("Wo?", "de"),
    ],
)
def test_the_language_of_a_question_is_told(question: str, language: str) -> None:
    assert language_of(question) == language


def test_a_question_too_short_to_tell_is_in_the_language_of_the_conversation() -> None:
    history = [Message("user", "Wie lange ist die Garantie auf Geräte?")]
    assert language_of("TX-400?", history) == "de"


def test_a_refusal_in_a_language_that_we_do_not_write_is_english() -> None:
    assert not_found("fr") == not_found("en") != not_found("de")


def test_a_quote_takes_in_the_neighbours_that_speak_of_the_question_as_well() -> None:
    text = "Das Wetter ist gut. Die Garantie ist lang. Sie gilt 24 Monate.\nSie endet nie."
    chunk = Chunk(
        document_id="d", source="s", path="p", text=text, place=Place(start=50, end=50 + len(text))
    )
    hit = Hit(chunk=chunk, score=1.0)

    def candidate(sentence: str, score: float) -> Candidate:
        start = 50 + text.index(sentence)
        place = Place(start=start, end=start + len(sentence))
        return Candidate(text=sentence, hit=hit, place=place, score=score)

    best = candidate("Die Garantie ist lang.", 40.0)
    far = candidate("Das Wetter ist gut.", 30.0)
    near = candidate("Sie gilt 24 Monate.", 39.0)
    below = candidate("Sie endet nie.", 39.5)
    place = widened(best, [best, near, below, far])
    assert text[place.start - 50 : place.end - 50] == "Die Garantie ist lang. Sie gilt 24 Monate."
