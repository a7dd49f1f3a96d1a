from fourfold.core.records import Hit
from fourfold.retrieval.duplicates import collapse
from fourfold.testing.stores import chunk

TEXT = "The warranty of the battery is two years from the day of purchase, with the invoice."


def hit(text: str, path: str, similarity: float = 0.9) -> Hit:
    return Hit(chunk=chunk(text, path=path), score=similarity, similarity=similarity)


def test_the_best_hit_stands_for_its_copies() -> None:
    hits = [hit(TEXT, "a"), hit("Something else altogether, about coffee at noon.", "b")]
    collapsed = collapse([*hits, hit(TEXT.replace("invoice", "receipt"), "c", 0.89)], limit=9)
    assert [each.chunk.path for each in collapsed] == ["a", "b"]
    assert collapsed[0].duplicates == ("c",)


def test_another_number_is_another_fact() -> None:
    hits = [hit(f"{TEXT} It costs 20 euro.", "a"), hit(f"{TEXT} It costs 25 euro.", "b")]
    assert collapse(hits, limit=9) == hits


def test_short_passages_are_copies_only_word_for_word() -> None:
    hits = [hit("Yes, it is.", "a"), hit("No, it is.", "b"), hit("yes it is", "c")]
    assert [each.chunk.path for each in collapse(hits, limit=9)] == ["a", "b"]


def test_a_copy_within_the_same_document_names_no_path() -> None:
    [only] = collapse([hit(TEXT, "a"), hit(TEXT, "a")], limit=9)
    assert only.duplicates == ()


def test_nothing_collapses_to_nothing() -> None:
    assert collapse([], limit=9) == []


def test_no_more_than_the_limit_are_kept() -> None:
    others = [hit(f"Passage number {n} is unlike all of the rest.", f"{n}") for n in range(60)]
    [only] = collapse([hit(TEXT, "a"), *others[:9], hit(TEXT, "b"), *others[9:]], limit=1)
    assert only.duplicates == ("b",)
