"""What a letter says, without what stands around it."""

import pytest

from fourfold.assistant.generators.extractive import ExtractiveGenerator
from fourfold.assistant.generators.letters import body_of
from fourfold.testing.embedders import HashingEmbedder

GERMAN = """\
Von: Katrin Ebeling (Marketing)
An: Team Messe
Datum: 11.06.2026
Betreff: WG: Standbau

Hallo zusammen,

wir nehmen den Reihenstand. Er kostet 41.000 €.
Termin: 3. Juli.

Mit freundlichen Grüßen
Katrin Ebeling
Tel. 0821 4711

> Von: Sven
> Gilt das noch?
"""
ENGLISH = """\
Subject: Short delivery

Morning all,

we ordered 60 boxes. 22 came.

Kind regards,
Deb Okafor

-----Original Message-----
From: Medlar
Sent: Monday
Subject: Order
Dear Deb, the rest is late.
"""


@pytest.mark.parametrize(
    ("letter", "body"),
    [
        (GERMAN, "wir nehmen den Reihenstand. Er kostet 41.000 €.\nTermin: 3. Juli."),
        (ENGLISH, "we ordered 60 boxes. 22 came."),
        ("Sehr geehrte Frau Berg,\r\nes ist kalt.\r\nMfG\r\nUwe", "es ist kalt."),
        ("Es ist kalt.\n-- \nFirma Berg", "Es ist kalt."),
    ],
)
def test_head_salutation_signature_and_quotes_are_left_out(letter: str, body: str) -> None:
    assert body_of(letter) == body


@pytest.mark.parametrize(
    "text",
    [
        "Ein Satz.",
        "Datum: 3. Juli\nDer Rat tagte.",  # one line of the form may be anything
        "Hallo Welt ist das erste Programm, das man in jeder Sprache schreibt, ganz ohne Anrede.",
        "Guten Tag.",
        "Betreff: Nur ein Betreff",  # nothing else is left
        "Hallo Herr Berg,",
        "",
        " \n ",
        "Beste Grüße\n" + "\n".join(f"Absatz {n}." for n in range(20)),
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert body_of(text) == text


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("lead", "written"),
    [(1, "wir nehmen den Reihenstand."), (None, "Von: Katrin Ebeling (Marketing)")],
)
async def test_the_baseline_sums_up_what_a_letter_says_and_translates_all_of_it(
    lead: int | None, written: str
) -> None:
    generator = ExtractiveGenerator(HashingEmbedder(), lead_sentences=lead)
    output = "".join([draft.text async for draft in generator.generate(GERMAN, [], "de")])
    assert output.startswith(written)
