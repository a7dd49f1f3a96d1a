"""Every metric on texts as they come: empty, blank, decomposed, in other scripts, very many."""

from unicodedata import normalize

import pytest

from fourfold.core.errors import InvalidInput
from fourfold.metrics import METRICS
from fourfold.metrics.cautions import cautions
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import metric_named, score

NAMES = METRICS.names()
OVER_LABELS = {"macro_precision", "macro_recall", "macro_f1"}
HOW = Resampling(samples=100)
LIKENESS = [
    *("bleu", "chrf", "chrf++", "ter", "hter", "untouched", "rouge1", "rouge2", "rougeL"),
    *("rougeLsum", "em", "f1", "accuracy", "macro_f1", "field_f1"),
]
SAME = {
    "umlauts": "Größere Äpfel für 5,50 € – schön",
    "emoji of several parts": "Die Familie 👩‍👩‍👧‍👦 ist da, danke 👍🏽",
    "Chinese": "保修期 为 两年 或 三年 。",
    "right to left": "الضمان يسري لمدة سنتين كاملتين",
}
NOTHING = {"bleu", "chrf", "chrf++", "rouge1", "rouge2", "rougeL", "rougeLsum"}


def value(name: str, text: str, wanted: str) -> float:
    return score(metric_named(name), [text], [[wanted]], HOW).interval.value


def best_and_worst(name: str) -> tuple[float, float]:
    top = 100.0 if name in {"bleu", "chrf", "chrf++", "ter"} else 1.0
    return (top, 0.0) if metric_named(name).higher_is_better else (0.0, top)


@pytest.mark.parametrize("name", LIKENESS)
@pytest.mark.parametrize("text", SAME.values(), ids=list(SAME))
def test_the_same_text_is_right_in_every_script(name: str, text: str) -> None:
    assert value(name, text, text) == pytest.approx(best_and_worst(name)[0])


@pytest.mark.parametrize("name", LIKENESS)
def test_an_empty_side_is_wrong(name: str) -> None:
    worst = best_and_worst(name)[1]
    for empty in ("", "  \t "):
        assert value(name, empty, "Die Garantie gilt") == worst
        assert value(name, "Die Garantie gilt", empty) == worst


@pytest.mark.parametrize("name", LIKENESS)
def test_two_empty_sides_are_alike_but_have_nothing_in_common(name: str) -> None:
    best, worst = best_and_worst(name)
    for empty in ("", "  "):
        assert value(name, empty, empty) == (worst if name in NOTHING else best)


@pytest.mark.parametrize("name", sorted({*LIKENESS} - {"bleu", "chrf", "chrf++", "ter"}))
def test_a_letter_is_the_same_in_one_part_or_two(name: str) -> None:
    text = '{"a": "Äpfel für Öl"}' if name == "field_f1" else "Größere Äpfel für Öl"
    assert value(name, normalize("NFD", text), text) == best_and_worst(name)[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_says_nothing_has_a_figure_or_a_note(name: str) -> None:
    found = score(metric_named(name), [""] * 10, [[""]] * 10, HOW)
    assert found.count == 10
    told = found.as_json()
    assert (told["low"] is None) is ("note" in told)
    if name in {"citation_support", "readability", "length"}:
        assert found.note == "no text has anything to count"


@pytest.mark.parametrize("name", sorted({*NAMES} - OVER_LABELS))
def test_very_many_texts_are_scored(name: str) -> None:
    texts = [f"Satz {n % 50} über Äpfel" for n in range(2_000)]
    found = score(metric_named(name), texts, [[one] for one in texts], HOW)
    assert (found.count, len(found.segments)) == (2_000, 2_000)


def test_texts_are_not_taken_for_labels() -> None:
    texts = [f"Satz {n}" for n in range(600)]
    with pytest.raises(InvalidInput, match="600 different labels"):
        score(metric_named("macro_f1"), texts, [[one] for one in texts], HOW)


def test_letters_in_two_parts_and_words_without_blanks_are_told_of() -> None:
    composed, parted = "für Öl", normalize("NFD", "für Öl")
    (told,) = cautions(["bleu", "hter", "chrf"], [parted], [[composed]])
    assert "bleu, chrf take them for different" in told
    assert cautions(["hter", "em"], [parted], [[composed]]) == []
    assert cautions(["bleu"], [parted], [[parted]]) == []
    (told,) = cautions(["hter", "chrf"], ["保修期为两年"], [["保修期是两年"]])
    assert "hter take a whole sentence for a word" in told
    assert cautions(["hter"], ["Guten Tag, 你好"], [["Guten Tag allerseits, 你好"]]) == []
    assert cautions(["hter"], [""], [[""]]) == []
