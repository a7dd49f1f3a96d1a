"""The licence gate: what a company may use, and why not."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fourfold.catalogue import Catalogue, Known, read_catalogue
from fourfold.catalogue.catalogue import adapter_of
from fourfold.catalogue.policy import Policy, read_policy
from fourfold.catalogue.sites import site_of
from fourfold.catalogue.verdicts import Verdict, judge, judge_unlisted
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
    found = verdict(catalogue, "llama-3.1-8b-instruct", approvals=[ended])
    assert found.level == "approval"
    assert found.findings[-1].text == "The approval of Anna Berg ended on 2026-11-01."
    to_come = {**agreed, "date": "2026-12-01"}
    found = verdict(catalogue, "llama-3.1-8b-instruct", approvals=[to_come])
    assert found.level == "approval"
    assert "begins on 2026-12-01 only" in found.findings[-1].text


def test_an_approval_does_not_lift_what_is_forbidden(catalogue: Catalogue) -> None:
    agreed = {"model": "qwen2.5-3b-instruct", "by": "Anna Berg", "date": "2026-10-01"}
    found = verdict(catalogue, "qwen2.5-3b-instruct", company=SMALL, approvals=[agreed])
    assert found.level == "forbidden"


def test_unknown_terms_need_an_approval(catalogue: Catalogue) -> None:
    unread = verdict(catalogue, "jurassic-2-ultra", company=SMALL)
    assert codes(unread, "approval") == {"unknown_term", "unread_term"}
    assert verdict(catalogue, "jamba-mini-1.7", company=SMALL).level == "approval"
    assert judge_unlisted("my.gguf", Policy(), today=TODAY).level == "approval"


@pytest.mark.parametrize(
    ("use", "unread"),
    [
        ("research", {"what must be named or kept"}),
        ("internal", {"limits by users or revenue", "what must be named or kept"}),
        (
            "customer-facing",
            {
                "limits by users or revenue",
                "what must be named or kept",
                "what users must be shown",
            },
        ),
    ],
)
def test_terms_that_are_known_in_part_say_what_was_not_read(
    catalogue: Catalogue, use: str, unread: set[str]
) -> None:
    found = verdict(catalogue, "nova-pro", company=SMALL, use=use)
    said = [one for one in found.findings if one.code == "unread_term"]
    assert {one.values["term"] for one in said} == unread
    assert found.level == "approval"
    assert "no_training_on_output" in codes(found, "warning")
    mit = verdict(catalogue, "deepseek-r1", company=SMALL, use=use)
    assert "unread_term" not in codes(mit, "approval")


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


def residency(catalogue: Catalogue, name: str, url: str, **policy: Any) -> dict[str, str]:
    """Codes and levels of what is said of the site, for a company that wants the EU."""
    model = catalogue.model(name)
    site = site_of(url, model.offers[0].id if model.offers else name, catalogue.hosts)
    asked = Policy.model_validate({"company": SMALL, "regions": ["eu"], **policy})
    findings = judge(model, catalogue, asked, today=TODAY, site=site).findings
    about_sites = {"residency", "unknown_site", "own_network"}
    return {one.code: one.level for one in findings if one.code in about_sites}


@pytest.mark.parametrize(
    ("name", "url", "found"),
    [
        ("phi-4", "http://127.0.0.1:8000/v1", {}),
        ("phi-4", "http://10.1.2.3:8000/v1", {"own_network": "warning"}),
        ("phi-4", "https://models.example.com/v1", {"unknown_site": "approval"}),
        ("deepseek-v4-pro", "https://api.deepseek.com", {"residency": "approval"}),
        ("gpt-5.4", "https://api.openai.com/v1", {"residency": "approval"}),
        ("gpt-5.4", "https://eu.api.openai.com/v1", {}),
        ("gpt-5.4", "https://ours.openai.azure.com/openai/v1", {"unknown_site": "approval"}),
        ("mistral-large-3", "https://api.mistral.ai/v1", {"residency": "approval"}),
        ("mistral-large-3", "https://api.eu.mistral.ai/v1", {}),
    ],
)
def test_the_offer_that_is_asked_is_judged_and_not_all_that_its_hosts_have(
    catalogue: Catalogue, name: str, url: str, found: dict[str, str]
) -> None:
    assert residency(catalogue, name, url) == found


def test_what_the_policy_makes_of_a_site_is_its_own_affair(catalogue: Catalogue) -> None:
    levels = {"unknown_site": "forbidden", "own_network": "approval"}
    found = residency(catalogue, "phi-4", "https://models.example.com/v1", levels=levels)
    assert found == {"unknown_site": "forbidden"}
    found = residency(catalogue, "phi-4", "http://10.1.2.3/v1", levels=levels)
    assert found == {"own_network": "approval"}
    assert residency(catalogue, "phi-4", "https://models.example.com/v1", regions=[]) == {}


def test_without_an_address_open_weights_can_run_at_home_and_a_closed_model_needs_a_host(
    catalogue: Catalogue,
) -> None:
    found = verdict(catalogue, "deepseek-v4-pro", company=SMALL, regions=["eu"])
    assert "residency" not in codes(found, "approval")  # open weights run on own hardware
    assert "residency" in codes(verdict(catalogue, "qwen3.7-max", regions=["ch"]), "approval")


SHOWN = ("llama-3.3-70b-instruct", "claude-sonnet-4.6", "minimax-m2.5")


@pytest.mark.parametrize("name", SHOWN)
def test_what_users_must_see_is_due_where_customers_are_served(
    catalogue: Catalogue, name: str
) -> None:
    inside = verdict(catalogue, name, company=SMALL, use="internal")
    outside = verdict(catalogue, name, company=SMALL, use="customer-facing")
    assert "shown_to_users" not in codes(inside, "warning")
    assert "shown_to_users" in codes(outside, "warning")
    assert codes(outside, "allowed") >= {"told_by_law"}
    assert codes(inside, "allowed").isdisjoint({"told_by_law"})


def test_conditions_that_do_not_hold_inside_a_company_are_lifted_there_only(
    catalogue: Catalogue,
) -> None:
    model = catalogue.model("kimi-k2.6")
    source = model.facts["licence"][0].source
    k3 = replace(model, facts={"licence": (Known("kimi-k3", source),)})
    for use, level in (("internal", "warning"), ("customer-facing", "approval")):
        policy = Policy.model_validate({"company": SMALL, "use": use})
        assert judge(k3, catalogue, policy, today=TODAY).level == level


def test_a_host_may_ask_that_people_are_told_too(catalogue: Catalogue) -> None:
    policy = Policy.model_validate({"company": SMALL, "use": "customer-facing"})
    at_azure = site_of("https://ours.openai.azure.com/openai/v1", "gpt", catalogue.hosts)
    model = catalogue.model("gpt-5.4")
    assert "shown_to_users" not in {
        one.code for one in judge(model, catalogue, policy, today=TODAY).findings
    }
    found = judge(model, catalogue, policy, today=TODAY, site=at_azure)
    assert "shown_to_users" in codes(found, "warning")


def test_an_adapter_has_the_terms_of_its_base_and_those_of_its_bases(catalogue: Catalogue) -> None:
    research = adapter_of(catalogue.model("qwen2.5-3b-instruct"), "ours")
    found = judge(research, catalogue, Policy.model_validate({"company": SMALL}), today=TODAY)
    assert (found.level, found.licence) == ("forbidden", "qwen-research-2024")
    assert "Qwen2.5 3B Instruct" in found.findings[0].text
    both = replace(catalogue, models={**catalogue.models, "ours": research})
    second = adapter_of(research, "ours-2")
    found = judge(second, both, Policy.model_validate({"company": SMALL}), today=TODAY)
    assert "not_commercial" in codes(found, "forbidden")


def test_terms_that_leave_derivatives_free_end_where_the_tuned_model_has_its_own(
    catalogue: Catalogue,
) -> None:
    free, own = catalogue.model("phi-4"), Known("cc-by-nc-4.0", catalogue.licences["mit"].source)
    plain = adapter_of(free, "ours")
    policy = Policy.model_validate({"company": SMALL})
    assert judge(plain, catalogue, policy, today=TODAY).level == "allowed"
    sold = replace(plain, facts={"licence": (own,)})
    found = judge(sold, catalogue, policy, today=TODAY)
    assert found.level == "forbidden"
    assert "inherited" not in codes(found, "allowed")


def test_the_policy_decides_over_licences_and_providers(catalogue: Catalogue) -> None:
    found = verdict(catalogue, "smollm2-135m-instruct", licences={"apache-2.0": "approval"})
    assert found.level == "approval"
    found = verdict(catalogue, "gemma-3-4b-it", company=SMALL, providers={"Google": "forbidden"})
    assert found.level == "forbidden"
    found = verdict(catalogue, "grok-4.3", levels={"unknown_licence": "warning"})
    assert found.level == "warning"


def test_a_policy_is_read_from_its_file(tmp_path: Path) -> None:
    assert read_policy(tmp_path) is None
    file = tmp_path / "policy.yaml"
    file.write_text("company: {country: DE}\nuse: customer-facing\n")
    policy = read_policy(tmp_path)
    assert policy is not None
    assert policy.use == "customer-facing"
    file.write_text("")
    assert read_policy(tmp_path) == Policy()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("use: intern", "line 1: `use` cannot be `intern`; allowed: research, internal"),
        ("use: intern", "Did you mean `internal`?"),
        ("\nuses: internal", "line 2: unknown key `uses`. Did you mean `use`?"),
        ("company: {contry: DE}", "unknown key `contry`. Did you mean `country`?"),
        ("company: {country: Germany}", "`company.country` must be an ISO code"),
        ("company: {country: de}", "`company.country` must be an ISO code"),
        ("company:\n  revenue_usd: viel", "line 2: `company.revenue_usd` must be a whole number"),
        ("company: {monthly_users: -1}", "`company.monthly_users` must be at least 0"),
        ("company: x", "`company` must hold keys with values"),
        ("levels: {residency: forbiden}", "Did you mean `forbidden`?"),
        ("levels: {residncy: warning}", "Did you mean `residency`?"),
        ("licences: {mit: forbid}", "`licences.mit` cannot be `forbid`"),
        ("licences: [mit]", "`licences` must hold keys with values"),
        ("regions: eu", "`regions` must be a list"),
        ("approvals: [{model: phi-4, by: Anna}]", "`approvals.0.date` is missing"),
        ("approvals: [{model: phi-4, by: A, date: 2026-01-01}]", "must be somebody's name"),
        ("approvals: [{model: phi-4, by: Anna, date: soon}]", "must be a day"),
        (
            "approvals:\n- {model: phi-4, by: Anna, date: 2026-02-01, until: 2026-01-01}",
            "line 2: `approvals.0` ends on 2026-01-01, before it begins on 2026-02-01",
        ),
        ("use: internal\nuse: research", "line 2: `use` stands there twice"),
        ("use: [", "cannot be read, line"),
        ("- use: internal", "must hold keys with values"),
    ],
)
def test_mistakes_are_named_with_their_line_and_a_way_out(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(InvalidProject) as error:
        read_policy(tmp_path)
    assert said in error.value.message
    for jargon in ("Input should", "pydantic", "validation", "type="):
        assert jargon not in error.value.message


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("company: {country: Germany}\nuses: internal\n")
    with pytest.raises(InvalidProject) as error:
        read_policy(tmp_path)
    assert "2 mistakes" in error.value.message
    assert "company.country" in error.value.message
    assert "uses" in error.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("licences:\n  mitt: allowed", "line 2: there is no licence called `mitt`. Did you mean"),
        ("providers: {Gogle: forbidden}", "no provider called `Gogle`. Did you mean `Google`?"),
        ("regions: [eu, mars]", "no region called `mars`"),
        (
            "approvals:\n- model: phi-44\n  by: Anna\n  date: 2026-01-01",
            "line 2: there is no model called `phi-44`. Did you mean `phi-4`?",
        ),
        (
            "approvals: [{model: smollm2-135m, by: Anna, date: 2026-01-01}]",
            "The catalogue calls it `smollm2-135m-instruct`.",
        ),
    ],
)
def test_a_rule_with_a_misspelt_name_is_refused(
    tmp_path: Path, catalogue: Catalogue, text: str, said: str
) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(InvalidProject) as error:
        read_policy(tmp_path, catalogue)
    assert said in error.value.message


def test_mistakes_of_form_and_of_names_are_said_together_in_the_order_of_the_lines(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    (tmp_path / "policy.yaml").write_text(
        "company:\n  country: Germany\nproviders:\n  Gogle: forbidden\nuses: internal\n"
        "regions: [eurpe, 3]\nlicences: {mitt: forbid}\n"
        "approvals:\n- {model: phi-44, by: A, date: soon}\n"
    )
    with pytest.raises(InvalidProject) as error:
        read_policy(tmp_path, catalogue)
    first, *said = error.value.message.splitlines()
    assert first.endswith("has 10 mistakes:")
    numbers = [int(line.split(":")[0].removeprefix("  line ")) for line in said]
    assert numbers == [2, 4, 5, 6, 6, 7, 7, 9, 9, 9]
    for nearest in ("`Google`", "`use`", "`mit`", "`phi-4`", "`forbidden`"):
        assert f"Did you mean {nearest}?" in error.value.message


@pytest.mark.parametrize("text", ["licences: 3", "approvals: {a: b}", "approvals: [x]", "[1]"])
def test_names_are_sought_in_files_of_any_form(
    tmp_path: Path, catalogue: Catalogue, text: str
) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(InvalidProject, match="1 mistake:"):
        read_policy(tmp_path, catalogue)


def test_models_that_need_no_entry_can_be_approved(tmp_path: Path, catalogue: Catalogue) -> None:
    agreed = "approvals: [{model: %s, by: Anna, date: 2026-01-01}]"
    for name in ("our-server", "models/ours.gguf"):
        (tmp_path / "policy.yaml").write_text(agreed % name)
        policy = read_policy(tmp_path, catalogue, others=["our-server"])
        assert policy is not None
        assert judge_unlisted(name, policy, today=TODAY).level == "warning"


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


def test_a_region_may_be_written_in_capitals(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "policy.yaml").write_text("regions: [EU, De]\n")
    policy = read_policy(tmp_path, catalogue)
    assert policy is not None
    assert policy.regions == ["eu", "de"]
