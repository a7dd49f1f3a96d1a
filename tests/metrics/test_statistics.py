"""The statistics agree with SciPy, and say when they cannot be computed."""

import pytest
from scipy.stats import binomtest

from fourfold.metrics.statistics import bootstrap_mean, mcnemar_exact, paired_bootstrap, wilson


@pytest.mark.parametrize(("successes", "count"), [(0, 5), (5, 5), (3, 10), (97, 100), (500, 1000)])
def test_wilson_agrees_with_scipy(successes: int, count: int) -> None:
    expected = binomtest(successes, count).proportion_ci(method="wilson")
    found = wilson(successes, count)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.value == successes / count


def test_wilson_without_observations_knows_nothing() -> None:
    found = wilson(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "count"), [(3, 2), (-1, 5)])
def test_wilson_refuses_what_is_no_share(successes: int, count: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, count)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 9), (9, 1), (12, 12), (300, 350)])
def test_mcnemar_agrees_with_the_binomial_test(only_a: int, only_b: int) -> None:
    count = only_a + only_b
    expected = binomtest(only_a, count).pvalue if count else 1.0
    assert mcnemar_exact(only_a, only_b) == pytest.approx(expected)


def test_mcnemar_refuses_negative_counts() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 2)


def test_the_bootstrap_interval_is_that_of_the_normal_law_for_many_values() -> None:
    values = [float(n % 100) for n in range(2_000)]
    found = bootstrap_mean(values, seed=1)
    half = 1.96 * 28.866 / 2_000**0.5  # standard deviation of 0..99
    assert found.value == 49.5
    assert (found.low, found.high) == pytest.approx((49.5 - half, 49.5 + half), abs=0.15)


def test_the_same_seed_gives_the_same_interval() -> None:
    assert bootstrap_mean([0, 1, 1], seed=7) == bootstrap_mean([0, 1, 1], seed=7)


def test_a_clear_difference_is_significant_and_none_is_not() -> None:
    better, worse = [1.0] * 40 + [0.0] * 10, [0.0] * 10 + [1.0] * 20 + [0.0] * 20
    assert paired_bootstrap(better, worse, seed=1).p < 0.01
    assert paired_bootstrap(better, better, seed=1).p == 1.0


def test_the_sign_of_a_difference_follows_the_order() -> None:
    found = paired_bootstrap([0.0, 0.2, 0.1], [0.9, 0.8, 1.0], seed=1).interval
    assert found.low <= found.value <= found.high < 0


def test_pairs_must_match_and_a_mean_needs_values() -> None:
    with pytest.raises(ValueError, match="pairs"):
        paired_bootstrap([1.0], [1.0, 2.0], seed=1)
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_mean([], seed=1)
