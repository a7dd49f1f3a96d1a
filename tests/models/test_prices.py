"""What tokens cost: a price of one's own, the provider's list price, or nobody knows."""

import pytest

from fourfold.core.records import Usage
from fourfold.models.prices import Price, charged, published, unknown

USED = Usage(prompt_tokens=1_000_000, completion_tokens=200_000, cached_tokens=400_000)


def test_a_price_of_ones_own() -> None:
    assert Price(input=2, output=10)(USED) == pytest.approx(2 + 2)
    assert Price(input=2, output=10, cached=0.5)(USED) == pytest.approx(1.2 + 0.2 + 2)


def test_the_list_price_of_a_provider_that_is_known() -> None:
    # gpt-4o-mini, as OpenAI has listed it since 2024-07-18: 0.15 in, 0.075 cached, 0.60 out.
    cost = published("gpt-4o-mini", "https://api.openai.com/v1")(USED)
    assert cost == pytest.approx(0.6 * 0.15 + 0.4 * 0.075 + 0.2 * 0.6)


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("qwen", "http://127.0.0.1:8000/v1"),
        ("no-such-model", "https://api.openai.com/v1"),
        ("gpt-4o-mini", "http://gpu-1:8000/v1"),
        ("", "https://api.openai.com/v1"),
    ],
)
def test_a_price_that_nobody_published_is_unknown(model: str, url: str) -> None:
    assert published(model, url) is unknown


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(prompt_tokens=10, cached_tokens=20),
        Usage(prompt_tokens=10, cached_tokens=-1),
        Usage(prompt_tokens=10, completion_tokens=-1),
    ],
)
def test_odd_counts_of_a_server_cannot_be_priced_and_do_no_harm(usage: Usage) -> None:
    assert charged(usage, Price(input=1, output=1)).cost_usd is None
    tariff = published("gpt-4o-mini", "https://api.openai.com/v1")
    assert charged(usage, tariff).cost_usd is None
