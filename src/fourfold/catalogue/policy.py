"""`policy.yaml`: the company, what it wants to do with models, and what it has agreed to."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fourfold.catalogue.catalogue import Catalogue, nearest
from fourfold.catalogue.regions import NEIGHBOURS, UNION
from fourfold.core.complaints import Location
from fourfold.core.written import Mistake, Written, read_written, written_list, written_table

FILE_NAME: Final = "policy.yaml"
Use = Literal["research", "internal", "customer-facing"]
Level = Literal["allowed", "warning", "approval", "forbidden"]


def _country(written: str) -> str:
    if written and not (len(written) == 2 and written.isascii() and written.isupper()):
        raise ValueError("must be an ISO code of two capitals, `DE`")
    return written


def _region(written: str) -> str:
    return written.lower()


def _person(written: str) -> str:
    if len(written.strip()) < 2:
        raise ValueError("must be somebody's name")
    return written


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Company(_Part):
    """Who wants to use the model; what is left out is unknown."""

    revenue_usd: int | None = Field(None, ge=0, description="A year, in US dollars.")
    monthly_users: int | None = Field(None, ge=0, description="Of all products together.")
    country: Annotated[str, AfterValidator(_country)] = Field(
        "", description="ISO code of the seat."
    )


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
    attribution: Level = Field("warning", description="Something must be named or kept.")
    shown_to_users: Level = Field("warning", description="Users must see or be told something.")
    told_by_law: Level = Field("allowed", description="AI Act: people must know it is a machine.")
    acceptable_use: Level = Field("warning", description="A list of forbidden uses applies.")
    derivatives_inherit: Level = Field("warning", description="A tuned model keeps its terms.")
    no_training_on_output: Level = Field("warning", description="Its output may not train others.")
    residency: Level = Field("approval", description="Processed outside the regions asked for.")
    unknown_site: Level = Field("approval", description="Nobody knows where it is processed.")
    own_network: Level = Field("warning", description="In the own network, wherever that stands.")


class Approval(_Part):
    """Somebody with a name has agreed to a model."""

    model: str
    by: Annotated[str, AfterValidator(_person)]
    date: datetime.date
    until: datetime.date | None = None
    note: str = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Approval:
        if self.until is not None and self.until < self.date:
            raise ValueError(f"ends on {self.until}, before it begins on {self.date}")
        return self


class Policy(_Part):
    """The company, what it wants to do, and what it has agreed to.

    `internal` and `customer-facing` differ in three things only, for in the catalogue no licence
    sets them apart otherwise: what users must see or be told (by licence, host and law) is due
    where customers are served; and a few licences lift conditions for purely internal use.
    `research` asks nothing about commerce.
    """

    company: Company = Company()
    use: Use = "internal"
    regions: list[Annotated[str, AfterValidator(_region)]] = Field(
        [], description="Where data may be processed: eu, de, us …"
    )
    levels: Levels = Levels()
    licences: dict[str, Level] = Field({}, description="Levels of whole licences, by id.")
    providers: dict[str, Level] = Field({}, description="Levels of providers, by name.")
    approvals: list[Approval] = []


def read_policy(
    folder: Path, catalogue: Catalogue | None = None, *, others: Iterable[str] = ()
) -> Policy | None:
    """The policy of a project; None where it has none.

    Raises `InvalidProject` that names file, line and what is wrong. With a catalogue, a licence,
    provider, region or model that it does not know is a mistake too: a rule with a misspelt name
    would hold for nothing, and nobody would see it. `others` are models that need no entry there.
    """
    file = folder / FILE_NAME
    if not file.is_file():
        return None
    written = read_written(file)
    unknown = _unknown_names(written, catalogue, {*others}) if catalogue else ()
    return written.form(Policy, advice="docs/guides/catalogue.md describes it.", beside=unknown)


def _unknown_names(written: Written, catalogue: Catalogue, others: set[str]) -> Iterator[Mistake]:
    """Names that nothing has, as they are written: the rest of the file may be wrong as well."""
    offered = {area.lower() for host in catalogue.hosts.values() for area in host.regions}
    known = {
        "licence": {*catalogue.licences},
        "provider": _providers(catalogue),
        "region": offered | UNION | NEIGHBOURS,
        "model": {*catalogue.models} | others,
    }
    for kind, name, place in _names(written.values):
        if name in known[kind] or (kind == "model" and name.endswith(".gguf")):
            continue
        listed = catalogue.offered_as(name) if kind == "model" else None
        hint = f"The catalogue calls it `{listed.name}`." if listed else nearest(name, known[kind])
        yield written.line(place), f"there is no {kind} called `{name}`. {hint}"


def _names(values: Any) -> Iterator[tuple[str, str, Location]]:
    """Each name of a policy with its kind and place; what has another form is no name."""
    for key, kind in (("licences", "licence"), ("providers", "provider")):
        for name in written_table(values, key):
            yield kind, str(name), (key, name)
    for number, region in enumerate(written_list(values, "regions")):
        if isinstance(region, str):
            yield "region", region.lower(), ("regions", number)
    for number, approval in enumerate(written_list(values, "approvals")):
        name = written_table(approval).get("model")
        if isinstance(name, str):
            yield "model", name, ("approvals", number, "model")


def _providers(catalogue: Catalogue) -> set[str]:
    return {one.provider for one in catalogue.models.values()}
