"""The statistics agree with SciPy, and say when they cannot be computed."""

import pytest
from scipy.stats import binomtest, t

from fourfold.metrics.statistics import mcnemar_exact, student, wilson


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


@pytest.mark.parametrize("freedom", [1, 2, 3, 4.5, 9, 39, 1_000])
def test_students_quantile_agrees_with_scipy(freedom: float) -> None:
    assert student(freedom, 0.975) == pytest.approx(t.ppf(0.975, freedom), rel=0.02)
