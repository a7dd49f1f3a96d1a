"""What the names of a project file become."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from fourfold.core.errors import FourfoldError
from fourfold.core.records import Usage
from fourfold.core.settings import Settings
from fourfold.models.fallback import FallbackModel
from fourfold.models.limits import LimitedModel
from fourfold.models.remote import RemoteModel
from fourfold.project.config_file import parse_config
from fourfold.project.wiring import address, chat_model, chat_models, guards, tariff

if TYPE_CHECKING:
    from fourfold.project.project import Project

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


def test_a_model_has_the_limits_that_the_project_names(tmp_path: Path) -> None:
    text = MODELS.replace("model: gpt-4o-mini}", "model: gpt-4o-mini, per_minute: 60}")
    text = text.replace("url: 'http://gpu-2/v1'", "provider: anthropic, url: 'http://gpu-2/v1'")
    config, settings = parse_config(text, Path("fourfold.yaml")), Settings(_env_file=None)
    own, listed, new = (
        chat_model(name, config, settings, tmp_path) for name in ("own", "listed", "new")
    )
    assert [type(one) for one in (own, listed, new)] == [RemoteModel, LimitedModel, RemoteModel]
    assert listed.name == "listed"


def test_fallbacks_are_asked_in_their_order_and_offered_themselves(tmp_path: Path) -> None:
    text = MODELS.replace("model: gpt-4o-mini}", "model: gpt-4o-mini, fallback: [new, own]}")
    config = parse_config(text, Path("fourfold.yaml"))
    project = SimpleNamespace(config=config, settings=Settings(_env_file=None), folder=tmp_path)
    made = chat_models(cast("Project", project))
    assert list(made) == ["own", "listed", "new"]
    assert isinstance(made["listed"], FallbackModel)
    assert [model.name for model in made["listed"]._models] == ["listed", "new", "own"]
    unknown = text.replace("[new, own]", "[nobody]")
    project.config = parse_config(unknown, Path("fourfold.yaml"))
    with pytest.raises(FourfoldError, match="nobody"):
        chat_models(cast("Project", project))


def test_a_model_costs_what_the_project_says_or_else_what_its_provider_lists() -> None:
    used = Usage(prompt_tokens=1_000, completion_tokens=100)
    models = parse_config(MODELS, Path("fourfold.yaml")).models
    assert [tariff(model)(used) for model in models] == [
        pytest.approx(0.003),
        pytest.approx(0.00021),
        None,
    ]


def test_a_provider_has_an_address_of_its_own_or_wants_one() -> None:
    text = MODELS.replace("url: 'http://gpu-2/v1'", "provider: mistral")
    new = parse_config(text, Path("fourfold.yaml")).models[-1]
    assert address(new) == "https://api.mistral.ai/v1"
    text = MODELS.replace("url: 'http://gpu-2/v1'", "provider: azure")
    with pytest.raises(FourfoldError, match="`new` has no address"):
        address(parse_config(text, Path("fourfold.yaml")).models[-1])
