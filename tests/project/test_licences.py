"""The licence gate of a project: the offer that is asked, at each step, adapters included."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from fourfold.core.settings import Settings
from fourfold.project.config import ProjectConfig
from fourfold.project.config_file import parse_config
from fourfold.project.licences import LicenceGate, Step, check, look
from fourfold.project.project import Project

if TYPE_CHECKING:
    from fourfold.storage.database import Database
    from fourfold.tracing.tracer import Tracer

TODAY = datetime.date(2026, 11, 23)
POLICY = "company: {country: DE, revenue_usd: 1000000, monthly_users: 1000}\n"
MODELS = """
name: helpdesk
models:
- {name: here, url: "http://localhost:8000/v1", model: phi-4}
- {name: rack, url: "http://10.0.0.7:8000/v1", model: phi-4}
- {name: far, url: "https://models.example.com/v1", model: phi-4}
- {name: far-eu, url: "https://models.example.com/v1", model: phi-4, region: eu}
- {name: far-us, url: "https://models.example.com/v1", model: phi-4, region: us}
- {name: plain, url: "https://api.mistral.ai/v1", model: mistral-large-latest,
   catalogue: mistral-large-3}
- {name: eu, url: "https://api.eu.mistral.ai/v1", model: mistral-large-latest,
   catalogue: mistral-large-3}
- {name: resold, url: "http://localhost:4000/v1", model: gpt-5.4}
- {name: nobody, url: "https://models.example.com/v1", model: our-own}
"""


@pytest.fixture
def config() -> ProjectConfig:
    return parse_config(MODELS, Path("fourfold.yaml"))


def level(folder: Path, config: ProjectConfig, name: str) -> str:
    return look(folder, config, [name], today=TODAY)[name].verdict.level


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("here", "allowed"),
        ("phi-4", "allowed"),
        ("rack", "warning"),
        ("far", "approval"),
        ("far-eu", "allowed"),
        ("far-us", "approval"),
        ("plain", "approval"),
        ("eu", "allowed"),
        ("resold", "approval"),
    ],
)
def test_a_project_that_wants_the_union_is_judged_by_each_address(
    tmp_path: Path, config: ProjectConfig, name: str, found: str
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY + "regions: [eu]\n")
    assert level(tmp_path, config, name) == found


def test_an_unknown_site_can_be_a_warning_or_forbidden(
    tmp_path: Path, config: ProjectConfig
) -> None:
    for wanted in ("warning", "forbidden"):
        text = f"{POLICY}regions: [eu]\nlevels: {{unknown_site: {wanted}}}\n"
        (tmp_path / "policy.yaml").write_text(text)
        assert level(tmp_path, config, "far") == wanted


def test_what_is_known_names_the_site_that_is_asked_and_not_all_hosts(
    tmp_path: Path, config: ProjectConfig
) -> None:
    names = ["plain", "eu", "far", "here", "extractive"]
    found = {name: one.as_json() for name, one in look(tmp_path, config, names).items()}
    assert found["plain"]["site"]["regions"] == ["global"]
    assert found["eu"]["site"]["regions"] == ["eu"]
    assert found["eu"]["site"]["host"] == "Mistral AI, La Plateforme"
    assert (found["far"]["site"]["kind"], found["far"]["site"]["regions"]) == ("unknown", [])
    assert found["here"]["site"]["kind"] == "own-machine"
    assert "regions" not in found["eu"]["catalogue"]
    assert "extractive" not in found


@pytest.mark.parametrize("step", ["compare", "tune", "release", "serve"])
def test_an_adapter_is_held_to_its_base_at_each_step(
    tmp_path: Path, config: ProjectConfig, step: Step
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    bases = {"our-adapter": "qwen2.5-3b-instruct"}
    with pytest.raises(LicenceGate) as error:
        check(tmp_path, config, ["our-adapter"], step=step, bases=bases, today=TODAY)
    assert f"(step: {step})" in error.value.message
    assert "not for commercial use" in error.value.message
    free = {"our-adapter": "smollm2-135m"}  # as `models install` calls it
    found = check(tmp_path, config, ["our-adapter"], step=step, bases=free, today=TODAY)
    assert found["our-adapter"].verdict.licence == "apache-2.0"


def test_an_adapter_of_a_base_that_nobody_knows_needs_an_approval(
    tmp_path: Path, config: ProjectConfig
) -> None:
    approval = "approvals: [{model: our-adapter, by: Anna Berg, date: 2026-11-01}]\n"
    bases = {"our-adapter": "some-base"}
    (tmp_path / "policy.yaml").write_text(POLICY)
    with pytest.raises(LicenceGate, match="needs an approval"):
        check(tmp_path, config, ["our-adapter"], step="release", bases=bases, today=TODAY)
    (tmp_path / "policy.yaml").write_text(POLICY + approval)
    found = check(tmp_path, config, ["our-adapter"], step="release", bases=bases, today=TODAY)
    assert found["our-adapter"].verdict.approved_by == "Anna Berg, 2026-11-01"


def test_an_approval_that_has_ended_is_named_where_it_is_missed(
    tmp_path: Path, config: ProjectConfig
) -> None:
    ended = "{model: nobody, by: Anna Berg, date: 2026-01-01, until: 2026-06-30}"
    (tmp_path / "policy.yaml").write_text(f"{POLICY}approvals: [{ended}]\n")
    with pytest.raises(LicenceGate) as error:
        check(tmp_path, config, ["nobody"], step="serve", today=TODAY)
    assert "The approval of Anna Berg ended on 2026-06-30." in error.value.message
    assert "approvals: [{model: nobody, by: NAME, date: 2026-11-23}]" in error.value.hint


def test_without_a_policy_nothing_is_kept_out(tmp_path: Path, config: ProjectConfig) -> None:
    found = check(tmp_path, config, ["nobody", "far"], step="compare", today=TODAY)
    assert found["nobody"].verdict.level == "approval"


def test_every_model_that_is_kept_out_is_named_at_once(
    tmp_path: Path, config: ProjectConfig
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY + "regions: [eu]\n")
    with pytest.raises(LicenceGate) as error:
        check(tmp_path, config, ["far", "plain", "eu"], step="compare", today=TODAY)
    assert "2 models" in error.value.message
    assert "far: needs an approval." in error.value.message
    assert "Mistral AI, La Plateforme may process data in: global" in error.value.message


def test_the_catalogue_is_read_once_for_a_check(
    tmp_path: Path, config: ProjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fourfold.catalogue

    read = fourfold.catalogue.read_catalogue
    times: list[Path | None] = []

    def counted(project: Path | None = None) -> fourfold.catalogue.Catalogue:
        times.append(project)
        return read(project)

    monkeypatch.setattr(fourfold.catalogue, "read_catalogue", counted)
    found = check(tmp_path, config, ["eu", "far"], step="compare", today=TODAY)
    assert {name: one.as_json()["licence"]["licence"] for name, one in found.items()}
    assert len(times) == 1


def test_a_model_that_only_stands_in_for_another_is_checked_with_it(tmp_path: Path) -> None:
    text = """
name: helpdesk
models:
- {name: big, url: "http://localhost:8000/v1", model: phi-4, fallback: [other]}
- {name: other, url: "http://localhost:8001/v1", model: command-r-08-2024}
- {name: alone, url: "http://localhost:8000/v1", model: phi-4}
"""
    (tmp_path / "policy.yaml").write_text(POLICY)
    config = parse_config(text, Path("fourfold.yaml"))
    settings = Settings(_env_file=None)
    project = Project(tmp_path, config, settings, cast("Database", None), cast("Tracer", None))
    project.check_licences(["alone"])
    with pytest.raises(LicenceGate, match="other:"):
        project.check_licences(["big"])
