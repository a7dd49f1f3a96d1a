"""Intervals, differences and power of right and wrong, alone and in clusters."""

from math import isnan

import numpy as np
import pytest
from scipy.stats import binom

from fourfold.metrics.base import averaged
from fourfold.metrics.pairs import pair
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.scoring import metric_named
from fourfold.metrics.shares import (
    share_difference,
    share_interval,
    smallest_share_difference,
    worth,
)
from fourfold.metrics.statistics import mcnemar_exact, wilson

RNG = np.random.default_rng(11)
RIGHT = (RNG.random(200) < 0.8).astype(float)
OTHER = np.where(RNG.random(200) < 0.2, 1 - RIGHT, RIGHT)
TENS = Resampling(clusters=np.repeat(np.arange(20), 10).tolist())


def test_independent_texts_are_worth_their_number_and_have_wilsons_interval() -> None:
    assert worth(RIGHT, Resampling()) == 200
    assert share_interval(RIGHT, Resampling()) == wilson(int(RIGHT.sum()), 200)


def test_texts_that_are_alike_within_clusters_are_worth_one_each() -> None:
    alike = np.repeat((np.arange(20) % 4 > 0).astype(float), 10)
    assert 15 < worth(alike, TENS) < 20  # Student's law takes a little more for few clusters
    alone, together = share_interval(alike, Resampling()), share_interval(alike, TENS)
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_unrelated_texts_in_clusters_lose_little() -> None:
    assert 100 < worth(RIGHT, TENS) <= 200


def test_all_right_in_clusters_is_not_taken_for_certain() -> None:
    found = share_interval(np.ones(200), TENS)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(wilson(20, 20).low, abs=0.03)


def test_one_cluster_says_nothing_of_others() -> None:
    assert isnan(share_interval(RIGHT, Resampling(clusters=["a"] * 200)).low)
    assert isnan(share_difference(RIGHT, OTHER, Resampling(clusters=["a"] * 200)).low)


def test_the_interval_of_a_difference_is_that_of_its_paper() -> None:
    only_a, only_b = np.array([1.0] * 9 + [0] * 31), np.array([0.0] * 9 + [1] * 2 + [0] * 29)
    found = share_difference(only_a, only_b, Resampling())
    first, second = 10 / 42, 3 / 42
    half = 1.959964 * np.sqrt((first + second - (first - second) ** 2) / 42)
    assert found.value == pytest.approx(7 / 40)
    assert (found.low, found.high) == pytest.approx((7 / 42 - half, 7 / 42 + half))


def test_two_that_are_always_equal_may_still_differ_elsewhere() -> None:
    found = share_difference(RIGHT, RIGHT, Resampling())
    assert found.low == pytest.approx(-found.high)
    assert 0.01 < found.high < 0.03
    assert isnan(smallest_share_difference(RIGHT, RIGHT))


@pytest.mark.parametrize("count", [40, 200])
def test_the_smallest_difference_is_found_in_80_of_100(count: int) -> None:
    smallest = smallest_share_difference(RIGHT[:count], OTHER[:count])
    differ = max(float((RIGHT[:count] != OTHER[:count]).mean()), smallest)
    power = sum(
        binom.pmf(m, count, differ) * binom.pmf(k, m, 0.5 + smallest / differ / 2)
        for m in range(count + 1)
        for k in range(m + 1)
        if mcnemar_exact(k, m - k) < 0.05
    )
    assert power == pytest.approx(0.8, abs=0.001)


def test_six_texts_or_fewer_hardly_show_anything() -> None:
    assert isnan(smallest_share_difference(np.ones(5), np.zeros(5)))


def test_a_pair_is_tested_as_its_figures_ask_for() -> None:
    accuracy, chrf = metric_named("accuracy"), metric_named("f1")
    plain = pair(accuracy, averaged(RIGHT), averaged(OTHER), Resampling())
    clustered = pair(accuracy, averaged(RIGHT), averaged(OTHER), TENS)
    scores = pair(chrf, averaged(RIGHT * 0.5), averaged(RIGHT * 0.7), Resampling())
    assert plain.method == "exact McNemar"
    assert plain.p == mcnemar_exact(int((RIGHT > OTHER).sum()), int((OTHER > RIGHT).sum()))
    assert {clustered.method, scores.method} == {"approximate randomisation"}
    assert plain.difference.value == clustered.difference.value
    assert scores.difference.high < 0
