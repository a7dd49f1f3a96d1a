"""The licence gate: may this company use this model in this way, and who has to agree."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fourfold.catalogue.reading import Catalogue
from fourfold.catalogue.records import UNKNOWN, CatalogueModel, Host, Licence
from fourfold.core.errors import InvalidProject, suggestion

FILE_NAME = "policy.yaml"
Use = Literal["research", "internal", "customer-facing"]
Level = Literal["allowed", "warning", "approval", "forbidden"]
_ORDER: Final[tuple[Level, ...]] = ("allowed", "warning", "approval", "forbidden")
_EU: Final = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Part):
    """Who wants to use the model; what is left out is unknown."""

    revenue_usd: int | None = Field(None, ge=0, description="A year, in US dollars.")
    monthly_users: int | None = Field(None, ge=0, description="Of all products together.")
    country: str = Field("", pattern=r"^([A-Z]{2})?$", description="ISO code of the seat.")


class Levels(_Part):
    """How serious each finding is. The defaults suit a careful company."""

    not_commercial: Level = Field("forbidden", description="The licence bars commercial use.")
    over_threshold: Level = Field("forbidden", description="More users or revenue than it allows.")
    excluded_region: Level = Field("forbidden", description="It bars the company's country.")
    retired: Level = Field("forbidden", description="The provider has shut the model down.")
    retires_soon: Level = Field("warning", description="Within half a year.")
    unknown_licence: Level = Field("approval", description="Nobody has read its terms.")
    unknown_term: Level = Field("approval", description="A term that matters was not read.")
    conditions: Level = Field("approval", description="Commercial use under conditions.")
    attribution: Level = Field("warning", description="Something must be shown or kept.")
    acceptable_use: Level = Field("warning", description="A list of forbidden uses applies.")
    derivatives_inherit: Level = Field("warning", description="A tuned model keeps its terms.")
    no_training_on_output: Level = Field("warning", description="Its output may not train others.")
    residency: Level = Field("approval", description="No known place in the regions asked for.")


class Approval(_Part):
    """Somebody with a name has agreed to a model."""

    model: str
    by: str = Field(min_length=2)
    date: datetime.date
    until: datetime.date | None = None
    note: str = ""


class Policy(_Part):
    """`policy.yaml`: the company, what it wants to do, and what it has agreed to."""

    company: Company = Company()
    use: Use = "internal"
    regions: list[str] = Field([], description="Where data may be processed: eu, de, us …")
    levels: Levels = Levels()
    licences: dict[str, Level] = Field({}, description="Levels of whole licences, by id.")
    providers: dict[str, Level] = Field({}, description="Levels of providers, by name.")
    approvals: list[Approval] = []


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy says of a model; the level is that of the most serious finding.

    An approval that is in force turns `approval` into `warning`; nothing turns `forbidden`.
    """

    model: str
    licence: str
    level: Level
    findings: tuple[Finding, ...]
    approved_by: str = ""
    source: str = field(default="")  # address of the terms

    @property
    def blocks(self) -> bool:
        """True when the model must not be used as things are."""
        return self.level in {"approval", "forbidden"}

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "licence": self.licence,
            "verdict": self.level,
            "approved_by": self.approved_by or None,
            "findings": [one.as_json() for one in self.findings],
            "source": self.source or None,
        }


def read_policy(folder: Path) -> Policy | None:
    """The policy of a project; None where it has none. Raises `InvalidProject` for mistakes."""
    file = folder / FILE_NAME
    if not file.is_file():
        return None
    try:
        return Policy.model_validate(_loaded(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, _NotADay) as error:
        raise InvalidProject(
            f"`{file}` cannot be read: {error}.", hint="It must be YAML."
        ) from error
    except ValidationError as error:
        listing = "".join(
            f"\n  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise InvalidProject(
            f"`{file}` has mistakes:{listing}", hint="docs/guides/catalogue.md describes it."
        ) from error


class _NotADay(Exception):
    """A date that no calendar has."""


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text) or {}
    except ValueError as error:
        raise _NotADay(f"a date in it does not exist: {error}") from error


def check_names(policy: Policy, catalogue: Catalogue) -> None:
    """Raise `InvalidProject` for a name in the policy that the catalogue does not know.

    A rule with a misspelt name would hold for nothing, and nobody would see it.
    """
    regions = {area.lower() for host in catalogue.hosts.values() for area in host.regions}
    for kind, names, known in (
        ("licence", policy.licences, catalogue.licences),
        ("provider", policy.providers, {one.provider for one in catalogue.models.values()}),
        ("region", policy.regions, regions | {"de", "ch", "uk"}),
    ):
        for name in names:
            if name not in known:
                raise InvalidProject(
                    f"`{FILE_NAME}`: there is no {kind} called `{name}` in the catalogue.",
                    hint=suggestion(name, known),
                )


def judge(
    model: CatalogueModel,
    catalogue: Catalogue,
    policy: Policy,
    *,
    today: datetime.date,
    host: Host | None = None,
) -> Verdict:
    """Hold a model against a policy. It reads terms for you; it is no legal advice.

    `host` is where the model is really asked, if that is known: then its regions count.
    """
    licence = catalogue.licence_of(model)
    findings = tuple(_findings(model, licence, policy, today, host))
    level: Level = max((one.level for one in findings), key=_ORDER.index, default="allowed")
    approval = next((one for one in policy.approvals if _holds(one, model, today)), None)
    if level == "approval" and approval:
        level = "warning"
    return Verdict(
        model=model.name,
        licence=licence.id if licence else model.get("licence") or UNKNOWN,
        level=level,
        findings=findings,
        approved_by=f"{approval.by}, {approval.date}" if approval else "",
        source=licence.source.url if licence else "",
    )


def judge_unlisted(name: str, policy: Policy, *, today: datetime.date) -> Verdict:
    """A model that the catalogue does not have: its terms are unknown."""
    unlisted = CatalogueModel(name=name, title=name, family="", provider="", facts={})
    empty = Catalogue({}, {}, {}, {}, {})
    return judge(unlisted, empty, policy, today=today)


def _findings(
    model: CatalogueModel,
    licence: Licence | None,
    policy: Policy,
    today: datetime.date,
    host: Host | None,
) -> Iterator[Finding]:
    levels = policy.levels
    if model.provider in policy.providers:
        level = policy.providers[model.provider]
        text = f"The policy has {model.provider} as {level}."
        yield Finding("policy", level, text, {"name": model.provider, "level": level})
    yield from _retirement(model, levels, today)
    yield from _residency(model, policy, host)
    if licence is None:
        text = "Its terms are not in the catalogue; somebody has to read them."
        yield Finding("unknown_licence", levels.unknown_licence, text)
        return
    if licence.id in policy.licences:
        level = policy.licences[licence.id]
        text = f"The policy has {licence.title} as {level}."
        yield Finding("policy", level, text, {"name": licence.title, "level": level})
        return
    if policy.use != "research":
        yield from _commercial(licence, policy)
    yield from _keeping(licence, levels)


def _commercial(licence: Licence, policy: Policy) -> Iterator[Finding]:
    levels, company = policy.levels, policy.company
    if licence.commercial_use == "no":
        text = f"{licence.title}: not for commercial use."
        yield Finding("not_commercial", levels.not_commercial, text, {"title": licence.title})
    elif licence.commercial_use == "with-conditions":
        yield Finding(
            "conditions", levels.conditions, f"Commercial use on conditions: {licence.notes}"
        )
    elif licence.commercial_use == UNKNOWN:
        text = "Whether commerce is allowed was not read."
        yield Finding("unknown_term", levels.unknown_term, text)
    for limit, own, unit in (
        (licence.threshold_monthly_users, company.monthly_users, "users a month"),
        (licence.threshold_revenue_usd, company.revenue_usd, "US dollars of revenue a year"),
    ):
        if not isinstance(limit, int):
            continue
        if own is None:
            text = f"Free up to {limit:,} {unit}; the policy does not say how many you have."
            values = {"limit": limit, "unit": unit}
            yield Finding("unknown_size", levels.unknown_term, text, values)
        elif own >= limit:
            text = f"Free below {limit:,} {unit} only; you have {own:,}."
            values = {"limit": limit, "unit": unit, "own": own}
            yield Finding("over_threshold", levels.over_threshold, text, values)
    barred = {region.upper() for region in licence.regions_excluded}
    if barred and not company.country:
        named = ", ".join(sorted(barred))
        text = f"Not for {named}; the policy does not say where the company is."
        yield Finding("unknown_country", levels.unknown_term, text, {"regions": named})
    if company.country in barred or ("EU" in barred and company.country in _EU.split()):
        text = f"Not for {company.country}."
        values = {"country": company.country}
        yield Finding("excluded_region", levels.excluded_region, text, values)


def _keeping(licence: Licence, levels: Levels) -> Iterator[Finding]:
    if licence.attribution not in {"none", UNKNOWN}:
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


def _retirement(model: CatalogueModel, levels: Levels, today: datetime.date) -> Iterator[Finding]:
    retired: str | None = model.get("retired")
    if not retired or model.is_open:  # weights do not go out with a service
        return
    day = datetime.date.fromisoformat((retired + "-01-01")[:10])  # checked when it was read
    if day <= today:
        text = f"It was shut down on {retired}."
        yield Finding("retired", levels.retired, text, {"date": retired})
    elif (day - today).days < 183:
        text = f"It will be shut down on {retired}."
        yield Finding("retires_soon", levels.retires_soon, text, {"date": retired})


def _residency(model: CatalogueModel, policy: Policy, host: Host | None) -> Iterator[Finding]:
    """Open weights run on own hardware, unless they are asked at a host."""
    if not policy.regions or (model.is_open and host is None):
        return
    wanted = {region.lower() for region in policy.regions}
    known = wanted & {*map(str.lower, host.regions)} if host else places_in(model, policy.regions)
    if not known:
        named = ", ".join(policy.regions)
        text = f"No host is known that processes its data in {named}."
        if host:
            text = f"{host.title} is not known to process data in {named}."
        yield Finding("residency", policy.levels.residency, text, {"regions": named})


def places_in(model: CatalogueModel, regions: list[str] | tuple[str, ...]) -> list[str]:
    """Hosts of the model that can process data in one of these regions, by id."""
    wanted = {region.lower() for region in regions}
    return list(
        dict.fromkeys(o.host.id for o in model.offers if wanted & {*map(str.lower, o.host.regions)})
    )


def _holds(approval: Approval, model: CatalogueModel, today: datetime.date) -> bool:
    in_time = approval.date <= today and (approval.until is None or today <= approval.until)
    return approval.model == model.name and in_time
