"""Which sentences become candidates, and in what order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fourfold.assistant.candidates import Selection, by_words
from fourfold.core.protocols import Embedder
from fourfold.core.records import Hit

pytestmark = pytest.mark.anyio

Found = Callable[..., Hit]


async def test_the_sentence_with_the_words_of_the_question_comes_first(
    found: Found, embedder: Embedder
) -> None:
    text = "Das Gerät ist sehr leise und leicht. Die Garantie auf Akkus beträgt 24 Monate."
    evidence = await Selection(embedder).select("Wie lange ist Garantie auf Akkus?", [found(text)])
    best = evidence.candidates[0]
    assert best.text == "Die Garantie auf Akkus beträgt 24 Monate."
    assert best.hit.chunk.place.start + text.index("Die") == best.place.start


async def test_no_hits_give_no_candidates(embedder: Embedder) -> None:
    evidence = await Selection(embedder).select("Wie lange?", [])
    assert evidence.candidates == ()
    assert not evidence.suffices


@pytest.mark.parametrize(
    "text", ["Garantie", "Tannbruck Werkzeuge GmbH", "- - - - - - - - -", "Die Garantie auf Akkus."]
)
async def test_a_heading_or_a_bare_name_is_no_candidate(
    found: Found, embedder: Embedder, text: str
) -> None:
    question = "Wie lange ist bei Tannbruck Garantie auf Akkus?"
    assert (await Selection(embedder).select(question, [found(text)])).candidates == ()


async def test_a_sentence_that_asks_stands_behind_one_that_tells(
    found: Found, embedder: Embedder
) -> None:
    text = "Wann beginnt die Schulung für Techniker? Die Schulung für Techniker beginnt am 9. Mai."
    question = "Wann beginnt die Schulung für Techniker?"
    asks, tells = by_words(question, [found(text.replace("?", " am 3. Mai?"))])
    assert tells.score > asks.score


async def test_passages_in_another_language_are_read_when_the_own_ones_leave_a_doubt(
    found: Found, embedder: Embedder
) -> None:
    own = found("Der Himmel ist heute blau und weit.", similarity=0.78, coverage=0.0)
    foreign = found("Palette: at most 120 Akkus.", language="en")
    question = "Wie viele Akkus trägt eine Palette?"
    chosen = await Selection(embedder).select(question, [own, foreign], language="de")
    assert [one.hit for one in chosen.candidates] == [foreign]


async def test_a_sure_passage_in_the_own_language_is_not_compared_with_others(
    found: Found, embedder: Embedder
) -> None:
    own = found("Eine Palette trägt höchstens 120 Akkus.")
    foreign = found("One pallet carries at most 120 packs.", language="en", similarity=0.99)
    question = "Wie viele Akkus trägt eine Palette?"
    chosen = await Selection(embedder).select(question, [own, foreign], language="de")
    assert [one.hit for one in chosen.candidates] == [own]


async def test_the_words_of_a_follow_up_count_more_than_those_from_before(found: Found) -> None:
    text = "Für Geräte gilt die Garantie 36 Monate. Für Akkus gilt etwas anderes: 24 Monate."
    question = "Und für Akkus? (Wie lange gilt die Garantie für Geräte?)"
    devices, batteries = by_words(question, [found(text)], focus="Und für Akkus?")
    without_focus = by_words(question, [found(text)])
    assert batteries.score - devices.score > without_focus[1].score - without_focus[0].score


def test_a_message_that_says_next_to_nothing_is_no_candidate(found: Found) -> None:
    hits = [
        found("Lena Hofer (07.10.26, 12:51): Danke!"),
        found("Max (Vertrieb) (07.10.26, 12:51): Guten Morgen zusammen!"),
        found("Ben (07.10.26, 12:52): Aha, 3 Wo."),
    ]
    assert by_words("Wie lange ist die Garantie?", hits) == []
    told = found("Lena Hofer (07.10.26, 12:51): Ware liegt auf dem Kiesplatz.")
    assert len(by_words("Wo liegt die Ware?", [told])) == 1
    assert len(by_words("Was kostet das?", [found("Preis (netto, 2026): 40 €")])) == 1


def test_a_short_sentence_may_be_the_answer_and_a_heading_may_not(found: Found) -> None:
    question = "Welche Farbe hat der Zebrastreifen?"
    assert len(by_words(question, [found("Der Zebrastreifen ist gelb.")])) == 1
    assert by_words(question, [found("Der Zebrastreifen und die Ampel")]) == []


def test_links_and_encoded_text_are_no_candidates(found: Found) -> None:
    text = f"khZYSLcwg== - Unsubscribe Preferences https://u28034542.example/{'aB3x' * 40}"
    assert by_words("Was kostet das?", [found(text)]) == []
