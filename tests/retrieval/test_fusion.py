from fourfold.core.records import Hit
from fourfold.retrieval.fusion import fuse, half_judged
from fourfold.testing.stores import chunk

A, B, C = (chunk(name, path=name) for name in "abc")


def by_meaning(*similarities: float) -> list[Hit]:
    return [
        Hit(chunk=each, score=value, similarity=value, vector_rank=rank)
        for rank, (each, value) in enumerate(zip((A, B, C), similarities, strict=False), start=1)
    ]


def test_a_blind_lexical_side_leaves_the_order_of_meaning() -> None:
    fused = fuse(by_meaning(0.9, 0.8, 0.7), [], {})
    assert [hit.chunk for hit in fused] == [A, B, C]
    assert [hit.vector_rank for hit in fused] == [1, 2, 3]


def test_full_coverage_lifts_a_passage_over_a_slightly_nearer_one() -> None:
    words = [Hit(chunk=B, score=9.0, coverage=1.0, lexical_rank=1)]
    fused = fuse(by_meaning(0.82, 0.81, 0.6), words, {A.id: (0.82, 0.1), C.id: (0.6, 0.0)})
    assert [hit.chunk for hit in fused] == [B, A, C]
    assert (fused[0].vector_rank, fused[0].lexical_rank) == (2, 1)
    assert (fused[0].similarity, fused[0].coverage) == (0.81, 1.0)


def test_a_chunk_that_one_arm_missed_is_judged_by_both() -> None:
    words = [Hit(chunk=C, score=9.0, coverage=0.9, lexical_rank=1)]
    meaning = by_meaning(0.9, 0.88)
    assert half_judged(meaning, words) == sorted([A.id, B.id, C.id])
    fused = {hit.chunk: hit for hit in fuse(meaning, words, {C.id: (0.3, 0.9)})}
    assert fused[C].similarity == 0.3
    assert fused[C].vector_rank is None
    assert fused[C].score < fused[A].score


def test_passages_that_are_all_alike_are_told_apart_by_words() -> None:
    words = [Hit(chunk=C, score=9.0, coverage=0.5, lexical_rank=1)]
    missing = {A.id: (0.9001, 0.0), B.id: (0.9, 0.0)}
    assert fuse(by_meaning(0.9001, 0.9, 0.8999), words, missing)[0].chunk == C


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse([], [], {}) == []
