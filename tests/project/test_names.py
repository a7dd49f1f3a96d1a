"""Names of models in a project: those of before, and those that nobody knows."""

from pathlib import Path

import pytest

from fourfold.core.errors import NotFound
from fourfold.core.settings import Settings
from fourfold.project.config_file import parse_config
from fourfold.project.names import unknown_model
from fourfold.project.scaffold import create_project
from fourfold.project.wiring import chat_model

FILE = Path("fourfold.yaml")


def test_a_project_file_with_an_earlier_name_means_the_model_of_today() -> None:
    text = """\
name: helpdesk
model: qwen2.5-0.5b
models: [{name: gpu, url: 'http://gpu:8000/v1', model: m, fallback: [qwen2.5-0.5b]}]
"""
    config = parse_config(text, FILE)
    assert config.model == "qwen2.5-coder-0.5b"
    assert config.models[0].fallback == ["qwen2.5-coder-0.5b"]


def test_a_model_of_the_project_may_have_the_name_that_weights_had() -> None:
    text = """\
name: helpdesk
model: qwen2.5-0.5b
models: [{name: qwen2.5-0.5b, url: 'http://gpu:8000/v1', model: m}]
"""
    config = parse_config(text, FILE)
    assert config.model == config.current_name("qwen2.5-0.5b") == "qwen2.5-0.5b"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("qwen2.5-0.5", "Did you mean `qwen2.5-coder-0.5b`? Type `fourfold models install"),
        ("extractiv", "Did you mean `extractive`? It is ready"),
        ("gpt-5-minni", "Did you mean `gpt-5-mini`? Add `- {name: gpt-5-mini, provider: openai"),
        ("gpt-5-mini", "is in the catalogue. Add `- {name: gpt-5-mini, provider: openai"),
        ("openai:gpt-9", "model: 'gpt-9', key_variable: OPENAI_API_KEY}` under `models`"),
        ("anthropc/claude-x", "provider: anthropic, model: 'claude-x'"),
        ("ollama:llama3:8b", "{name: llama3-8b, provider: ollama, model: 'llama3:8b'}`"),
        ("own-serve", "Did you mean `own-server`?"),
        ("zzzzzzzz", "to be installed: smollm2-135m, qwen2.5-coder-0.5b"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_the_way_to_it(
    name: str, told: str
) -> None:
    error = unknown_model(name, ["own-server"])
    assert f"`{name}`" in error.message
    assert told in error.hint


def test_installed_weights_are_ready_to_be_used() -> None:
    near = unknown_model("smolm2-135m", ["smollm2-135m"]).hint
    assert near.startswith("Did you mean `smollm2-135m`? It is ready to be used.")
    far = unknown_model("zzzzzzzz", ["smollm2-135m"]).hint
    assert far.startswith("Ready to be used: extractive, smollm2-135m; to be installed: qwen")


def test_what_the_hint_says_to_add_is_a_project_file(tmp_path: Path) -> None:
    for name in (
        "gpt-5-mini",
        "openai:gpt-9",
        "claude-sonnet-5",
        "deepseek-v3",
        "ollama:llama3:8b",
    ):
        line = unknown_model(name).hint.partition("`- ")[2].partition("`")[0]
        config = parse_config(f"name: helpdesk\nmodels:\n  - {line}\n", FILE)
        made = chat_model(config.models[0].name, config, Settings(_env_file=None), tmp_path)
        assert made.name == config.models[0].name


def test_a_project_is_asked_and_made_with_the_same_hint(tmp_path: Path) -> None:
    config = parse_config("name: helpdesk\n", FILE)
    settings = Settings(_env_file=None, models_folder=tmp_path)
    with pytest.raises(NotFound, match="smolm2") as asked:
        chat_model("smolm2-135m", config, settings, tmp_path)
    with pytest.raises(NotFound) as made:
        create_project(tmp_path / "new", model="smolm2-135m")
    assert asked.value.hint == made.value.hint
    assert "fourfold models install smollm2-135m" in asked.value.hint
    assert not (tmp_path / "new").exists()
