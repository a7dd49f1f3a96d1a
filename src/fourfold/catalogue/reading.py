"""Reads the data files of the catalogue, and a project's own, and checks them as a whole."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fourfold.catalogue.records import (
    Benchmark,
    CatalogueModel,
    Host,
    Known,
    Licence,
    Offer,
    Result,
    Source,
    Term,
)
from fourfold.core.errors import InvalidProject, NotFound, suggestion

OWN_FILE = "catalogue.yaml"
"""Where a project describes models of its own, in the form of a family's file."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models, licences, hosts and benchmarks by name."""

    models: Mapping[str, CatalogueModel]
    licences: Mapping[str, Licence]
    hosts: Mapping[str, Host]
    benchmarks: Mapping[str, Benchmark]
    sources: Mapping[str, Source]

    def model(self, name: str) -> CatalogueModel:
        """The model of that name. Raises `NotFound` that names the closest one."""
        if name not in self.models:
            raise NotFound(
                f"There is no model called `{name}` in the catalogue.",
                hint=suggestion(name, self.models),
            )
        return self.models[name]

    def licence_of(self, model: CatalogueModel) -> Licence | None:
        """The terms of a model; None when they are unknown."""
        return self.licences.get(model.get("licence") or "")

    def offered_as(self, host_model: str) -> CatalogueModel | None:
        """The model that some host or `models install` calls so, or that has this name."""
        if host_model in self.models:
            return self.models[host_model]
        return next(
            (
                one
                for one in self.models.values()
                if one.weights == host_model or any(o.id == host_model for o in one.offers)
            ),
            None,
        )


def read_catalogue(project: Path | None = None) -> Catalogue:
    """The catalogue that ships with Fourfold, and `catalogue.yaml` of a project beside it.

    Raises `InvalidProject` that says everything that is wrong with a file.
    """
    shipped = files("fourfold.catalogue")
    sources = dict(_sources(file for file in shipped.iterdir() if _holds_sources(file)))
    licences = dict(_licences(shipped / "licences.yaml", sources))
    hosts = dict(_hosts(shipped / "hosts.yaml", sources))
    benchmarks = {
        key: Benchmark(id=key, **{**value, "tasks": tuple(value["tasks"])})
        for key, value in _yaml(shipped / "benchmarks.yaml").items()
    }
    catalogue = Catalogue({}, licences, hosts, benchmarks, sources)
    models: dict[str, CatalogueModel] = {}
    family_files = sorted((shipped / "families").iterdir(), key=lambda file: file.name)
    own = project / OWN_FILE if project else None
    for file in [*family_files, *([own] if own and own.is_file() else [])]:
        for model in _family(file, catalogue):
            if model.name in models:
                raise InvalidProject(f"`{file}`: `{model.name}` is in the catalogue already.")
            models[model.name] = model
    return Catalogue(models, licences, hosts, benchmarks, sources)


def _day(written: str) -> str:
    """`2026`, `2026-03` or `2026-03-14`, if there is such a day."""
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", written):
        raise ValueError("must be a day, 2026-03-14, a month, or a year")
    datetime.date.fromisoformat((written + "-01-01")[:10])
    return written


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Facts(_Part):
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
    released: Annotated[str, AfterValidator(_day)] | None = None
    retired: Annotated[str, AfterValidator(_day)] | None = None
    knowledge: str | None = None
    reasoning: bool | None = None
    tool_call: bool | None = None
    structured_output: bool | None = None
    repository: str | None = None
    gguf: str | None = None


class _Offer(_Part):
    host: str
    id: str
    source: str
    input: float | None = Field(None, ge=0)
    output: float | None = Field(None, ge=0)
    cached: float | None = Field(None, ge=0)
    status: str = ""


class _Result(_Part):
    benchmark: str
    value: float
    source: str
    setting: str = ""
    low: float | None = None
    high: float | None = None


class _Model(_Part):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str
    facts: list[_Facts] = []
    hosts: list[_Offer] = []
    benchmarks: list[_Result] = []
    weights: str = ""


class _Family(_Part):
    family: str
    provider: str
    sources: dict[str, dict[str, Any]] = {}  # those of a project's own models
    models: list[_Model]


class _Licence(_Part):
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
    notes: str
    source: str


class _Host(_Part):
    title: str
    operator: str
    operator_country: str
    protocol: str
    url: str
    regions: list[str]
    residency: str
    trains_on_data: Literal["yes", "no", "opt-out", "unknown"]
    retention_days: int | Literal["unknown"]
    notes: str = ""
    facts: dict[str, str] = {}


def _family(file: Traversable | Path, catalogue: Catalogue) -> Iterator[CatalogueModel]:
    family = _checked(_Family, _yaml(file), file)
    sources = {**catalogue.sources, **dict(_source_entries(family.sources, file))}
    for model in family.models:
        used = [part.source for part in (*model.facts, *model.hosts, *model.benchmarks)]
        licences = [facts.licence for facts in model.facts if facts.licence]
        _must_know("source", used, sources, file, model.name)
        _must_know("licence", licences, catalogue.licences, file, model.name)
        _must_know("host", [one.host for one in model.hosts], catalogue.hosts, file, model.name)
        named = [one.benchmark for one in model.benchmarks]
        _must_know("benchmark", named, catalogue.benchmarks, file, model.name)
        yield CatalogueModel(
            name=model.name,
            title=model.title,
            family=family.family,
            provider=family.provider,
            facts=_facts(model.facts, sources),
            offers=tuple(_offer(one, catalogue, sources) for one in model.hosts),
            results=tuple(_result(one, catalogue, sources) for one in model.benchmarks),
            weights=model.weights,
        )


def _facts(parts: Iterable[_Facts], sources: Mapping[str, Source]) -> dict[str, tuple[Known, ...]]:
    """Each fact with all who say it; collections last."""
    found: dict[str, list[Known]] = {}
    for part in sorted(parts, key=lambda part: sources[part.source].collection):
        said = part.model_dump(exclude={"source"}, exclude_none=True)
        for name, value in said.items():
            found.setdefault(name, []).append(Known(value, sources[part.source]))
    return {name: tuple(known) for name, known in found.items()}


def _offer(one: _Offer, catalogue: Catalogue, sources: Mapping[str, Source]) -> Offer:
    values = one.model_dump(exclude={"host", "source"})
    return Offer(host=catalogue.hosts[one.host], source=sources[one.source], **values)


def _result(one: _Result, catalogue: Catalogue, sources: Mapping[str, Source]) -> Result:
    values = one.model_dump(exclude={"benchmark", "source"})
    benchmark = catalogue.benchmarks[one.benchmark]
    return Result(benchmark=benchmark, source=sources[one.source], **values)


def _licences(file: Traversable, sources: Mapping[str, Source]) -> Iterator[tuple[str, Licence]]:
    for key, value in _yaml(file).items():
        terms = _checked(_Licence, value, file)
        _must_know("source", [terms.source], sources, file, key)
        values = terms.model_dump(exclude={"source", "regions_excluded"})
        yield (
            key,
            Licence(
                id=key,
                source=sources[terms.source],
                regions_excluded=tuple(terms.regions_excluded),
                **values,
            ),
        )


def _hosts(file: Traversable, sources: Mapping[str, Source]) -> Iterator[tuple[str, Host]]:
    for key, value in _yaml(file).items():
        host = _checked(_Host, value, file)
        _must_know("source", host.facts.values(), sources, file, key)
        values = host.model_dump(exclude={"facts", "regions"})
        said_by = {fact: sources[source] for fact, source in host.facts.items()}
        yield key, Host(id=key, regions=tuple(host.regions), sources=said_by, **values)


def _holds_sources(file: Traversable) -> bool:
    return file.name.startswith("sources.")


def _sources(parts: Iterable[Traversable]) -> Iterator[tuple[str, Source]]:
    for file in parts:
        yield from _source_entries(_yaml(file), file)


def _source_entries(
    entries: Mapping[str, Any], file: Traversable | Path
) -> Iterator[tuple[str, Source]]:
    for key, value in entries.items():
        try:
            source = Source(key=key, **value)
        except TypeError as error:
            raise InvalidProject(f"`{file}`, source `{key}`: {error}.") from error
        if not isinstance(source.read, datetime.date) or not str(source.url).startswith("http"):
            raise InvalidProject(
                f"`{file}`, source `{key}`: it needs an address and the day on which it was read.",
                hint=f"{key}: {{title: …, url: https://…, read: 2026-11-22}}",
            )
        yield key, source


def _checked(part: type[Any], value: Any, file: Traversable | Path) -> Any:
    try:
        return part.model_validate(value)
    except ValidationError as error:
        listing = "".join(
            f"\n  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise InvalidProject(
            f"`{file}` has mistakes:{listing}",
            hint="docs/guides/catalogue.md describes the form.",
        ) from error


def _must_know(
    kind: str, names: Iterable[str], known: Iterable[str], file: Traversable | Path, owner: str
) -> None:
    if unknown := sorted({*names} - {*known}):
        raise InvalidProject(
            f"`{file}`, `{owner}`: there is no {kind} called `{unknown[0]}`.",
            hint=suggestion(unknown[0], known),
        )


def _yaml(file: Traversable | Path) -> Any:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 it is safe
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidProject(
            f"`{file}` cannot be read: {error}.", hint="It must be YAML."
        ) from error


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, ten times as fast
