"""What is a greeting and nothing else, and what is left of a question without one."""

import pytest

from fourfold.assistant.courtesies import courtesy, without_courtesies


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Danke!", "de"),
        ("Vielen Dank für die Hilfe", "de"),
        ("Hallo, guten Morgen!", "de"),
        ("hi danke", "de"),
        ("Alles klar, danke sehr :-)", "de"),
        ("Hi there!", "en"),
        ("thank you so much", "en"),
        ("Perfect. That helped a lot, thanks!", "en"),
        ("👍 ok", ""),
        ("Super", ""),
    ],
)
def test_a_courtesy_is_no_question(text: str, language: str) -> None:
    assert courtesy(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "👍",
        "Super 95",
        "Ist das alles?",
        "Bis 14:00?",
        "OK-200",
        "Day 14",
        "Bitte 4711",
        "Gut?",
        "Alles klar, bis 30.06.2026",
        "Garantie",
        "danke " * 2_000,
    ],
)
def test_what_asks_or_names_something_is_no_courtesy(text: str) -> None:
    assert courtesy(text) is None


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Danke, und für Akkus?", "und für Akkus?"),
        ("Thanks! And for batteries?", "And for batteries?"),
        ("Ok, und für Akkus?", "und für Akkus?"),
        ("ok und für Akkus?", "und für Akkus?"),
        ("Hallo! Guten Tag, wie lange ist die Garantie?", "wie lange ist die Garantie?"),
        ("Hi, what does „E5“ mean?", "what does „E5“ mean?"),
        ("Wie lange ist die Garantie? Vielen Dank!", "Wie lange ist die Garantie?"),
        ("Wie lange ist die Garantie, bitte", "Wie lange ist die Garantie"),
    ],
)
def test_the_question_is_what_is_left(question: str, rest: str) -> None:
    assert without_courtesies(question) == rest


@pytest.mark.parametrize(
    "question",
    [
        "Wie lange ist die Garantie?",
        "Super 95 oder Diesel?",
        "Super-Benzin?",
        "Hi-Fi-Anlage?",
        "No. 5 in the parts list?",
        "Gut und Böse?",
        "Was heißt gut",
        "OK-Taste defekt",
        "Was sagt man: danke?",
        "",
    ],
)
def test_a_question_without_courtesies_stays_as_it_is(question: str) -> None:
    assert without_courtesies(question) == question
