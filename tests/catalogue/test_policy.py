"""The licence gate: what a company may use, and why not."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from fourfold.catalogue import Catalogue, read_catalogue
from fourfold.catalogue.policy import Policy, Verdict, judge, judge_unlisted, read_policy
from fourfold.core.errors import InvalidProject
from fourfold.reports.words import finding

TODAY = datetime.date(2026, 11, 22)
SMALL = {"revenue_usd": 1_000_000, "monthly_users": 1_000, "country": "DE"}
HUGE = {"revenue_usd": 10**12, "monthly_users": 2_000_000_000, "country": "US"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue()


def verdict(catalogue: Catalogue, name: str, **policy: Any) -> Verdict:
    return judge(catalogue.model(name), catalogue, Policy.model_validate(policy), today=TODAY)


def codes(found: Verdict, level: str) -> set[str]:
    return {one.code for one in found.findings if one.level == level}


def test_a_permissive_licence_is_allowed(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "smollm2-135m-instruct", company=SMALL, use="customer-facing")
    assert found.level == "allowed"
    assert found.source.startswith("https://")


def test_a_licence_for_research_is_forbidden_in_a_company_and_allowed_in_research(
    catalogue: Catalogue,
) -> None:
    found = verdict(catalogue, "qwen2.5-3b-instruct", company=SMALL)
    assert found.level == "forbidden"
    assert "not_commercial" in codes(found, "forbidden")
    assert verdict(catalogue, "qwen2.5-3b-instruct", use="research").level != "forbidden"


def test_a_company_with_too_many_users_needs_another_licence(catalogue: Catalogue) -> None:
    assert codes(verdict(catalogue, "llama-3.1-8b-instruct", company=HUGE), "forbidden") == {
        "over_threshold"
    }
    small = verdict(catalogue, "llama-3.1-8b-instruct", company=SMALL)
    assert small.level == "warning"
    assert "attribution" in codes(small, "warning")


def test_users_that_the_policy_does_not_tell_need_an_approval(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "llama-3.1-8b-instruct")
    assert codes(found, "approval") == {"unknown_size"}
    assert found.blocks


def test_a_named_approval_lets_a_model_pass_until_it_ends(catalogue: Catalogue) -> None:
    agreed = {"model": "llama-3.1-8b-instruct", "by": "Anna Berg", "date": "2026-10-01"}
    found = verdict(catalogue, "llama-3.1-8b-instruct", approvals=[agreed])
    assert (found.level, found.approved_by) == ("warning", "Anna Berg, 2026-10-01")
    ended = {**agreed, "until": "2026-11-01"}
    assert verdict(catalogue, "llama-3.1-8b-instruct", approvals=[ended]).level == "approval"
    to_come = {**agreed, "date": "2026-12-01"}
    assert verdict(catalogue, "llama-3.1-8b-instruct", approvals=[to_come]).level == "approval"


def test_an_approval_does_not_lift_what_is_forbidden(catalogue: Catalogue) -> None:
    agreed = {"model": "qwen2.5-3b-instruct", "by": "Anna Berg", "date": "2026-10-01"}
    found = verdict(catalogue, "qwen2.5-3b-instruct", company=SMALL, approvals=[agreed])
    assert found.level == "forbidden"


def test_unknown_terms_need_an_approval(catalogue: Catalogue) -> None:
    assert verdict(catalogue, "grok-4.3", company=SMALL).level == "approval"
    assert judge_unlisted("my.gguf", Policy(), today=TODAY).level == "approval"


def test_a_model_that_was_shut_down_is_forbidden_and_one_that_will_be_is_warned_about(
    catalogue: Catalogue,
) -> None:
    gone = verdict(catalogue, "gpt-3.5-turbo", company=SMALL)
    assert "retired" in codes(gone, "forbidden")
    soon = verdict(catalogue, "gpt-4.1", company=SMALL)
    assert "retires_soon" in codes(soon, "warning")


def test_weights_outlive_the_service_that_offered_them(catalogue: Catalogue) -> None:
    open_model = catalogue.model("mistral-7b-instruct")
    assert open_model.get("retired") <= str(TODAY)
    assert verdict(catalogue, "mistral-7b-instruct", company=SMALL).level == "allowed"


def test_open_weights_asked_at_a_host_are_where_the_host_is(catalogue: Catalogue) -> None:
    policy = Policy.model_validate({"company": SMALL, "regions": ["eu"]})
    model = catalogue.model("deepseek-v4-pro")
    at_home = judge(model, catalogue, policy, today=TODAY)
    there = judge(model, catalogue, policy, today=TODAY, host=catalogue.hosts["deepseek"])
    assert "residency" not in codes(at_home, "approval")
    assert "residency" in codes(there, "approval")


def test_data_that_must_stay_in_the_union_keep_out_whom_nobody_hosts_there(
    catalogue: Catalogue,
) -> None:
    found = verdict(catalogue, "deepseek-v4-pro", company=SMALL, regions=["eu"])
    assert "residency" not in codes(found, "approval")  # open weights run on own hardware
    assert "residency" in codes(verdict(catalogue, "qwen3.7-max", regions=["de"]), "approval")


def test_the_policy_decides_over_licences_and_providers(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "smollm2-135m-instruct", licences={"apache-2.0": "approval"})
    assert found.level == "approval"
    found = verdict(catalogue, "gemma-3-4b-it", company=SMALL, providers={"Google": "forbidden"})
    assert found.level == "forbidden"
    found = verdict(catalogue, "grok-4.3", levels={"unknown_licence": "warning"})
    assert found.level == "warning"


def test_a_policy_is_read_from_its_file_and_its_mistakes_are_named(tmp_path: Path) -> None:
    assert read_policy(tmp_path) is None
    file = tmp_path / "policy.yaml"
    file.write_text("company: {country: DE}\nuse: customer-facing\n")
    policy = read_policy(tmp_path)
    assert policy is not None
    assert policy.use == "customer-facing"
    file.write_text("company: {country: Germany}\nuses: internal\n")
    with pytest.raises(InvalidProject) as error:
        read_policy(tmp_path)
    assert "company.country" in error.value.message
    assert "uses" in error.value.message


def test_a_company_without_a_country_is_asked_where_it_is(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "llama-4-scout", company={"monthly_users": 5, "revenue_usd": 5})
    barred = catalogue.licences["llama-4"].regions_excluded
    assert ("unknown_country" in codes(found, "approval")) is bool(barred)


@pytest.mark.parametrize("use", ["research", "internal", "customer-facing"])
def test_every_finding_can_be_said_in_german(catalogue: Catalogue, use: str) -> None:
    policy = Policy.model_validate({"use": use, "regions": ["ch"], "company": HUGE})
    for model in catalogue.models.values():
        for one in judge(model, catalogue, policy, today=TODAY).findings:
            assert finding(one.as_json(), "de")


@pytest.mark.parametrize("day", ["2026-99-01", "2026-02-30"])
def test_a_day_that_does_not_exist_is_a_mistake_and_no_crash(tmp_path: Path, day: str) -> None:
    text = f"approvals: [{{model: phi-4, by: Anna, date: {day}}}]\n"
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(InvalidProject, match=r"policy\.yaml"):
        read_policy(tmp_path)
