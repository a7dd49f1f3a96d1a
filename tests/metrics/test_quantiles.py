"""Intervals of medians and of the waits that 95 of 100 stay below."""

from math import isnan

import numpy as np
import pytest
from scipy.stats.mstats import hdquantiles

from fourfold.metrics.quantiles import quantile_interval
from fourfold.metrics.resampling import Resampling

WAITS = np.random.default_rng(5).lognormal(0, 0.8, 400).tolist()


def test_the_median_lies_between_the_ranks_of_the_binomial_law() -> None:
    found = quantile_interval(list(range(1, 101)), 0.5, Resampling())
    assert found.value == 50.5
    assert 40 <= found.low <= 41  # tables: ranks 40 and 61 hold it in 96.5 of 100
    assert 60 <= found.high <= 61


def test_the_end_that_few_values_cannot_tell_is_unknown() -> None:
    few = quantile_interval(WAITS[:71], 0.95, Resampling())
    enough = quantile_interval(WAITS[:72], 0.95, Resampling())
    assert isnan(few.high)
    assert few.low < few.value
    assert enough.high <= max(WAITS[:72])


def test_another_estimate_of_the_quantile_lies_inside() -> None:
    found = quantile_interval(WAITS, 0.95, Resampling())
    assert found.low < hdquantiles(WAITS, 0.95)[0] < found.high


def test_waits_of_one_cluster_say_less() -> None:
    clusters = np.repeat(np.arange(40), 10).tolist()
    alike = np.repeat(WAITS[:40], 10).tolist()
    alone = quantile_interval(alike, 0.5, Resampling())
    together = quantile_interval(alike, 0.5, Resampling(clusters=clusters))
    assert together.high - together.low > 1.5 * (alone.high - alone.low)
    assert isnan(quantile_interval(alike, 0.5, Resampling(clusters=["a"] * 400)).low)


@pytest.mark.parametrize("values", [[1.0], [float("nan")] * 100])
def test_nothing_known_has_no_ends(values: list[float]) -> None:
    found = quantile_interval(values, 0.5, Resampling())
    assert isnan(found.low)
    assert isnan(found.high)
