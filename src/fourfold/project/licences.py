"""The licence gate of a project: what its policy says of the models that it names."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fourfold.catalogue.policy import (
    FILE_NAME,
    Policy,
    Verdict,
    check_names,
    judge,
    judge_unlisted,
    read_policy,
)
from fourfold.core.errors import FourfoldError
from fourfold.project import wiring
from fourfold.project.wiring import EXTRACTIVE

if TYPE_CHECKING:
    from fourfold.catalogue import Catalogue, CatalogueModel, Host
    from fourfold.project.config import ProjectConfig


class LicenceGate(FourfoldError):
    """The policy does not allow a model, or wants a named approval first."""

    code = "licence_gate"


def verdicts(
    folder: Path, config: ProjectConfig, names: Iterable[str], *, today: datetime.date | None = None
) -> dict[str, Verdict]:
    """What the policy says of each model, by the name that the project uses.

    Without `policy.yaml` the usual levels are applied for internal use. The extractive reader has
    no licence of its own and is left out.
    """
    from fourfold.catalogue import read_catalogue

    policy = read_policy(folder) or Policy()
    catalogue = read_catalogue(folder)
    check_names(policy, catalogue)
    day = today or datetime.date.today()
    found = {}
    for name in names:
        if name == EXTRACTIVE:
            continue
        model = listed(name, config, catalogue)
        found[name] = (
            judge(model, catalogue, policy, today=day, host=_host(name, config, catalogue))
            if model
            else judge_unlisted(name, policy, today=day)
        )
    return found


def about(
    folder: Path, config: ProjectConfig, names: Iterable[str], *, today: datetime.date | None = None
) -> dict[str, dict[str, Any]]:
    """Licence, maker, size and way out of each model, as reports show them."""
    from fourfold.catalogue import read_catalogue

    catalogue, wanted = read_catalogue(folder), list(names)
    found: dict[str, dict[str, Any]] = {}
    for name, verdict in verdicts(folder, config, wanted, today=today).items():
        found[name] = {"licence": verdict.as_json()}
        if host := _host(name, config, catalogue):
            read = host.sources.get("regions")
            found[name]["host"] = {
                "name": host.title,
                "regions": list(host.regions),
                "source": read.as_json() if read else None,
            }
        if model := listed(name, config, catalogue):
            found[name]["catalogue"] = {
                "name": model.name,
                "title": model.title,
                "provider": model.provider,
                "kind": model.get("kind"),
                "parameters": model.get("parameters"),
                "retired": model.get("retired"),
                "hosts": list(dict.fromkeys(offer.host.id for offer in model.offers)),
                "regions": sorted({area for o in model.offers for area in o.host.regions}),
            }
    return found


def has_policy(folder: Path) -> bool:
    """True when the project says what it allows."""
    return (folder / FILE_NAME).is_file()


def check_licences(folder: Path, config: ProjectConfig, names: Sequence[str]) -> dict[str, Verdict]:
    """The verdicts, or `LicenceGate` that names every model that the policy keeps out.

    Only a project with a `policy.yaml` keeps any out.
    """
    found = verdicts(folder, config, names)
    if not has_policy(folder):
        return found
    blocked = {name: verdict for name, verdict in found.items() if verdict.blocks}
    if not blocked:
        return found
    listing = "".join(f"\n  {name}: {_why(verdict)}" for name, verdict in blocked.items())
    first = next(iter(blocked.values()))
    raise LicenceGate(
        f"The policy keeps out {len(blocked)} model{'' if len(blocked) == 1 else 's'}:{listing}",
        hint="Choose other models, or let somebody agree in policy.yaml: "
        f"approvals: [{{model: {first.model}, by: NAME, date: {datetime.date.today()}}}]"
        if first.level == "approval"
        else "Choose other models, or correct `company` and `use` in policy.yaml.",
    )


def listed(name: str, config: ProjectConfig, catalogue: Catalogue) -> CatalogueModel | None:
    """The catalogue's entry of a model that the project names, if it has one."""
    for one in config.models:
        if one.name == name:
            named = one.catalogue or one.model
            return catalogue.offered_as(named) or catalogue.offered_as(one.model)
    return catalogue.offered_as(name)


def _host(name: str, config: ProjectConfig, catalogue: Catalogue) -> Host | None:
    """The catalogue's entry of the host at whose address the project asks a model, if any."""
    asked = (one for one in config.models if one.name == name)
    address = next((urlsplit(wiring.address(one)).hostname for one in asked), None)
    known = [one for one in catalogue.hosts.values() if urlsplit(one.url).hostname == address]
    return known[0] if address and known else None


def _why(verdict: Verdict) -> str:
    worst = [one.text for one in verdict.findings if one.level == verdict.level]
    needs = "needs an approval" if verdict.level == "approval" else "forbidden"
    return f"{needs}. {' '.join(worst)}"
