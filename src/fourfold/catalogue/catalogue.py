"""The catalogue: models, licences, hosts and benchmarks by name, and what follows from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fourfold.catalogue.records import Benchmark, CatalogueModel, Host, Licence, Source
from fourfold.core.errors import NotFound, suggestion

_OF_THE_BASE: Final = ("kind", "parameters", "active_parameters", "context_tokens", "languages")
_FEW: Final = 60  # names that can be listed in a hint


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
                hint=nearest(name, self.models),
            )
        return self.models[name]

    def licence_of(self, model: CatalogueModel) -> Licence | None:
        """The model's own terms, or those of its base; None when they are unknown."""
        own = self.licences.get(model.get("licence") or "")
        base = self.models.get(model.base)
        return own or (self.licence_of(base) if base else None)

    def inherited(self, model: CatalogueModel) -> Iterator[tuple[CatalogueModel, Licence | None]]:
        """What a tuned model was made from, the nearest first, where its terms go on to hold.

        They end with the base only where they say that derivatives are free of them and the tuned
        model has terms of its own; whatever is not known goes on.
        """
        has_own = model.get("licence") in self.licences
        seen = {model.name}
        base = self.models.get(model.base)
        while base and base.name not in seen:
            licence = self.licences.get(base.get("licence") or "")
            if licence is None or licence.derivatives_inherit != "no" or not has_own:
                yield base, licence
            seen.add(base.name)
            base = self.models.get(base.base)

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


def nearest(
    name: str, known: Collection[str], *, otherwise: str = "Look it up: fourfold models list"
) -> str:
    """A hint that names the closest of them; of many names that are all far off, none."""
    close = suggestion(name, known)
    return close if len(known) < _FEW or close.startswith("Did") else otherwise


def adapter_of(base: CatalogueModel, name: str) -> CatalogueModel:
    """An adapter that was tuned here from a model of the catalogue: its size, and its terms."""
    facts = {fact: known for fact, known in base.facts.items() if fact in _OF_THE_BASE}
    return replace(
        base, name=name, title=name, facts=facts, offers=(), results=(), weights="", base=base.name
    )
