"""Where a request is processed: this machine, the own network, a known host, or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from fourfold.catalogue.records import CatalogueModel, Endpoint, Host, Source
from fourfold.catalogue.regions import outside

Kind = Literal["own-machine", "own-network", "host", "unknown"]

_OWN_NETWORKS: Final = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
"""Addresses that no router of the internet forwards: RFC 1918, 3927, 4193, 4291."""

_OWN_NAMES: Final = (".local", ".internal", ".home.arpa")
"""Domains set aside for private networks: RFC 6762, ICANN's reservation of 2024, RFC 8375."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one request is processed.

    `regions` are all in which that may be; empty: nobody knows. `is_stated` where the project says
    so itself. A site in the own network stands wherever the company has put it.
    """

    kind: Kind
    address: str = ""
    host: Host | None = None
    regions: tuple[str, ...] = ()
    is_stated: bool = False
    source: Source | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {
            "kind": self.kind,
            "address": self.address or None,
            "host": self.host.title if self.host else None,
            "regions": list(self.regions),
            "stated": self.is_stated,
            "source": self.source.as_json() if self.source else None,
        }


OWN_MACHINE: Final = Site(kind="own-machine")


def site_of(
    url: str, model: str, hosts: Mapping[str, Host], *, stated: str = "", is_sold: bool = False
) -> Site:
    """Where the model is processed that is asked at that address under that name.

    Only an address of this machine or of a private network is the company's own, and not for a
    model `is_sold` whose weights nobody has: something passes it on. An address that no host of
    the catalogue has is unknown. `stated` is a region that the project itself names, and counts
    instead; at an address of this machine it says that something there passes the request on.
    """
    name = (urlsplit(url).hostname or "").rstrip(".")
    found = _site(name, model, hosts, passed_on=is_sold or _is_passed_on(model))
    if not stated:
        return found
    kind = "unknown" if found.kind == "own-machine" else found.kind
    return Site(kind=kind, address=name, host=found.host, regions=(stated,), is_stated=True)


def hosts_in(model: CatalogueModel, regions: Iterable[str]) -> list[str]:
    """Hosts of the model that can process data in one of these regions, by id.

    They offer it somewhere; whether one request stays there, its address decides (`site_of`).
    """
    wanted = list(regions)
    offered = (offer.host for offer in model.offers)
    return list(
        dict.fromkeys(
            host.id for host in offered if len(outside(host.regions, wanted)) < len(host.regions)
        )
    )


def _site(name: str, model: str, hosts: Mapping[str, Host], *, passed_on: bool) -> Site:
    own = _own_kind(name)
    if own and not passed_on:
        return Site(kind=own, address=name)
    for host in hosts.values():
        endpoint = next((one for one in host.endpoints if _fits(one, name, model)), None)
        if endpoint:
            regions, source = endpoint.regions, endpoint.source
            return Site(kind="host", address=name, host=host, regions=regions, source=source)
        if name and name == urlsplit(host.url).hostname:
            return Site(kind="host", address=name, host=host, source=host.sources.get("url"))
    return Site(kind="unknown", address=name)


def _own_kind(name: str) -> Literal["own-machine", "own-network"] | None:
    try:
        address = ip_address(name)
    except ValueError:
        return _own_name(name)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return "own-machine"
    return "own-network" if _is_private(address) else None


def _own_name(name: str) -> Literal["own-machine", "own-network"] | None:
    if name == "localhost" or name.endswith(".localhost"):
        return "own-machine"
    # A name without a dot is of the own network; but `134744072` is an address of the internet.
    is_bare = "." not in name and ":" not in name and name[:1].isalpha()
    return "own-network" if is_bare or name.endswith(_OWN_NAMES) else None


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in _OWN_NETWORKS)


def _is_passed_on(model: str) -> bool:
    """True for models of Ollama's that a local server sends on to its maker's cloud.

    They are called `…-cloud` or `…:cloud`: https://docs.ollama.com/cloud
    """
    return model.endswith(("-cloud", ":cloud"))


def _fits(endpoint: Endpoint, name: str, model: str) -> bool:
    return fnmatchcase(name, endpoint.address) and fnmatchcase(model, endpoint.model)
