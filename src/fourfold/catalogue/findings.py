"""What speaks against a model, or has to be kept in mind: its licence, its site, its time."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fourfold.catalogue.policy import Level, Levels, Policy
from fourfold.catalogue.records import UNKNOWN, CatalogueModel, Licence
from fourfold.catalogue.regions import is_barred, outside
from fourfold.catalogue.sites import Site, hosts_in

_SOON: Final = datetime.timedelta(days=183)
_NOTHING: Final = frozenset({"none", "", UNKNOWN})
_TOLD_SINCE: Final = datetime.date(2026, 8, 2)
"""Regulation (EU) 2024/1689, articles 50(1) and 113: https://eur-lex.europa.eu/eli/reg/2024/1689/oj"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a model, or has to be kept in mind.

    `values` are what the text names, for those who say it in another language.
    """

    code: str
    level: Level
    text: str
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "code": self.code,
            "level": self.level,
            "text": self.text,
            "values": dict(self.values),
        }


def of_terms(licence: Licence | None, policy: Policy) -> Iterator[Finding]:
    """What a licence says; a level under `licences` takes the place of everything that it says."""
    if licence is None:
        text = "Its terms are not in the catalogue; somebody has to read them."
        yield Finding("unknown_licence", policy.levels.unknown_licence, text)
        return
    if licence.id in policy.licences:
        level = policy.licences[licence.id]
        text = f"The policy has {licence.title} as {level}."
        yield Finding("policy", level, text, {"name": licence.title, "level": level})
        return
    if policy.use != "research":
        yield from _commerce(licence, policy)
        yield from _size(licence, policy)
        yield from _country(licence, policy)
    if policy.use == "customer-facing":
        yield from _shown(licence.shown_to_users, policy.levels)
    yield from _keeping(licence, policy.levels)
    yield from _unread(licence, policy)


def of_provider(model: CatalogueModel, policy: Policy) -> Iterator[Finding]:
    """What the policy says of its maker."""
    if model.provider in policy.providers:
        level = policy.providers[model.provider]
        text = f"The policy has {model.provider} as {level}."
        yield Finding("policy", level, text, {"name": model.provider, "level": level})


def of_law(policy: Policy, today: datetime.date) -> Iterator[Finding]:
    """What people must know who meet a machine; a duty of the application, with any model."""
    if policy.use == "customer-facing" and today >= _TOLD_SINCE:
        text = (
            "In the EU people must be told that they talk to a machine, unless that is obvious "
            "(AI Act, article 50)."
        )
        yield Finding("told_by_law", policy.levels.told_by_law, text)


def of_time(model: CatalogueModel, levels: Levels, today: datetime.date) -> Iterator[Finding]:
    """Whether the service has ended or will; weights do not go out with a service."""
    retired: str | None = model.get("retired")
    if not retired or model.is_open:
        return
    day = datetime.date.fromisoformat((retired + "-01-01")[:10])  # checked when it was read
    if day <= today:
        text = f"It was shut down on {retired}."
        yield Finding("retired", levels.retired, text, {"date": retired})
    elif day - today < _SOON:
        text = f"It will be shut down on {retired}."
        yield Finding("retires_soon", levels.retires_soon, text, {"date": retired})


def of_site(model: CatalogueModel, policy: Policy, site: Site | None) -> Iterator[Finding]:
    """Whether data stay in the regions that the policy names, and what the host asks to be shown.

    Without a site the model is judged in general: open weights can run on own hardware, a closed
    model needs a host that offers one of the regions.
    """
    if site and site.host and policy.use == "customer-facing":
        yield from _shown(site.host.shown_to_users, policy.levels)
    if not policy.regions or (site and site.kind == "own-machine"):
        return
    wanted = {"regions": ", ".join(policy.regions)}
    if site is None:
        if not model.is_open and not hosts_in(model, policy.regions):
            text = f"No host is known that processes its data in {wanted['regions']}."
            yield Finding("residency", policy.levels.residency, text, wanted)
    elif site.regions:
        if away := outside(site.regions, policy.regions):
            where = ", ".join(away)
            text = f"{_who(site)} may process data in: {where}. Allowed: {wanted['regions']}."
            yield Finding("residency", policy.levels.residency, text, {**wanted, "where": where})
    elif site.kind == "own-network":
        text = f"`{site.address}` is in your own network; it must stand in {wanted['regions']}."
        values = {**wanted, "address": site.address}
        yield Finding("own_network", policy.levels.own_network, text, values)
    else:
        text = (
            f"Nobody knows where {_who(site)} processes data. When you know, write its `region` "
            "into fourfold.yaml."
        )
        values = {**wanted, "address": _who(site)}
        yield Finding("unknown_site", policy.levels.unknown_site, text, values)


def _who(site: Site) -> str:
    return site.host.title if site.host else f"`{site.address}`"


def _commerce(licence: Licence, policy: Policy) -> Iterator[Finding]:
    levels = policy.levels
    if licence.commercial_use == "no":
        text = f"{licence.title}: not for commercial use."
        yield Finding("not_commercial", levels.not_commercial, text, {"title": licence.title})
    elif licence.commercial_use == "with-conditions":
        if policy.use == "internal" and "commercial_use" in licence.not_for_internal_use:
            text = f"Free for purely internal use; for others on conditions: {licence.notes}"
            yield Finding("internal_only", "allowed", text)
            return
        yield Finding(
            "conditions", levels.conditions, f"Commercial use on conditions: {licence.notes}"
        )
    elif licence.commercial_use == UNKNOWN:
        text = "Whether commerce is allowed was not read."
        yield Finding("unknown_term", levels.unknown_term, text)


def _size(licence: Licence, policy: Policy) -> Iterator[Finding]:
    levels, company = policy.levels, policy.company
    for term, own, unit in (
        ("threshold_monthly_users", company.monthly_users, "users a month"),
        ("threshold_revenue_usd", company.revenue_usd, "US dollars of revenue a year"),
    ):
        limit = getattr(licence, term)
        if not isinstance(limit, int):
            continue
        if policy.use == "internal" and term in licence.not_for_internal_use:
            continue
        if own is None:
            text = f"Free up to {limit:,} {unit}; the policy does not say how many you have."
            values = {"limit": limit, "unit": unit}
            yield Finding("unknown_size", levels.unknown_term, text, values)
        elif own >= limit:
            text = f"Free below {limit:,} {unit} only; you have {own:,}."
            values = {"limit": limit, "unit": unit, "own": own}
            yield Finding("over_threshold", levels.over_threshold, text, values)


def _country(licence: Licence, policy: Policy) -> Iterator[Finding]:
    country, barred = policy.company.country, licence.regions_excluded
    if barred and not country:
        named = ", ".join(sorted(barred))
        text = f"Not for {named}; the policy does not say where the company is."
        yield Finding("unknown_country", policy.levels.unknown_term, text, {"regions": named})
    elif is_barred(country, barred):
        text = f"Not for {country}."
        yield Finding("excluded_region", policy.levels.excluded_region, text, {"country": country})


def _shown(what: str, levels: Levels) -> Iterator[Finding]:
    if what not in _NOTHING:
        yield Finding("shown_to_users", levels.shown_to_users, what)


def _keeping(licence: Licence, levels: Levels) -> Iterator[Finding]:
    if licence.attribution not in _NOTHING:
        usual: Level = "allowed" if licence.kind == "permissive" else levels.attribution
        yield Finding("attribution", usual, licence.attribution)
    if licence.acceptable_use_list == "yes":
        text = "A list of forbidden uses applies; check yours against it."
        yield Finding("acceptable_use", levels.acceptable_use, text)
    if licence.derivatives_inherit == "yes":
        text = "A model that you tune from it stays under these terms."
        yield Finding("derivatives_inherit", levels.derivatives_inherit, text)
    if licence.training_other_models in {"no", "with-conditions"}:
        text = "Its output may not, or not freely, train other models."
        yield Finding("no_training_on_output", levels.no_training_on_output, text)


def _unread(licence: Licence, policy: Policy) -> Iterator[Finding]:
    """What nobody read of terms that are known in part: silence would pass for a clean bill."""
    sizes = (licence.threshold_monthly_users, licence.threshold_revenue_usd)
    unread = {
        "limits by users or revenue": UNKNOWN in sizes and policy.use != "research",
        "what must be named or kept": licence.attribution == UNKNOWN,
        "forbidden uses": licence.acceptable_use_list == UNKNOWN,
        "what users must be shown": (
            licence.shown_to_users == UNKNOWN and policy.use == "customer-facing"
        ),
    }
    for term in (term for term, missing in unread.items() if missing):
        text = f"Not read in its terms: {term}."
        yield Finding("unread_term", policy.levels.unknown_term, text, {"term": term})
