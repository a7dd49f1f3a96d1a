"""Scores with intervals: what is said of few texts, bad input, and every registered metric."""

import builtins
from math import isnan
from typing import Any

import pytest

from fourfold.core.errors import InvalidInput, MissingExtra, UnknownBackend
from fourfold.metrics import METRICS
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.rouge_words import _porter
from fourfold.metrics.scoring import checked_names, metric_named, score, scores

TEXTS = ['"Die Garantie gilt zwei Jahre."', '"Der Versand kostet 5 €."', '"Ja"']
WANTED = [['"Die Garantie gilt drei Jahre."'], ['"Der Versand kostet 5 €."'], ['"Nein"', '"Ja"']]


COUNTS = {"insertions", "deletions", "substitutions", "shifts"}
STYLE = {"length", "readability", "language", "refusal"}  # they do not say how right a text is


@pytest.mark.parametrize("name", sorted({*METRICS.names()} - STYLE))
def test_every_metric_knows_its_name_and_rates_the_right_text_best(name: str) -> None:
    metric = metric_named(name)
    assert metric.name == name
    assert "nrefs:1" in metric.signature()
    assert "nrefs:var" in metric.signature(None)
    right = [wanted[-1] for wanted in WANTED]
    best, worse = score(metric, right, WANTED), score(metric, ["xyz"] * 3, WANTED)
    better = best.interval.value > worse.interval.value
    assert better is metric.higher_is_better
    assert len(best.segments) == 3


@pytest.mark.parametrize("name", sorted({*METRICS.names()} - COUNTS - STYLE))
def test_a_text_without_references_is_wrong_and_empty_texts_do_no_harm(name: str) -> None:
    metric = metric_named(name)
    found = score(metric, ["etwas", ""], [[], [""]])
    worst = score(metric, ["xyz"], WANTED[:1]).interval.value
    assert found.segments[0] == pytest.approx(worst)


def test_a_share_has_wilsons_interval_even_when_all_are_right() -> None:
    found = score(metric_named("accuracy"), ["a"] * 10, [["a"]] * 10).interval
    assert (found.low, found.high) == pytest.approx((0.7225, 1.0), abs=1e-4)


@pytest.mark.parametrize("name", ["rouge1", "rougeL", "hter", "f1", "citation_support"])
def test_a_score_that_happens_to_be_0_or_1_everywhere_is_no_share(name: str) -> None:
    texts, wanted = ["gut", "gelb"] * 5, [["gut"], ["rot"]] * 5
    one = score(metric_named(name), texts[:1], wanted[:1])
    assert one.note == "too few texts for an interval: 1, and 8 are needed"
    share = score(metric_named("em"), texts, wanted).interval
    many = score(metric_named(name), texts, wanted).interval
    assert many.value == share.value == 0.5
    assert (many.low, many.high) != (share.low, share.high)


@pytest.mark.parametrize(
    "name", ["accuracy", "em", "json_valid", "refusal", "untouched", "language"]
)
def test_a_metric_of_right_and_wrong_has_an_interval_of_one_text(name: str) -> None:
    found = score(metric_named(name), ['"Die Garantie gilt zwei Jahre."'], WANTED[:1])
    assert found.interval.high - found.interval.low > 0.5


def test_a_rate_of_100_is_no_share() -> None:
    found = score(metric_named("ter"), ["a", "b"], [["a"], ["c"]]).interval
    assert found.value == 50.0


def test_few_texts_say_nothing_of_others_and_the_score_says_so() -> None:
    found = score(metric_named("bleu"), TEXTS[:1], WANTED[:1])
    assert isnan(found.interval.low)
    assert found.as_json()["low"] is None
    assert found.as_json()["note"] == "too few texts for an interval: 1, and 8 are needed"
    how = Resampling(clusters=["a", "a", "b"] * 5)
    clustered = score(metric_named("f1"), TEXTS * 5, WANTED * 5, how)
    assert clustered.note == "too few clusters for an interval: 2, and 8 are needed"


def test_scores_that_are_all_alike_are_not_taken_for_certain() -> None:
    found = score(metric_named("chrf"), ["Äpfel"] * 10, [["Äpfel"]] * 10)
    assert (found.interval.value, isnan(found.interval.high)) == (100.0, True)
    assert found.note == "no interval: all texts score alike"
    assert "note" not in score(metric_named("em"), ["a"] * 10, [["a"]] * 10).as_json()


def test_texts_and_references_must_match() -> None:
    with pytest.raises(InvalidInput, match="3 texts and references for 2"):
        score(metric_named("f1"), TEXTS, WANTED[:2])
    with pytest.raises(InvalidInput, match="nothing to score"):
        score(metric_named("f1"), [], [])


def test_an_unknown_metric_or_kind_of_words_is_named() -> None:
    with pytest.raises(UnknownBackend, match="blue"):
        metric_named("blue")
    with pytest.raises(InvalidInput, match="one kind only"):
        metric_named("bleu:ascii")
    with pytest.raises(InvalidInput, match="latin"):
        metric_named("rouge1:latin")


def test_without_its_package_stemming_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without_nltk(name: str, *rest: Any, **options: Any) -> Any:
        if name.startswith("nltk"):
            raise ImportError(name)
        return imported(name, *rest, **options)

    _porter.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without_nltk)
    with pytest.raises(MissingExtra) as caught:
        score(metric_named("rouge1:ascii-stem"), TEXTS, WANTED)
    assert "fourfold[rouge-stem]" in caught.value.hint


def test_several_metrics_at_once_score_as_one_after_the_other() -> None:
    names = ["hter", "rouge1:ascii", "macro_f1"]
    texts, wanted = TEXTS * 3, WANTED * 3
    alone = list(scores(names, texts, wanted))
    assert list(scores(names, texts, wanted, workers=2)) == alone
    assert [one.metric for one in alone] == ["hter", "rouge1", "macro_f1"]


def test_an_unknown_metric_is_named_before_any_work_is_done() -> None:
    with pytest.raises(UnknownBackend, match="blue"):
        next(scores(["bleu", "blue"], TEXTS, WANTED, workers=2))


def test_the_family_of_rouge_is_spelt_out() -> None:
    assert checked_names(["hter", "rouge", "rougeL"]) == ("hter", "rouge1", "rouge2", "rougeL")
    with pytest.raises(UnknownBackend, match="bleuu"):
        checked_names(["bleuu"])
