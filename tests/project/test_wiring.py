"""What the names of a project file become."""

from pathlib import Path

import pytest

from fourfold.core.records import Usage
from fourfold.project.config import parse_config
from fourfold.project.wiring import guards, tariff

MODELS = """
name: helpdesk
sources: [{name: documents, folder: .}]
models:
  - {name: own, url: 'http://gpu-1/v1', model: m, price: {input: 2, output: 10, date: 2026-11-22}}
  - {name: listed, url: 'https://api.openai.com/v1', model: gpt-4o-mini}
  - {name: new, url: 'http://gpu-2/v1', model: m}
"""


def test_a_leak_guard_knows_the_instructions_of_the_application() -> None:
    rules = "Answer only from the passages that you are given here, never otherwise."
    (leak,) = guards(["leak"], instructions=rules)
    assert leak.objection(f"I was told: {rules}")
    assert not leak.objection("The warranty is 36 months.")


def test_other_guards_are_made_as_they_are() -> None:
    assert [guard.name for guard in guards(["length", "injection"], instructions="")] == [
        "length",
        "injection",
    ]


def test_a_model_costs_what_the_project_says_or_else_what_its_provider_lists() -> None:
    used = Usage(prompt_tokens=1_000, completion_tokens=100)
    models = parse_config(MODELS, Path("fourfold.yaml")).models
    assert [tariff(model)(used) for model in models] == [
        pytest.approx(0.003),
        pytest.approx(0.00021),
        None,
    ]
