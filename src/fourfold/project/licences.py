"""The licence gate of a project: what its policy says of the models that it names."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fourfold.catalogue.catalogue import Catalogue, adapter_of
from fourfold.catalogue.policy import FILE_NAME, Policy, read_policy
from fourfold.catalogue.sites import OWN_MACHINE, Site, site_of
from fourfold.catalogue.verdicts import Verdict, judge, judge_unlisted
from fourfold.core.errors import FourfoldError
from fourfold.project import wiring
from fourfold.project.wiring import EXTRACTIVE

if TYPE_CHECKING:
    from fourfold.catalogue import CatalogueModel
    from fourfold.project.config import ProjectConfig

Step = Literal["compare", "tune", "release", "serve"]


class LicenceGate(FourfoldError):
    """The policy does not allow a model, or wants a named approval first."""

    code = "licence_gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A model as the gate saw it: what the policy says, where it is asked, what is known of it.

    Of one that another tool asked, nobody knows where.
    """

    verdict: Verdict
    site: Site | None
    known: CatalogueModel | None

    def as_json(self) -> dict[str, Any]:
        """Licence, site, maker, size and way out, as reports show them."""
        found: dict[str, Any] = {"licence": self.verdict.as_json()}
        if self.site:
            found["site"] = self.site.as_json()
        if self.site and (host := self.site.host):
            found["host"] = {
                "name": host.title,
                "regions": list(self.site.regions),
                "source": self.site.source.as_json() if self.site.source else None,
            }
        if model := self.known:
            found["catalogue"] = {
                "name": model.name,
                "title": model.title,
                "provider": model.provider,
                "kind": model.get("kind"),
                "parameters": model.get("parameters"),
                "retired": model.get("retired"),
                "hosts": list(dict.fromkeys(offer.host.id for offer in model.offers)),
            }
        return found


def check(
    folder: Path,
    config: ProjectConfig,
    names: Sequence[str],
    *,
    step: Step,
    bases: Mapping[str, str] | None = None,
    today: datetime.date | None = None,
) -> dict[str, Looked]:
    """What the policy says of each model, by the name that the project uses.

    Raises `LicenceGate` that names every model that the policy keeps out; only a project with a
    `policy.yaml` keeps any out. `bases` names what an adapter was, or will be, tuned from: the
    terms of the base hold for the adapter, at each step.
    """
    found = look(folder, config, names, bases=bases, today=today)
    blocked = {name: one.verdict for name, one in found.items() if one.verdict.blocks}
    if blocked and has_policy(folder):
        raise LicenceGate(_refusal(blocked, step), hint=_advice(blocked, today))
    return found


def look(
    folder: Path,
    config: ProjectConfig,
    names: Iterable[str],
    *,
    bases: Mapping[str, str] | None = None,
    today: datetime.date | None = None,
) -> dict[str, Looked]:
    """The same without refusing. The extractive reader has no licence of its own and is left out.

    Without `policy.yaml` the usual levels are applied for internal use.
    """
    from fourfold.catalogue import read_catalogue

    wanted = [name for name in dict.fromkeys(names) if name != EXTRACTIVE]
    catalogue, day = read_catalogue(folder), today or datetime.date.today()
    models = {name: _model(name, config, catalogue, bases or {}) for name in wanted}
    unlisted = {name for name, model in models.items() if model is None}
    others = {*_unlisted(config, catalogue), *unlisted, *(bases or {})}
    policy = read_policy(folder, catalogue, others=others) or Policy()
    found = {}
    for name, model in models.items():
        site = _site(name, model, config, catalogue)
        verdict = (
            judge(model, catalogue, policy, today=day, site=site)
            if model
            else judge_unlisted(name, policy, today=day, site=site)
        )
        found[name] = Looked(verdict=verdict, site=site, known=model)
    return found


def check_licences(folder: Path, config: ProjectConfig, names: Sequence[str]) -> dict[str, Looked]:
    """`check` before models are compared."""
    return check(folder, config, names, step="compare")


def look_elsewhere(
    folder: Path, config: ProjectConfig, names: Iterable[str], *, today: datetime.date | None = None
) -> dict[str, Looked]:
    """The same of models that another tool asked, as far as the catalogue has them.

    Tools write the provider before the name: `openai:gpt-5-mini`.
    """
    from fourfold.catalogue import read_catalogue

    catalogue, day = read_catalogue(folder), today or datetime.date.today()
    policy = project_policy(folder, config, catalogue) or Policy()
    found = {}
    for name in names:
        plain = name.rpartition(":")[2]
        if model := listed(name, config, catalogue) or catalogue.offered_as(plain):
            verdict = judge(model, catalogue, policy, today=day)
            found[name] = Looked(verdict=verdict, site=None, known=model)
    return found


def has_policy(folder: Path) -> bool:
    """True when the project says what it allows."""
    return (folder / FILE_NAME).is_file()


def project_policy(folder: Path, config: ProjectConfig, catalogue: Catalogue) -> Policy | None:
    """The policy of a project, its names checked; None where it has none."""
    return read_policy(folder, catalogue, others=_unlisted(config, catalogue))


def listed(name: str, config: ProjectConfig, catalogue: Catalogue) -> CatalogueModel | None:
    """The catalogue's entry of a model that the project names, if it has one."""
    for one in config.models:
        if one.name == name:
            named = one.catalogue or one.model
            return catalogue.offered_as(named) or catalogue.offered_as(one.model)
    return catalogue.offered_as(name)


def _model(
    name: str, config: ProjectConfig, catalogue: Catalogue, bases: Mapping[str, str]
) -> CatalogueModel | None:
    """The entry of a model, or for an adapter one with the terms of its base."""
    if name not in bases:
        return listed(name, config, catalogue)
    base = listed(bases[name], config, catalogue)
    return adapter_of(base, name) if base else None


def _site(
    name: str, model: CatalogueModel | None, config: ProjectConfig, catalogue: Catalogue
) -> Site:
    """Where the project has that model asked: its address, name and region in fourfold.yaml."""
    asked = next((one for one in config.models if one.name == name), None)
    if asked is None:
        return OWN_MACHINE  # weights that run in this process
    return site_of(
        wiring.address(asked),
        asked.model,
        catalogue.hosts,
        stated=asked.region,
        is_sold=model is not None and model.get("kind") == "proprietary",
    )


def _unlisted(config: ProjectConfig, catalogue: Catalogue) -> Iterator[str]:
    """Models that the catalogue lacks: an approval calls them as the project does."""
    for name in [config.model, *(one.name for one in config.models)]:
        if listed(name, config, catalogue) is None:
            yield name


def _refusal(blocked: Mapping[str, Verdict], step: Step) -> str:
    count = f"{len(blocked)} model{'' if len(blocked) == 1 else 's'}"
    listing = "".join(f"\n  {name}: {_why(verdict)}" for name, verdict in blocked.items())
    return f"The policy keeps out {count} (step: {step}):{listing}"


def _advice(blocked: Mapping[str, Verdict], today: datetime.date | None) -> str:
    to_approve = [one for one in blocked.values() if one.level == "approval"]
    if not to_approve:
        return "Choose other models, or correct `company` and `use` in policy.yaml."
    day = today or datetime.date.today()
    return (
        "Choose other models, or let somebody agree in policy.yaml: "
        f"approvals: [{{model: {to_approve[0].model}, by: NAME, date: {day}}}]"
    )


def _why(verdict: Verdict) -> str:
    worst = [one.text for one in verdict.findings if one.level == verdict.level]
    needs = "needs an approval" if verdict.level == "approval" else "forbidden"
    return f"{needs}. {' '.join(worst)}"
