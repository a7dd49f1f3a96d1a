"""The shortlist: who is in, who is out and why, and how sure its order is."""

import datetime

import pytest

from fourfold.catalogue import Catalogue, read_catalogue
from fourfold.catalogue.policy import Policy
from fourfold.catalogue.ranking import Fit, fits
from fourfold.catalogue.records import Benchmark, CatalogueModel, Result, Source
from fourfold.catalogue.shortlist import Judged, Wishes, shortlist

TODAY = datetime.date(2026, 11, 23)
PAGE = Source(key="p", title="p", url="https://example.com", read=TODAY)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue()


def model(name: str, *values: float | None) -> CatalogueModel:
    """A model with a result in each test that has a value."""
    results = tuple(
        Result(
            benchmark=Benchmark(id=f"test-{number}", title="", measures="", tasks=("extract",)),
            value=value,
            source=PAGE,
        )
        for number, value in enumerate(values)
        if value is not None
    )
    return CatalogueModel(name=name, title=name, family="", provider="", facts={}, results=results)


def test_who_is_first_once_is_not_ahead_of_who_is_good_always() -> None:
    ranked = fits(
        [model("once", 99), model("always", 90, 90, 90, 90, 90), model("rest", 1, 1, 1, 1, 1)],
        "extract",
    )
    assert ranked["once"].plain_mean > ranked["always"].plain_mean
    assert ranked["once"].value < ranked["always"].value
    assert ranked["once"].rests_on_few
    assert not ranked["always"].rests_on_few


def test_a_fit_says_how_many_tests_it_rests_on_of_how_many_there_are() -> None:
    ranked = fits([model("a", 1, 2, 3), model("b", 2, None, 4)], "extract")
    assert (len(ranked["a"].counted), ranked["a"].possible) == (2, 2)  # nobody beside it in test-1
    assert [one.benchmark.id for one in ranked["b"].counted] == ["test-0", "test-2"]
    assert fits([model("a", 1)], "extract") == {}
    assert fits([model("a", 1), model("b", 2)], "write") == {}


@pytest.mark.parametrize(
    ("number", "plain_mean", "value"), [(1, 1.0, 2 / 3), (5, 1.0, 6 / 7), (1, 0.0, 1 / 3)]
)
def test_a_mean_is_shrunk_towards_the_middle_by_two_results(
    number: int, plain_mean: float, value: float
) -> None:
    counted = model("a", *[1.0] * number).results
    fit = Fit(counted=counted, possible=9, plain_mean=plain_mean)
    assert fit.value == pytest.approx(value)


def found(catalogue: Catalogue, **wishes: object) -> dict[str, Judged]:
    asked = Wishes(task="extract", input_tokens=1_000, output_tokens=100, **wishes)  # type: ignore[arg-type]
    return {one.model.name: one for one in shortlist(catalogue, asked, Policy(), today=TODAY)}


def test_those_that_fit_stand_first_the_best_of_them_before_those_without_a_result(
    catalogue: Catalogue,
) -> None:
    order = [*found(catalogue, most_parameters=8_000_000_000).values()]
    kept = [one for one in order if one.is_in]
    assert order[: len(kept)] == kept
    values = [one.fit.value if one.fit else -1 for one in kept]
    assert values == sorted(values, reverse=True)
    assert -1 in values


def test_the_json_says_what_a_fit_rests_on_and_of_which_day_a_price_is(
    catalogue: Catalogue,
) -> None:
    one = found(catalogue)["nova-pro"].as_json()
    assert (one["fit_benchmarks"], one["fit_of_benchmarks"]) == (3, 3)
    assert 0 < one["fit"] < one["fit_plain_mean"] <= 1
    assert (one["price_date"], one["price_date_means"]) == ("2026-07-02", "read")


def test_each_wish_keeps_out_with_its_reason(catalogue: Catalogue) -> None:
    assert "billion parameters" in found(catalogue, most_parameters=10**9)["phi-4"].against[0]
    assert "$ for 1,000 tasks" in found(catalogue, budget_usd=0.01)["gpt-5.4"].against[0]
    assert "no known host" in found(catalogue, regions=("ch",))["gpt-5.4"].against[0]
    assert "it is proprietary" in found(catalogue, kind="open-weights")["gpt-5.4"].against
    assert "context" in found(catalogue, least_context=10**8)["gpt-5.4"].against[0]


def test_open_weights_of_unknown_size_stand_behind_all_that_are_small_enough(
    catalogue: Catalogue,
) -> None:
    kept = [one for one in found(catalogue, most_parameters=8 * 10**9).values() if one.is_in]
    unsure = [one.model.get("parameters") is None for one in kept]
    assert unsure == sorted(unsure)
    assert any(unsure)
    assert "deepseek-v3-0324" not in {one.model.name for one in kept}


def test_a_family_keeps_out_the_others(catalogue: Catalogue) -> None:
    judged = found(catalogue, family="phi")
    assert judged["phi-4"].is_in
    assert judged["gpt-5.4"].against == ("it is of the family gpt",)
