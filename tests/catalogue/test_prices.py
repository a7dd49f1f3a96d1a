"""List prices carry the day that they are of, and say what that day means."""

import datetime
from dataclasses import replace

import pytest

from fourfold.catalogue import Catalogue, read_catalogue
from fourfold.catalogue.prices import current, with_current_prices
from fourfold.catalogue.records import Offer

TODAY = datetime.date(2026, 11, 23)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return with_current_prices(read_catalogue(), on=TODAY)


def offer(catalogue: Catalogue, model: str, host: str) -> Offer:
    return next(one for one in catalogue.model(model).offers if one.host.id == host)


def test_a_price_says_since_when_it_is_in_force_where_that_is_known(catalogue: Catalogue) -> None:
    sonnet = offer(catalogue, "claude-sonnet-4.6", "anthropic")
    assert (sonnet.dated_means, sonnet.price_day) == ("in force since", datetime.date(2026, 3, 13))
    assert sonnet.source.key == "genai-prices"


def test_a_price_without_a_day_of_its_own_says_so(catalogue: Catalogue) -> None:
    gpt = offer(catalogue, "gpt-5.4", "openai")
    assert gpt.dated_means == "data up to"
    assert datetime.date(2026, 1, 1) < gpt.price_day <= TODAY
    assert "none of their own" in gpt.source.note


def test_a_price_of_the_catalogue_keeps_the_day_on_which_it_was_read(catalogue: Catalogue) -> None:
    vertex = offer(catalogue, "claude-sonnet-4.6", "google-vertex")
    assert (vertex.dated_means, vertex.price_day) == ("read", datetime.date(2026, 7, 2))


def test_the_maker_s_price_is_not_taken_for_that_of_another_host(catalogue: Catalogue) -> None:
    at_azure = offer(catalogue, "deepseek-v4-pro", "azure")
    assert at_azure.source.key == "models-dev"
    assert at_azure.input == 1.74


def test_where_the_hour_decides_it_is_the_dearest_hour(catalogue: Catalogue) -> None:
    import genai_prices

    at_home = offer(catalogue, "deepseek-v4-pro", "deepseek")
    usage = genai_prices.Usage(input_tokens=1_000)
    prices = [
        genai_prices.calc_price(
            usage,
            model_ref=at_home.id,
            provider_id="deepseek",
            genai_request_timestamp=datetime.datetime(2026, 11, 23, hour, tzinfo=datetime.UTC),
        ).total_price
        for hour in range(24)
    ]
    assert at_home.input == pytest.approx(float(max(prices)) * 1_000)
    assert max(prices) > min(prices)


def test_the_day_decides_which_price_is_in_force(catalogue: Catalogue) -> None:
    written = offer(read_catalogue(), "claude-sonnet-4.6", "anthropic")
    before = current(written, on=datetime.date(2026, 3, 1))
    assert before.dated_means == "data up to"
    assert before.price_day <= datetime.date(2026, 3, 1)


def test_an_offer_that_the_package_does_not_know_stays_as_it_was() -> None:
    written = offer(read_catalogue(), "gpt-5.4", "openai")
    unknown = replace(written, id="no-such-model")
    assert current(unknown, on=TODAY) is unknown


@pytest.mark.parametrize("host", ["groq", "amazon-bedrock", "togetherai"])
def test_what_cached_tokens_cost_is_unknown_where_no_price_is_published(
    catalogue: Catalogue, host: str
) -> None:
    found = offer(catalogue, "llama-3.3-70b-instruct", host)
    assert (found.source.key, found.cached) == ("genai-prices", None)


def test_what_cached_tokens_cost_is_told_where_it_is_published(catalogue: Catalogue) -> None:
    found = offer(catalogue, "claude-sonnet-4.6", "anthropic")
    assert found.input is not None
    assert found.cached == pytest.approx(found.input / 10)


def test_no_price_for_cached_tokens_is_nothing(catalogue: Catalogue) -> None:
    written = [o for one in read_catalogue().models.values() for o in one.offers]
    current_ones = [o for one in catalogue.models.values() for o in one.offers]
    assert [o.id for o in (*written, *current_ones) if o.cached == 0] == []
