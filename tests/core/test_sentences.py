"""Sentences of German and English text."""

import random
import time
from itertools import pairwise

import pytest

from fourfold.core.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Das gilt z. B. für Akkus, d. h. für alle Geräte.",
        "Die Frist endet am 3. März 2025 um 12 Uhr.",
        "Wir liefern ca. 20 Stück bzw. Nr. 5 an Dr. Meier.",
        "Im 2. Quartal stieg der Umsatz um 3.5 Mio. Euro.",
        "Nach § 5 Abs. 2 gilt das, vgl. Kap. 3 Nr. 1.",
        "Mr. Smith met J. R. Miller at 10 a.m. on Monday.",
        "See e.g. Fig. 3 and No. 7 in vol. 2 of approx. 40.",
        "Product: HS 60; List price EUR incl. VAT: 249.00; List price EUR excl. VAT: 209.24",
        "Die Müller GmbH & Co. KG sitzt in Kassel.",
        "„Wann kommt es?“ fragte die Kundin.",
        "Öffnen Sie www.example.org/a.b und laden Sie v1.2.3 herunter.",
        "1. Einleitung und Zweck",
        "Das Gerät wird bis 31. Dez. 2026 getauscht.",
        "The U.S. Army bought it.",
    ],
)
def test_this_is_one_sentence(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Die Garantie beträgt 24 Monate.", "Danach gilt das Gesetz."),
        ("Es gibt Akkus, Ladegeräte usw.", "Die Preise stehen im Katalog."),
        ("Das war im Jahr 2024.", "Kunden erhalten Ersatz."),
        ("It has the energy class A.", "The price is 30."),
        ("Wirklich?", "Ja!"),
        ("Sie sagte: „Das geht.“", "Er nickte."),
        ("The warranty is two years. [1][2]", "Batteries have one [3]."),
        ("The total is 15.", "Customers pay later."),
        ("We moved to the U.S.", "This was in May."),
        ("Nutzen Sie nur Akkus dieser Art.", "Das Gerät wird sonst beschädigt."),
        ("No.", "We do not ship to islands."),
        ("Er wartet …", "Dann geht er."),
        ("(Das gilt nicht.)", "Aber dies gilt."),
    ],
)
def test_these_are_two_sentences(first: str, second: str) -> None:
    assert sentences(f"{first} {second}") == [first, second]


def test_a_line_break_ends_a_sentence() -> None:
    assert sentences("Lieferumfang\n- Akku\n\n- Ladegerät. Kabel") == [
        "Lieferumfang",
        "- Akku",
        "- Ladegerät.",
        "Kabel",
    ]


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00", "...", "。", "?!"])
def test_odd_texts_give_what_is_in_them(text: str) -> None:
    assert "".join(sentences(text)) == text.strip()


def test_spans_cover_everything_but_blanks_in_order() -> None:
    letters = random.Random(7)
    for _ in range(300):
        text = "".join(letters.choices("aB3 .!?\n„“)([1]ßzä:…\u2028", k=60))
        spans = split_sentences(text)
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        joined = "".join(text[start:end] for start, end in spans)
        assert "".join(joined.split()) == "".join(text.split())


@pytest.mark.parametrize("piece", ["a. ", ". ", "[1] ", ".[1] ", "x", "!?", "\n", "1. ", ".)"])
def test_time_grows_in_proportion_to_the_text(piece: str) -> None:
    text = piece * 100_000 + "x"
    before = time.process_time()
    split_sentences(text)
    assert time.process_time() - before < 5
