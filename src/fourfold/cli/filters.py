"""What `models list` and `models shortlist` filter by: names that must be known, and sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import click

from fourfold.core.errors import suggestion
from fourfold.core.language_names import LANGUAGE_NAMES

if TYPE_CHECKING:
    from fourfold.catalogue import Catalogue, CatalogueModel

_FEW: Final = 20  # names that can be listed in a hint
_CALLED: Final[Mapping[str, Mapping[str, str]]] = {
    "language": LANGUAGE_NAMES,
    "region": {
        "europe": "eu", "europa": "eu", "germany": "de", "deutschland": "de", "usa": "us",
        "switzerland": "ch", "schweiz": "ch", "france": "fr", "frankreich": "fr",
        "austria": "at", "österreich": "at", "gb": "uk",
    },
}  # fmt: skip
"""How people call a code, in English and German."""


def known_languages(catalogue: Catalogue, names: Iterable[str]) -> tuple[str, ...]:
    """The codes, in small letters. A usage error for one that no model of the catalogue has."""
    spoken = {language for one in catalogue.models.values() for language in one.languages or ()}
    return tuple(_known("language", name.lower(), spoken) for name in names)


def known_regions(catalogue: Catalogue, names: Iterable[str]) -> tuple[str, ...]:
    """The regions, in small letters. A usage error for one that nobody offers."""
    from fourfold.catalogue.regions import NEIGHBOURS, UNION

    offered = {region for host in catalogue.hosts.values() for region in host.regions}
    return tuple(_known("region", name.lower(), offered | UNION | NEIGHBOURS) for name in names)


def known_family(catalogue: Catalogue, name: str | None) -> str | None:
    """The family as the catalogue writes it, in whatever case it was asked for."""
    return _any_case("family", name, {one.family for one in catalogue.models.values()})


def known_provider(catalogue: Catalogue, name: str | None) -> str | None:
    """The same for a provider."""
    return _any_case("provider", name, {one.provider for one in catalogue.models.values()})


def parameters(text: str | None) -> int | None:
    """`8B` and `500M` as numbers."""
    if text is None:
        return None
    factor = {"B": 1e9, "M": 1e6}.get(text[-1:].upper(), 1)
    digits = text[:-1] if text[-1:].upper() in {"B", "M"} else text
    try:
        return int(float(digits) * factor)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"`{text}` is no size; write `8B` or `500M`.") from error


def is_at_most(model: CatalogueModel, most: int | None) -> bool:
    """True where the size is known and not above; without a limit always."""
    size = model.get("parameters")
    return most is None or (size is not None and size <= most)


def _any_case(kind: str, name: str | None, known: Collection[str]) -> str | None:
    if name is None:
        return None
    as_written = {one.casefold(): one for one in known}
    return as_written.get(name.casefold()) or _known(kind, name, known)


def _known(kind: str, name: str, known: Collection[str]) -> str:
    if name in known:
        return name
    raise click.UsageError(f"No {kind} `{name}` is known. {_nearest(kind, name, known)}")


def _nearest(kind: str, name: str, known: Collection[str]) -> str:
    """The code of what is called so, or nearly so; else the closest of them, or all of a few."""
    called = _CALLED.get(kind, {})
    if close := get_close_matches(name, called, n=1, cutoff=0.75):
        return f"Did you mean `{called[close[0]]}`?"
    said = suggestion(name, known)
    if len(known) <= _FEW or said.startswith("Did") or not called:
        return said
    return f"Write its code of two letters, `{next(iter(called.values()))}`."
