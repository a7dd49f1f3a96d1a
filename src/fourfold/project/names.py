"""What to say of a model that nothing here is called: the nearest names, and how to get each."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from fourfold.models import CHAT_MODELS
from fourfold.models.weights import WEIGHTS, UnknownModel
from fourfold.project.wiring import EXTRACTIVE

if TYPE_CHECKING:
    from fourfold.catalogue import Catalogue, CatalogueModel
    from fourfold.catalogue.records import Offer

_HOSTS = {"google-vertex": "vertex", "amazon-bedrock": "bedrock"}  # other hosts: as the provider
_WITHOUT_KEY = frozenset({"ollama", "vllm"})
_NEAREST = 3


def unknown_model(name: str, own: Iterable[str] = (), folder: Path | None = None) -> UnknownModel:
    """The error for a name of no model; `own` are those under `models` in `fourfold.yaml`, and
    installed weights.

    The hint goes by weights, providers and the catalogue, that of the project in `folder` included.
    """
    from fourfold.catalogue import read_catalogue

    catalogue = read_catalogue(folder)
    return UnknownModel(
        f"There is no model called `{name}` here.", hint=_hint(name, [EXTRACTIVE, *own], catalogue)
    )


def _hint(name: str, here: list[str], catalogue: Catalogue) -> str:
    provider, _, model = name.partition(":" if ":" in name else "/")
    if model and (known := _nearest(provider, CHAT_MODELS.names(), 1)):
        return _entry(known[0], model)
    if found := catalogue.offered_as(name):
        return f"`{name}` is in the catalogue. {_way_to(found)}"
    offered = {offer.id for one in catalogue.models.values() for offer in one.offers}
    names = _nearest(name, {*here, *WEIGHTS, *catalogue.models, *offered}, _NEAREST)
    if names:
        others = f" Also near: {', '.join(names[1:])}." if names[1:] else ""
        return f"Did you mean `{names[0]}`? {_way(names[0], here, catalogue)}{others}"
    missing = [one for one in WEIGHTS if one not in here]
    installable = f"; to be installed: {', '.join(missing)}" if missing else ""
    return (
        f"Ready to be used: {', '.join(here)}{installable}. Models of providers are "
        "named under `models` in fourfold.yaml; see `fourfold models list`."
    )


def _nearest(name: str, known: Iterable[str], count: int) -> list[str]:
    by_lower = {one.lower(): one for one in sorted(known)}
    return [by_lower[one] for one in get_close_matches(name.lower(), by_lower, n=count)]


def _way(name: str, here: list[str], catalogue: Catalogue) -> str:
    """How to get what is called so."""
    if name in here:
        return "It is ready to be used."
    if name in WEIGHTS:
        return _install(name)
    model = catalogue.offered_as(name)
    return _way_to(model) if model else "See `fourfold models list`."


def _way_to(model: CatalogueModel) -> str:
    if model.weights:
        return _install(model.weights)
    for offer in model.offers:
        provider = _HOSTS.get(offer.host.id, offer.host.id)
        if provider in CHAT_MODELS.names():
            return _entry(provider, offer.id)
    if spoken := next((one for one in model.offers if _speaks_openai(one)), None):
        return _entry("openai", spoken.id, url=spoken.host.url, key=spoken.host.id)
    if model.is_open:
        return (
            "Name the path of a GGUF file of it, or a server that has it, under `models` in "
            "fourfold.yaml."
        )
    return f"See `fourfold models show {model.name}`."


def _speaks_openai(offer: Offer) -> bool:
    return offer.host.protocol == "openai" and offer.host.url.startswith("https://")


def _install(name: str) -> str:
    return f"Type `fourfold models install {name}`, then use this name."


def _entry(provider: str, model: str, *, url: str = "", key: str = "") -> str:
    """The line of a project file that brings a provider's model in."""
    short = model.rpartition("/")[2].lower().replace(":", "-")
    variable = f"{(key or provider).upper().replace('-', '_')}_API_KEY"
    address = f", url: '{url}'" if url else ""
    secret = "" if provider in _WITHOUT_KEY else f", key_variable: {variable}"
    told = f", put the key into the environment variable {variable}" if secret else ""
    return (
        f"Add `- {{name: {short}, provider: {provider}, model: '{model}'{address}{secret}}}` "
        f"under `models` in fourfold.yaml{told}, then use the name `{short}`."
    )
