"""Intervals and tests for any metric agree with SciPy and with what must hold."""

import numpy as np
import pytest
from scipy.stats import bootstrap, permutation_test, ttest_rel

from fourfold.metrics.base import averaged, mean
from fourfold.metrics.resampling import (
    Resampling,
    difference,
    interval,
    smallest_difference,
)
from fourfold.metrics.scoring import metric_named, score
from fourfold.metrics.statistics import holm

RNG = np.random.default_rng(7)
SKEWED = RNG.beta(1, 5, 400)
TEXTS = [f"Satz {n} über Äpfel und {'Birnen' * (n % 3)}" for n in range(60)]
WANTED = [[f"Satz {n} von Äpfeln und Birnen"] for n in range(60)]


def test_the_interval_of_a_mean_agrees_with_scipy() -> None:
    expected = bootstrap((SKEWED,), np.mean, method="BCa", rng=1).confidence_interval
    found = interval(averaged(SKEWED), mean, Resampling(samples=9_999))
    assert found.value == pytest.approx(SKEWED.mean())
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=6e-4)


def test_the_p_value_agrees_with_scipy() -> None:
    other = SKEWED + RNG.normal(0.004, 0.06, 400)
    expected = permutation_test(
        (SKEWED, other), lambda a, b: (a - b).mean(), permutation_type="samples", rng=1
    )
    found = difference(averaged(SKEWED), averaged(other), mean, Resampling(samples=9_999))
    assert found.interval.value == pytest.approx((SKEWED - other).mean())
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)


@pytest.mark.parametrize("name", ["bleu", "chrf", "ter", "macro_f1"])
def test_a_text_beside_itself_makes_no_difference(name: str) -> None:
    metric = metric_named(name)
    figures = metric.figures(TEXTS, WANTED)
    found = difference(figures, figures, metric.value, Resampling(samples=200))
    assert (found.interval.value, found.p) == (0.0, 1.0)


def test_a_clear_difference_of_a_corpus_metric_is_found_with_its_sign() -> None:
    metric = metric_named("chrf")
    right = metric.figures([wanted[0] for wanted in WANTED], WANTED)
    found = difference(metric.figures(TEXTS, WANTED), right, metric.value, Resampling(samples=500))
    assert found.p < 0.01
    assert found.interval.low <= found.interval.value <= found.interval.high < 0


def test_texts_of_one_cluster_are_worth_less_than_independent_ones() -> None:
    values = np.repeat(RNG.random(20), 10)
    clusters = np.repeat(np.arange(20), 10).tolist()
    alone = interval(averaged(values), mean, Resampling())
    together = interval(averaged(values), mean, Resampling(clusters=clusters))
    assert together.high - together.low > 2.5 * (alone.high - alone.low)
    other = averaged(values + np.repeat(RNG.normal(0.05, 0.1, 20), 10))
    apart = difference(averaged(values), other, mean, Resampling())
    joined = difference(averaged(values), other, mean, Resampling(clusters=clusters))
    assert joined.p > apart.p


def test_the_smallest_difference_is_that_of_the_t_test() -> None:
    noise = RNG.normal(0, 1, 400)
    found = smallest_difference(averaged(noise), averaged(noise * 0), mean, Resampling())
    assert found == pytest.approx(2.8 * noise.std(ddof=1) / 20, rel=0.06)


def test_the_same_seed_gives_the_same_and_another_nearly() -> None:
    one, same, other = (
        interval(averaged(SKEWED), mean, Resampling(seed=seed)) for seed in (1, 1, 2)
    )
    assert one == same
    assert one.low == pytest.approx(other.low, abs=2e-3)


def test_pairs_and_clusters_must_match() -> None:
    with pytest.raises(ValueError, match="pairs"):
        difference(averaged([1.0]), averaged([1.0, 2.0]), mean, Resampling())
    with pytest.raises(ValueError, match="1 clusters are named for 2"):
        interval(averaged([1.0, 2.0]), mean, Resampling(clusters=["a"]))


def test_holm_raises_each_p_value_in_its_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.9, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_difference_of_few_pairs_has_the_interval_of_students_test() -> None:
    ours, theirs = SKEWED[:20], SKEWED[20:40]
    expected = ttest_rel(ours, theirs).confidence_interval(0.95)
    found = difference(averaged(ours), averaged(theirs), mean, Resampling()).interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.01)


def test_the_interval_of_few_skewed_scores_is_the_studentised_bootstrap() -> None:
    values = SKEWED[:20]
    rng, centred = np.random.default_rng(1), []
    for _ in range(20_000):
        drawn = rng.choice(values, 20)
        centred.append((drawn.mean() - values.mean()) / (drawn.std(ddof=1) / 20**0.5))
    below, above = np.quantile(centred, [0.025, 0.975])
    error = values.std(ddof=1) / 20**0.5
    found = interval(averaged(values), mean, Resampling())
    assert found.low == pytest.approx(values.mean() - above * error, abs=0.006)
    assert found.high == pytest.approx(values.mean() - below * error, abs=0.02)
    assert found.high - found.value > 1.2 * (found.value - found.low)


@pytest.mark.parametrize("count", [7, 8])
def test_fewer_than_eight_texts_have_no_interval(count: int) -> None:
    found = interval(averaged(SKEWED[:count]), mean, Resampling(samples=200))
    assert bool(np.isnan(found.low)) is (count < 8)


def test_of_five_clusters_no_difference_could_show() -> None:
    how = Resampling(clusters=np.repeat(np.arange(5), 80).tolist())
    a, b = averaged(SKEWED), averaged(SKEWED * 0.5)
    assert np.isnan(smallest_difference(a, b, mean, how))
    assert difference(a, b, mean, how).p > 0.05


@pytest.mark.parametrize("name", ["bleu", "field_f1", "macro_f1"])
def test_scores_that_are_no_mean_have_an_interval_of_few_texts(name: str) -> None:
    metric = metric_named(name)
    texts = [*(wanted[0] for wanted in WANTED[:15]), *TEXTS[15:30]]
    figures = metric.figures(texts, WANTED[:30])
    found = interval(figures, metric.value, Resampling(samples=200))
    assert found.low < found.value < found.high


def test_an_interval_holds_its_value_where_a_corpus_scores_beyond_each_of_its_texts() -> None:
    short, long = ("the red house", "the red house is on the hill"), 8
    texts = [short[0]] * long + [f"{short[1]} {short[1]}"] * long
    found = score(metric_named("bleu"), texts, [[short[1]]] * 2 * long).interval
    assert found.low <= found.value <= found.high
