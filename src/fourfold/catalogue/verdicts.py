"""The licence gate: may this company use this model in this way, and who has to agree."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fourfold.catalogue.catalogue import Catalogue
from fourfold.catalogue.findings import (
    Finding,
    of_law,
    of_provider,
    of_site,
    of_terms,
    of_time,
)
from fourfold.catalogue.policy import Approval, Level, Policy
from fourfold.catalogue.records import UNKNOWN, CatalogueModel, Licence
from fourfold.catalogue.sites import Site

_ORDER: Final[tuple[Level, ...]] = ("allowed", "warning", "approval", "forbidden")


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
    source: str = ""  # address at which the terms were read
    page: str = ""  # the licensor's own address of them, if the catalogue has it

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
            "page": self.page or None,
        }


def judge(
    model: CatalogueModel,
    catalogue: Catalogue,
    policy: Policy,
    *,
    today: datetime.date,
    site: Site | None = None,
) -> Verdict:
    """Hold a model against a policy. It reads terms for you; it is no legal advice.

    `site` is where the model is really asked, if that is known. A model that was tuned from
    another answers for the terms of that one too, where they go on to hold.
    """
    licence = catalogue.licence_of(model)
    findings = [*_findings(model, catalogue, policy, today, site)]
    level: Level = max((one.level for one in findings), key=_ORDER.index, default="allowed")
    approvals = [one for one in policy.approvals if one.model == model.name]
    approval = next((one for one in approvals if _is_in_force(one, today)), None)
    if level == "approval" and approval:
        level = "warning"
    elif level == "approval":
        findings += [_not_in_force(one, today) for one in approvals]
    return Verdict(
        model=model.name,
        licence=licence.id if licence else model.get("licence") or UNKNOWN,
        level=level,
        findings=tuple(findings),
        approved_by=f"{approval.by}, {approval.date}" if approval else "",
        source=licence.source.url if licence else "",
        page=licence.page if licence else "",
    )


def judge_unlisted(
    name: str, policy: Policy, *, today: datetime.date, site: Site | None = None
) -> Verdict:
    """A model that the catalogue does not have: its terms are unknown."""
    unlisted = CatalogueModel(name=name, title=name, family="", provider="", facts={})
    return judge(unlisted, Catalogue({}, {}, {}, {}, {}), policy, today=today, site=site)


def _findings(
    model: CatalogueModel,
    catalogue: Catalogue,
    policy: Policy,
    today: datetime.date,
    site: Site | None,
) -> Iterator[Finding]:
    yield from of_provider(model, policy)
    yield from of_time(model, policy.levels, today)
    yield from of_site(model, policy, site)
    yield from of_law(policy, today)
    own = catalogue.licences.get(model.get("licence") or "")
    inherited = list(catalogue.inherited(model))
    if own or not model.base:
        yield from of_terms(own, policy)
    yield from _of_bases(own, inherited, catalogue, policy)


def _of_bases(
    own: Licence | None,
    inherited: list[tuple[CatalogueModel, Licence | None]],
    catalogue: Catalogue,
    policy: Policy,
) -> Iterator[Finding]:
    """The terms of what it was tuned from, each licence once."""
    said = {own.id} if own else set()
    for base, licence in inherited:
        if licence is None or licence.id not in said:
            title = licence.title if licence else UNKNOWN
            text = f"It was tuned from {base.title}, whose terms go on to hold: {title}."
            yield Finding("inherited", "allowed", text, {"base": base.title, "title": title})
            yield from of_terms(licence, policy)
        said |= {licence.id} if licence else set()


def _is_in_force(approval: Approval, today: datetime.date) -> bool:
    return approval.date <= today and (approval.until is None or today <= approval.until)


def _not_in_force(approval: Approval, today: datetime.date) -> Finding:
    """Why an approval that stands in the policy does not help."""
    ended = approval.until is not None and approval.until < today
    day = str(approval.until if ended else approval.date)
    text = (
        f"The approval of {approval.by} ended on {day}."
        if ended
        else f"The approval of {approval.by} begins on {day} only."
    )
    code = "approval_ended" if ended else "approval_to_come"
    return Finding(code, "approval", text, {"by": approval.by, "date": day})
