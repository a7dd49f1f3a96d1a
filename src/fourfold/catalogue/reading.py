"""Reads the data files of the catalogue, and a project's own, and checks them as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from fourfold.catalogue.catalogue import Catalogue
from fourfold.catalogue.forms import (
    BenchmarkForm,
    FactsForm,
    FamilyForm,
    HostForm,
    LicenceForm,
    OfferForm,
    ResultForm,
    SourceForm,
)
from fourfold.catalogue.naming import wrong_names
from fourfold.catalogue.records import (
    Benchmark,
    CatalogueModel,
    Endpoint,
    Host,
    Known,
    Licence,
    Offer,
    Result,
    Source,
)
from fourfold.core.errors import InvalidProject, suggestion
from fourfold.core.written import Written, read_written

OWN_FILE = "catalogue.yaml"
"""Where a project describes models of its own, in the form of a family's file."""

_ADVICE: Final = "docs/guides/catalogue.md describes the form."


def read_catalogue(project: Path | None = None) -> Catalogue:
    """The catalogue that ships with Fourfold, and `catalogue.yaml` of a project beside it.

    Raises `InvalidProject` that says everything that is wrong with a file.
    """
    shipped = files("fourfold.catalogue")
    parts = [file for file in shipped.iterdir() if file.name.startswith("sources.")]
    sources = {key: one for part in parts for key, one in _sources(read_written(part))}
    catalogue = Catalogue(
        models={},
        licences=dict(_licences(read_written(shipped / "licences.yaml"), sources)),
        hosts=dict(hosts_of(read_written(shipped / "hosts.yaml"), sources)),
        benchmarks=dict(_benchmarks(read_written(shipped / "benchmarks.yaml"))),
        sources=sources,
    )
    family_files: list[Traversable | Path] = [*(shipped / "families").iterdir()]
    family_files.sort(key=lambda file: file.name)
    own = project / OWN_FILE if project else None
    if own and own.is_file():
        family_files.append(own)
    models: dict[str, CatalogueModel] = {}
    for file in family_files:
        for model in _family(read_written(file), catalogue, models):
            models[model.name] = model
    return replace(catalogue, models=models)


def _family(
    written: Written, catalogue: Catalogue, others: Mapping[str, CatalogueModel]
) -> Iterator[CatalogueModel]:
    wrong = wrong_names(written, catalogue, others)
    family = written.form(FamilyForm, advice=_ADVICE, beside=wrong)
    own = {key: _source(key, one) for key, one in family.sources.items()}
    sources = {**catalogue.sources, **own}
    for model in family.models:
        yield CatalogueModel(
            name=model.name,
            title=model.title,
            family=family.family,
            provider=family.provider,
            facts=_facts(model.facts, sources),
            offers=tuple(_offer(one, catalogue, sources) for one in model.hosts),
            results=tuple(_result(one, catalogue, sources) for one in model.benchmarks),
            weights=model.weights,
            base=model.base,
        )


def _facts(
    parts: Iterable[FactsForm], sources: Mapping[str, Source]
) -> dict[str, tuple[Known, ...]]:
    """Each fact with all who say it; collections last."""
    found: dict[str, list[Known]] = {}
    for part in sorted(parts, key=lambda part: sources[part.source].collection):
        said = part.model_dump(exclude={"source"}, exclude_none=True)
        for name, value in said.items():
            found.setdefault(name, []).append(Known(value, sources[part.source]))
    return {name: tuple(known) for name, known in found.items()}


def _offer(one: OfferForm, catalogue: Catalogue, sources: Mapping[str, Source]) -> Offer:
    values = one.model_dump(exclude={"host", "source"})
    return Offer(host=catalogue.hosts[one.host], source=sources[one.source], **values)


def _result(one: ResultForm, catalogue: Catalogue, sources: Mapping[str, Source]) -> Result:
    values = one.model_dump(exclude={"benchmark", "source"})
    benchmark = catalogue.benchmarks[one.benchmark]
    return Result(benchmark=benchmark, source=sources[one.source], **values)


def _licences(written: Written, sources: Mapping[str, Source]) -> Iterator[tuple[str, Licence]]:
    for key in written.values:
        terms = written.form(LicenceForm, key, advice=_ADVICE)
        for name in (terms.source, *terms.sources.values()):
            _must_know("source", name, sources, written, (key,))
        values: dict[str, Any] = terms.model_dump(exclude={"source", "sources"})
        for name in ("regions_excluded", "not_for_internal_use"):
            values[name] = tuple(values[name])
        elsewhere = {term: sources[name] for term, name in terms.sources.items()}
        yield key, Licence(id=key, source=sources[terms.source], sources=elsewhere, **values)


def hosts_of(written: Written, sources: Mapping[str, Source]) -> Iterator[tuple[str, Host]]:
    """The hosts of a file, by id; what one says without a source is refused."""
    for key in written.values:
        host = written.form(HostForm, key, advice=_ADVICE)
        for name in (*host.facts.values(), *(one.source for one in host.endpoints)):
            _must_know("source", name, sources, written, (key,))
        values = host.model_dump(exclude={"facts", "regions", "endpoints"})
        said_by = {fact: sources[source] for fact, source in host.facts.items()}
        endpoints = tuple(
            Endpoint(
                address=one.address,
                model=one.model,
                regions=tuple(one.regions),
                source=sources[one.source],
            )
            for one in host.endpoints
        )
        regions = tuple(host.regions)
        yield key, Host(id=key, regions=regions, endpoints=endpoints, sources=said_by, **values)


def _benchmarks(written: Written) -> Iterator[tuple[str, Benchmark]]:
    for key in written.values:
        values = written.form(BenchmarkForm, key, advice=_ADVICE).model_dump(exclude={"tasks"})
        yield key, Benchmark(id=key, tasks=tuple(written.values[key]["tasks"]), **values)


def _sources(written: Written) -> Iterator[tuple[str, Source]]:
    for key in written.values:
        yield key, _source(key, written.form(SourceForm, key, advice=_ADVICE))


def _source(key: str, form: SourceForm) -> Source:
    return Source(key=key, **form.model_dump())


def _must_know(
    kind: str, name: str, known: Iterable[str], written: Written, at: tuple[str | int, ...]
) -> None:
    if name not in known:
        raise InvalidProject(
            f"`{written.file}`, line {written.line(at)}: there is no {kind} called `{name}`.",
            hint=suggestion(name, known),
        )
