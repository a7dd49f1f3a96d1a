import pytest

from fourfold.retrieval.words import term_id, terms_of, weights_of, words_of


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Straße", "STRASSE"),
        ("Müller", "Mueller"),
        ("für Häuser", "fuer das Haus"),
        ("Garantien", "Garantie"),
        ("3,5", "3.5"),
        ("AX-200", "ax-200"),
        ("Geräte’s", "Gerät"),
        ("Größe", "Groesse"),
    ],
)
def test_german_spellings_of_one_word_are_one_term(text: str, same: str) -> None:
    assert set(terms_of(text, "de")) == set(terms_of(same, "de"))


@pytest.mark.parametrize(
    ("text", "same"),
    [("issues", "issue"), ("value's", "values"), ("warranties", "warranty"), ("Café", "cafe")],
)
def test_english_forms_of_one_word_are_one_term(text: str, same: str) -> None:
    assert terms_of(text, "en") == terms_of(same, "en")


def test_a_code_is_kept_whole_and_in_parts() -> None:
    assert terms_of("AX-200", "de") == ["ax-200", "ax", "200"]
    assert terms_of("1.299,00", "de") == ["1.299.00"]


def test_stopwords_are_those_of_the_language() -> None:
    assert terms_of("war and peace", "en") == ["war", "peac"]
    assert terms_of("das war Frieden", "de") == ["fried"]
    assert [word.surface for word in words_of("What was the war about?")] == ["war"]
    assert [word.surface for word in words_of("Wie lange war der Krieg?")] == ["lange", "krieg"]


def test_a_question_of_stopwords_alone_keeps_them() -> None:
    assert [word.surface for word in words_of("the who")] == ["the", "who"]
    assert words_of("  ?! ") == []


def test_a_repeated_word_weighs_more_and_never_without_bound() -> None:
    once, often = (weights_of(["a"] * n + ["b"] * 10)["a"] for n in (1, 50))
    assert once < often < 1.8


def test_term_ids_fit_into_a_sparse_vector_and_are_stable() -> None:
    assert term_id("garanti") == term_id("garanti")
    assert 1 <= term_id("garanti") <= 1_000_000_000
    assert term_id("garanti") != term_id("garantie")


@pytest.mark.parametrize("text", ["", "\x00", "🙂" * 500, "x" * 100_000, "-_-_-", "٣٤ ไทย 中文"])
def test_any_text_has_terms_or_none(text: str) -> None:
    assert all(term and len(term) <= 60 for term in terms_of(text, ""))
