"""A comparison's price is the one that is charged, with the day and the rules of the catalogue."""

import datetime
from pathlib import Path

import pytest

from fourfold.core.records import Usage
from fourfold.project.config import RemoteModelConfig
from fourfold.project.config_file import parse_config
from fourfold.project.pricing import price_facts
from fourfold.project.wiring import tariff

TODAY = datetime.date(2026, 11, 23)
USED = Usage(prompt_tokens=1_000, completion_tokens=1_000)


def model(entry: str) -> RemoteModelConfig:
    text = f"name: a\nsources: [{{name: d, folder: x}}]\nmodels: [{{name: m, {entry}}}]\n"
    return parse_config(text, Path("fourfold.yaml")).models[0]


@pytest.mark.parametrize(
    ("entry", "means", "date"),
    [
        ("provider: anthropic, model: claude-sonnet-4-6", "in force since", "2026-03-13"),
        ("provider: openai, model: gpt-5.4", "data up to", None),
        ("url: 'http://gpu/v1', model: x, price: {input: 1, output: 4, date: 2026-11-22}",
         "read", "2026-11-22"),
    ],
)  # fmt: skip
def test_a_price_says_which_day_it_is_of(entry: str, means: str, date: str | None) -> None:
    facts = price_facts(model(entry), on=TODAY)
    assert facts is not None
    assert facts["means"] == means
    assert facts["date"] == date or (date is None and facts["date"] <= TODAY.isoformat())


def test_what_is_told_is_what_is_charged() -> None:
    config = model("provider: openai, model: gpt-5.4")
    facts = price_facts(config, on=TODAY)
    assert facts is not None
    assert tariff(config)(USED) == pytest.approx((facts["input"] + facts["output"]) / 1_000)


def test_the_price_of_the_maker_is_not_taken_for_that_of_azure() -> None:
    azure = model("url: 'https://acme.openai.azure.com/openai/v1', model: deepseek-v4-pro")
    assert price_facts(azure, on=TODAY) is None
    assert tariff(azure)(USED) is None
