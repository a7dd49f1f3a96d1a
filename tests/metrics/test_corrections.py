"""What was changed, how much of each kind, and what it costs."""

import random

import numpy as np
import pytest
import sacrebleu

from fourfold.core.errors import InvalidInput
from fourfold.metrics.corrections import correction
from fourfold.metrics.effort import Timed, effort, fitted, money
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import metric_named, score

DRAFT = "Die Garantie gilt zwei Jahre ab Kauf"
RELEASED = "Ab Kauf gilt die Garantie drei volle Jahre"
KINDS = ("insertions", "deletions", "substitutions", "shifts")


def test_each_word_says_what_became_of_it() -> None:
    made = correction(DRAFT, RELEASED)
    assert [(one.kind, one.draft, one.released) for one in made.changes] == [
        ("moved", "ab", "Ab"),
        ("moved", "Kauf", "Kauf"),
        ("moved", "gilt", "gilt"),
        ("kept", "Die", "die"),
        ("kept", "Garantie", "Garantie"),
        ("inserted", "", "drei"),
        ("substituted", "zwei", "volle"),
        ("kept", "Jahre", "Jahre"),
    ]
    assert (made.shifts, made.edits, made.words) == (2, 4, 8)


def test_other_capitals_are_seen_though_no_edit_counts_them() -> None:
    made = correction("wir bitten sie um antwort.", "Wir bitten Sie um Antwort.")
    assert (made.edits, made.hter, made.recased) == (0, 0.0, 3)
    assert [one.released for one in made.changes if one.is_recased] == ["Wir", "Sie", "Antwort."]
    assert correction(DRAFT, DRAFT).recased == 0


@pytest.mark.parametrize(
    ("draft", "released", "edits", "hter"),
    [
        ("", "", 0, 0.0),
        ("x y", "", 2, 1.0),
        ("", "x y", 2, 1.0),
        ("a b c d e", "d e a b c", 1, 0.2),
    ],
)
def test_little_texts(draft: str, released: str, edits: int, hter: float) -> None:
    made = correction(draft, released)
    assert (made.edits, made.hter) == (edits, hter)


def test_edits_are_those_of_sacrebleu_and_every_word_is_there() -> None:
    draw = random.Random(3)
    ter = sacrebleu.TER()
    for _ in range(300):
        draft, released = (" ".join(draw.choices("aBcdef", k=draw.randrange(12))) for _ in range(2))
        made = correction(draft, released)
        oracle = ter.sentence_score(draft, [released])
        assert made.edits == oracle.num_edits
        assert made.hter == pytest.approx(min(1.0, oracle.score / 100))
        assert " ".join(one.released for one in made.changes if one.released) == released
        assert sorted(one.draft for one in made.changes if one.draft) == sorted(draft.split())


def test_edits_of_each_kind_add_up_to_ter() -> None:
    texts, known = [DRAFT, "weg damit"], [[RELEASED], ["da"]]
    values = {name: score(metric_named(name), texts, known).interval.value for name in KINDS}
    assert values["shifts"] == pytest.approx(200 / 9)
    ter = score(metric_named("ter"), texts, known).interval.value
    assert sum(values.values()) == pytest.approx(ter)


def test_of_several_references_the_nearest_counts() -> None:
    found = score(metric_named("insertions"), ["gut"], [["sehr gut", "gut", "ganz sehr gut"]])
    assert found.interval.value == 0


def test_untouched_is_the_share_released_as_drafted() -> None:
    texts = ["Ein Satz.", "ein Satz.", "Zwei  Sätze. "]
    known = [["Ein Satz."], ["Ein Satz."], ["Nein", "Zwei Sätze."]]
    assert score(metric_named("untouched"), texts, known).segments == (1.0, 0.0, 1.0)


def timed(count: int, *, noise: float = 0.0) -> list[Timed]:
    """Corrections that take half a second a word and four an edit."""
    draw = np.random.default_rng(5)
    made = []
    for _ in range(count):
        words, edits = draw.integers(5, 40), draw.integers(0, 5)
        draft = " ".join(f"w{n}" for n in range(words))
        released = " ".join([*(f"neu{n}" for n in range(edits)), *draft.split()[edits:]])
        seconds = max(0.5, 0.5 * words + 4 * edits + draw.normal(0, noise))
        made.append(Timed(draft=draft, released=released, seconds=float(seconds)))
    return made


def test_the_calibration_finds_seconds_for_words_and_edits() -> None:
    exact = effort([DRAFT] * 4, [RELEASED] * 4, timed(12))
    assert exact.interval.value == pytest.approx((0.5 * 7 + 4 * 4) * 1_000 / 60)
    assert "seconds_a_word:0.5|seconds_an_edit:4|" in exact.signature
    cost = money(exact, per_hour=45, currency="EUR")
    assert cost.interval.value == pytest.approx(exact.interval.value * 0.75)
    assert cost.signature.startswith("cost_per_1000|currency:EUR|per_hour:45|")


def test_few_or_noisy_times_make_the_interval_wider() -> None:
    drafts, released = [DRAFT, "gut so", "a b c"] * 20, [RELEASED, "gut so", "a b"] * 20
    how = Resampling(samples=500)
    few, many, noisy = (
        effort(drafts, released, times, how).interval
        for times in (timed(5, noise=3), timed(40, noise=3), timed(40, noise=12))
    )
    assert few.high - few.low > many.high - many.low
    assert noisy.high - noisy.low > many.high - many.low
    assert many.low < many.value < many.high


def test_few_texts_or_clusters_make_the_interval_of_minutes_wider() -> None:
    draw = np.random.default_rng(8)
    words = draw.integers(3, 30, 60).tolist()
    drafts = [" ".join(["w"] * count) for count in words]
    times = timed(40, noise=1)
    few, many = (effort(drafts[:n], drafts[:n], times).interval for n in (12, 60))
    assert (few.high / few.low) > 1.5 * (many.high / many.low - 1) + 1
    twice = [one for one in drafts for _ in range(2)]
    clusters = [place for place in range(60) for _ in range(2)]
    known = effort(twice, twice, times, Resampling(clusters=clusters)).interval
    unknown = effort(twice, twice, times).interval
    assert known.high - known.low == pytest.approx(many.high - many.low, rel=0.02)
    assert known.high - known.low > 1.2 * (unknown.high - unknown.low)


def test_minutes_of_one_text_or_cluster_have_no_interval() -> None:
    found = effort([DRAFT], [RELEASED], timed(12))
    assert found.interval.value > 0
    assert (found.as_json()["low"], found.as_json()["high"]) == (None, None)
    cost = money(found, per_hour=60, currency="EUR").as_json()
    assert cost["note"] == found.note == "no interval: too few texts, or none to read"


def test_the_fitted_times_add_up_to_the_measured_ones() -> None:
    load, seconds = np.array([[10.0, 2], [20, 0], [7, 5], [30, 3]]), np.array([20.0, 9, 41, 33])
    per_word, per_edit = fitted(load, seconds)
    assert load.sum(axis=0) @ (per_word, per_edit) == pytest.approx(seconds.sum())
    assert min(per_word, per_edit) > 0


def test_no_seconds_are_negative_where_the_times_contradict() -> None:
    odd = [
        Timed(draft="a " * n, released="b " * (n // 3) + "a " * (n - n // 3), seconds=60 - n)
        for n in range(3, 40, 3)
    ]
    found = effort(["a b", "a c"], ["a", "c a d"], odd)
    assert "seconds_a_word:0|" in found.signature
    assert found.interval.low > 0


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (timed(4), "4 timed corrections are too few"),
        ([*timed(5), Timed(draft="a", released="a", seconds=0)], "took no time"),
        ([*timed(5), Timed(draft="a", released="a", seconds=float("nan"))], "took no time"),
        ([Timed(draft="", released="", seconds=3)] * 5, "no words"),
    ],
)
def test_times_that_cannot_be_used_are_refused(times: list[Timed], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        effort([DRAFT], [RELEASED], times)
