"""Agreement of two markers: equal to scikit-learn and SciPy, with honest intervals."""

import json
from math import isnan

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.agreement import agreement
from fourfold.metrics.resampling import Resampling
from fourfold.metrics.statistics import wilson

HOW = Resampling(samples=500)


def marked(seed: int, count: int, noise: float) -> tuple[list[int], list[int]]:
    """Marks from 1 to 5 of two who see the same, each with an error of their own."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.5, 5.5, count)
    seen = [np.clip(np.rint(truth + rng.normal(0, noise, count)), 1, 5) for _ in range(2)]
    return seen[0].astype(int).tolist(), seen[1].astype(int).tolist()


@pytest.mark.parametrize("seed", range(8))
def test_figures_equal_scikit_learn_and_scipy(seed: int) -> None:
    ours, theirs = marked(seed, 7 + 10 * seed, noise=1.2)
    found = agreement(ours, theirs, HOW)
    kappa = cohen_kappa_score(ours, theirs, labels=[1, 2, 3, 4, 5], weights="quadratic")
    assert found.kappa.value == pytest.approx(kappa, abs=1e-12)
    assert found.rho.value == pytest.approx(spearmanr(ours, theirs).statistic, abs=1e-12)
    assert found.equal.value == np.mean(np.array(ours) == np.array(theirs))


def test_half_marks_are_marks() -> None:
    ours, theirs = [1.0, 2.5, 4.0, 3.0], [1.5, 2.5, 5.0, 2.0]
    found = agreement(ours, theirs, HOW)
    apart = np.subtract(ours, theirs) ** 2
    chance = np.subtract.outer(ours, theirs) ** 2
    assert found.kappa.value == pytest.approx(1 - apart.mean() / chance.mean())
    assert found.rho.value == pytest.approx(spearmanr(ours, theirs).statistic)


def test_full_agreement_is_one_and_says_nothing_of_other_texts() -> None:
    found = agreement([1, 3, 5, 4], [1, 3, 5, 4], HOW)
    assert (found.equal.value, found.kappa.value) == (1, 1)
    assert found.rho.value == pytest.approx(1)
    assert found.equal.low == pytest.approx(wilson(4, 4).low)
    assert isnan(found.kappa.low)


def test_a_strict_judge_keeps_the_order_and_loses_kappa() -> None:
    people, judge = [2, 3, 4, 5] * 10, [1, 2, 3, 4] * 10
    found = agreement(judge, people, HOW)
    assert found.equal.value == 0
    assert found.rho.value == pytest.approx(1)
    assert found.kappa.value < 0.8


def test_one_mark_for_all_has_no_order_and_no_kappa_above_chance() -> None:
    found = agreement([5] * 20, [1, 3, 4, 5] * 5, HOW)
    assert isnan(found.rho.value)
    assert found.kappa.value == pytest.approx(0)
    both = agreement([5, 5], [5, 5], HOW)
    assert isnan(both.kappa.value)
    assert json.loads(json.dumps(both.as_json(), allow_nan=False))["kappa"]["value"] is None


def test_intervals_cover_what_is_true_of_many_texts() -> None:
    ours, theirs = marked(0, 200_000, noise=0.8)
    truth = cohen_kappa_score(ours, theirs, weights="quadratic")
    order = spearmanr(ours, theirs).statistic
    drawn = [agreement(*marked(seed, 60, noise=0.8), HOW) for seed in range(1, 101)]
    kappas = np.mean([one.kappa.low <= truth <= one.kappa.high for one in drawn])
    orders = np.mean([one.rho.low <= order <= one.rho.high for one in drawn])
    assert kappas >= 0.88
    assert orders >= 0.88


def test_texts_of_one_cluster_say_less() -> None:
    ours, theirs = marked(3, 12, noise=1.0)
    alone = agreement(ours * 5, theirs * 5, HOW)
    clusters = [str(n) for n in range(12)] * 5
    together = agreement(ours * 5, theirs * 5, Resampling(samples=500, clusters=clusters))
    wide, narrow = (one.kappa.high - one.kappa.low for one in (together, alone))
    assert wide > 1.5 * narrow


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1], [1, 2])])
def test_lists_that_do_not_belong_together_are_refused(
    ours: list[float], theirs: list[float]
) -> None:
    with pytest.raises(InvalidInput, match="beside"):
        agreement(ours, theirs)
