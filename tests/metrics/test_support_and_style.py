"""Citation support, refusals, and what a text is like."""

import pytest

from fourfold.metrics.scoring import metric_named, score


def value(name: str, texts: list[str], references: list[list[str]]) -> float:
    return score(metric_named(name), texts, references).interval.value


@pytest.mark.parametrize(
    ("text", "source", "support"),
    [
        ("Die Garantie beträgt 24 Monate.", "Unsere Garantie beträgt stets 24 Monate.", 1.0),
        ("Die Garantie beträgt 36 Monate.", "Unsere Garantie beträgt stets 24 Monate.", 0.75),
        ("Äpfel", "Öpfel", 0.0),
        ("Ja", "Ja, immer.", 1.0),
        ("Ja", "Nein.", 0.0),
        ("€", "Nein.", 1.0),
    ],
)
def test_support_is_the_share_of_words_that_stand_in_the_source(
    text: str, source: str, support: float
) -> None:
    assert value("citation_support", [text], [[source]]) == pytest.approx(support)


def test_a_refusal_needs_no_support_and_is_not_counted() -> None:
    texts = ["NONE", "Die Garantie gilt."]
    assert value("citation_support", texts, [[""], ["Garantie"]]) == pytest.approx(1 / 2)
    assert value("citation_support", ["NONE", ""], [[""], [""]]) == 0.0


def test_a_refusal_is_right_where_the_reference_refuses() -> None:
    texts = ["NONE", "", "2 Jahre", "2 Jahre", "NONE"]
    wanted = [["NONE"], ["NONE"], ["2 Jahre"], ["NONE"], ["2 Jahre"]]
    assert value("refusal", texts, wanted) == pytest.approx(3 / 5)


def test_length_is_measured_in_words_of_the_nearest_reference() -> None:
    assert value("length", ["one two three"], [["one two", "one two three four five six"]]) == 1.5
    assert value("length", [""], [[""]]) == 0.0


def test_the_examples_of_flesch_come_out_as_published() -> None:
    # The formula with counted syllables: 10 words, 2 sentences, 12 syllables.
    text = "The cat sat on the mat. It was very happy."
    expected = 206.835 - 1.015 * 5 - 84.6 * 12 / 10
    assert value("readability", [text], [[""]]) == pytest.approx(expected)


def test_german_is_read_by_the_formula_for_german() -> None:
    text = "Der Hund läuft über die grüne Wiese. Er ist heute sehr fröhlich und munter."
    # 14 words, 2 sentences, 20 syllables
    expected = 180 - 7 - 58.5 * 20 / 14
    assert value("readability", [text], [[""]]) == pytest.approx(expected)


def test_texts_without_a_word_have_no_readability() -> None:
    easy = "The cat sat on the mat. It was very happy."
    assert value("readability", [easy, "123"], [[""], [""]]) == value("readability", [easy], [[""]])


def test_the_language_must_be_that_of_the_reference() -> None:
    german = "Die Lieferung kommt am nächsten Donnerstag bei Ihnen an."
    english = "The delivery will reach you on the following Thursday."
    assert value("language", [german, english], [[german], [german]]) == 0.5
