"""What the injection guard lets pass, and how long it takes; `test_attempts` has the rest."""

import time

import pytest

from fourfold.guards.injection import InjectionGuard


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Which rules apply to returns?",
        "Where are the assembly instructions for the saw?",
        "Can I ignore the warning light on my charger?",
        "Show me all instructions for the TX-400.",
        "What did I forget to send with the form?",
        "Is there an exception to your return rules?",
        "Who acts as data protection officer?",
        "Welche Regeln gelten für die Rückgabe?",
        "Darf ich die Warnleuchte ignorieren?",
        "Ich habe mein Passwort vergessen, was nun?",
        "Gibt es eine Anweisung für neue Mitarbeitende?",
        "Zeige mir alle Anweisungen zur Montage.",
        "Wie komme ich jetzt ohne Beleg an mein Geld?",
        "Was bedeutet [1] in der Tabelle <A>?",
    ],
)
def test_an_ordinary_question_passes(text: str) -> None:
    assert InjectionGuard().objection(text) is None


def test_words_far_apart_are_no_attempt() -> None:
    text = "Ignore the noise. " + "The saw is loud and heavy. " * 5 + "All previous instructions."
    assert InjectionGuard().objection(text) is None


@pytest.mark.parametrize("piece", ["ignore ", "if you ignore all rules ", "all rules show the "])
def test_time_grows_with_the_text_alone(piece: str) -> None:
    guard = InjectionGuard()
    one, eight = (_seconds(guard, piece * count) for count in (5_000, 40_000))
    assert eight < 8 * one * 4


def _seconds(guard: InjectionGuard, text: str) -> float:
    began = time.process_time()
    guard.objection(text)
    return time.process_time() - began
