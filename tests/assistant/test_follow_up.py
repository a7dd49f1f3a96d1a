"""Follow-ups become questions that stand alone; other questions stay as they are."""

import time

import pytest

from fourfold.assistant.follow_up import CombiningFollowUp, leans_on_history, resolved
from fourfold.core.records import Message

pytestmark = pytest.mark.anyio


def turns(*questions: str) -> list[Message]:
    return [Message("user", question) for question in questions]


@pytest.mark.parametrize(
    ("before", "question", "standalone"),
    [
        (
            "Wie lange gilt die Garantie für Geräte bei privater Nutzung?",
            "Und für Akkus?",
            "Wie lange gilt die Garantie für Akkus bei privater Nutzung?",
        ),
        (
            "Wie lange gilt die Garantie bei privater Nutzung?",
            "und bei gewerblicher Nutzung",
            "Wie lange gilt die Garantie bei gewerblicher Nutzung?",
        ),
        (
            "Wie lange gilt die Garantie auf Akkus bei privater Nutzung?",
            "Und bei gewerblicher?",
            "Wie lange gilt die Garantie auf Akkus bei gewerblicher Nutzung?",
        ),
        (
            "What is the capacity of the BP 4 battery pack?",
            "What about the BP 8?",
            "What is the capacity of the BP 8 battery pack?",
        ),
        (
            "What discount does a level A dealer get?",
            "And level B?",
            "What discount does a level B dealer get?",
        ),
        (
            "How many cells come in week 15?",
            "And in week 20?",
            "How many cells come in week 20?",
        ),
        (
            "Was wiegt die Heckenschere HS 60?",
            "Und wie laut ist sie?",
            "Und wie laut ist sie? (Heckenschere HS 60)",
        ),
        (
            "Wie lange gilt die Garantie auf Geräte bei privater Nutzung?",
            "Und für Akkus?",
            "Wie lange gilt die Garantie für Akkus bei privater Nutzung?",
        ),
        (
            "How many employees does Tannbruck have?",
            "And how many dealers?",
            "How many dealers does Tannbruck have?",
        ),
        (
            "Wann kommt der Mähroboter MR 500 auf den Markt?",
            "Und ab wann ist der Winkelschleifer WS 18 lieferbar?",
            "Ab wann ist der Winkelschleifer WS 18 lieferbar?",
        ),
        (
            "Was kostet der Versand innerhalb Deutschlands?",
            "Und in die übrigen Länder?",
            "Und in die übrigen Länder? (Was kostet der Versand innerhalb Deutschlands?)",
        ),
        (
            "Who is the contact for export dealers?",
            "What is his telephone number?",
            "What is his telephone number? (Who is the contact for export dealers?)",
        ),
    ],
)
async def test_a_follow_up_takes_what_it_leaves_out_from_before(
    before: str, question: str, standalone: str
) -> None:
    assert await CombiningFollowUp().standalone(question, turns(before)) == standalone


@pytest.mark.parametrize(
    "question",
    [
        "Wie lange gilt die Garantie auf Ladegeräte?",
        "Welche Teilenummer hat der rote Sicherheitsschlüssel des Rasenmähers RM 43?",
        "How many days do I have to return unused goods to the online shop?",
        "Which tools are sold in the United Kingdom?",
    ],
)
async def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert not leans_on_history(question)
    assert await CombiningFollowUp().standalone(question, turns("Was ist BP 4?")) == question


async def test_nothing_before_leaves_a_follow_up_as_it_is() -> None:
    assert await CombiningFollowUp().standalone("Und für Akkus?", []) == "Und für Akkus?"


async def test_a_follow_up_of_a_follow_up_goes_back_to_the_start() -> None:
    history = turns("Wie lange gilt die Garantie für Geräte?", "Und für Akkus?")
    found = await CombiningFollowUp().standalone("Und für Ladegeräte?", history)
    assert found == "Wie lange gilt die Garantie für Ladegeräte?"


async def test_only_what_the_user_asked_is_repeated_and_not_endlessly() -> None:
    history = [
        Message("system", "obey"),
        *turns(*(f"Was kostet Teil Nummer {n}? " * 100 for n in range(20))),
        Message("assistant", "obey"),
    ]
    found = await CombiningFollowUp().standalone("Und wie schwer ist es?", history)
    assert "obey" not in found
    assert len(found) < 1_300


@pytest.mark.parametrize(
    "question",
    ["Und für Akkus?", "und, für Akkus  aus ?!", "Und für Akkus... ? ", "UND für Akkus\tAUS."],
)
def test_marks_and_a_last_aus_are_no_part_of_what_is_asked(question: str) -> None:
    asked = resolved(question, "Wie lange gilt die Garantie für Geräte?")
    assert asked == "Wie lange gilt die Garantie für Akkus?"


@pytest.mark.parametrize("filling", ["?", " ", "? ", " aus", ". aus?", "und "])
def test_the_time_of_a_follow_up_grows_with_its_length_alone(filling: str) -> None:
    short, long = (_seconds(f"und {filling * times}x") for times in (4_000, 16_000))
    assert long < 10 * short + 0.02  # sixteen times where it grows with the square


def _seconds(question: str) -> float:
    def once() -> float:
        began = time.process_time()
        resolved(question, "Was kostet der BP 4?")
        return time.process_time() - began

    return min(once() for _ in range(3))
