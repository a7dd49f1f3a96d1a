"""What the files of the catalogue may hold; an unknown key is a mistake."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from fourfold.catalogue.records import UNKNOWN, Term


def _name(written: str) -> str:
    """Small letters, digits and a few signs, as others write it in commands."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", written):
        raise ValueError("may have small letters, digits, `.`, `_` and `-` only")
    return written


def _day(written: str) -> str:
    """`2026`, `2026-03` or `2026-03-14`, if there is such a day."""
    try:
        datetime.date.fromisoformat((written + "-01-01")[:10])
    except ValueError:
        written = ""
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", written):
        raise ValueError("must be a day in quotes, '2026-03-14', a month, or a year")
    return written


def _address(written: str) -> str:
    if not written.startswith(("https://", "http://")):
        raise ValueError("must be the address of what was read, `https://…`")
    return written


Day = Annotated[str, AfterValidator(_day)]
Address = Annotated[str, AfterValidator(_address)]


class Part(BaseModel):
    """A part of a file: frozen, and nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SourceForm(Part):
    """A page or a data set, and the day on which somebody read it."""

    title: str
    url: Address
    read: datetime.date
    published: datetime.date | None = None
    note: str = ""
    collection: bool = False


class FactsForm(Part):
    """What one source says of a model."""

    source: str
    kind: Literal["open-weights", "proprietary"] | None = None
    licence: str | None = None
    parameters: int | None = Field(None, gt=0)
    active_parameters: int | None = Field(None, gt=0)
    context_tokens: int | None = Field(None, gt=0)
    output_tokens: int | None = Field(None, gt=0)
    input: list[str] | None = None
    output: list[str] | None = None
    languages: list[str] | None = None
    multilingual: bool | None = None
    released: Day | None = None
    retired: Day | None = None
    knowledge: str | None = None
    reasoning: bool | None = None
    tool_call: bool | None = None
    structured_output: bool | None = None
    repository: str | None = None
    gguf: str | None = None


class OfferForm(Part):
    """A model at a host, and its price."""

    host: str
    id: str
    source: str
    input: float | None = Field(None, ge=0)
    output: float | None = Field(None, ge=0)
    cached: float | None = Field(None, ge=0)
    status: str = ""


class ResultForm(Part):
    """A published score."""

    benchmark: str
    value: float
    source: str
    setting: str = ""
    low: float | None = None
    high: float | None = None


class ModelForm(Part):
    """A model of a family."""

    name: Annotated[str, AfterValidator(_name)]
    title: str
    base: str = ""
    facts: list[FactsForm] = []
    hosts: list[OfferForm] = []
    benchmarks: list[ResultForm] = []
    weights: str = ""


class FamilyForm(Part):
    """A file of models, and of the sources that only it has."""

    family: str
    provider: str
    sources: dict[str, SourceForm] = {}
    models: list[ModelForm]


class LicenceForm(Part):
    """Terms; `source` holds for all that `sources` does not name.

    `page` is the licensor's own address of them, where what was read is a copy.
    """

    title: str
    kind: str
    commercial_use: Term
    threshold_monthly_users: int | Literal["none", "unknown"]
    threshold_revenue_usd: int | Literal["none", "unknown"]
    attribution: str
    acceptable_use_list: Term
    training_other_models: Term
    derivatives_inherit: Term
    gated_download: Term
    regions_excluded: list[str]
    shown_to_users: str
    not_for_internal_use: list[
        Literal["commercial_use", "threshold_monthly_users", "threshold_revenue_usd"]
    ] = []
    notes: str
    source: str
    sources: dict[str, str] = {}
    page: Address = ""


class EndpointForm(Part):
    """An address of a host that tells where a request is processed."""

    address: str
    model: str = "*"
    regions: list[str] = []
    source: str


class HostForm(Part):
    """A company that runs models for others; `facts` names the source of each statement.

    `title` is a label and `protocol` the provider of ours that speaks to it: no facts of theirs.
    """

    title: str
    protocol: str
    operator: str
    operator_country: str
    url: str
    regions: list[str]
    residency: str
    trains_on_data: Literal["yes", "no", "opt-out", "unknown"]
    retention_days: int | Literal["unknown"]
    shown_to_users: str = UNKNOWN
    notes: str = ""
    endpoints: list[EndpointForm] = []
    facts: dict[str, str] = {}

    @model_validator(mode="after")
    def _nothing_without_a_source(self) -> HostForm:
        without = sorted({*self._stated()} - {*self.facts})
        if without:
            raise ValueError(
                f"says something without a source: name one under `facts` for {', '.join(without)},"
                " or write `unknown`"
            )
        empty = sorted({*self.facts} - {*self._stated()})
        if empty:
            raise ValueError(f"has a source for what it does not say: {', '.join(empty)}")
        return self

    def _stated(self) -> dict[str, Any]:
        """What it says and has to prove."""
        labels = {"title", "protocol", "endpoints", "facts"}
        return {
            name: value
            for name, value in self.model_dump(exclude=labels).items()
            if value not in (UNKNOWN, "none", "", [])
        }


class BenchmarkForm(Part):
    """A published test, and why it says something about the tasks named."""

    title: str
    measures: str
    tasks: list[str]
    reason: str
    multilingual: bool = False
