"""May a system be taken: what the licence gate and the place of its data leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

_UNKNOWN_PLACE: Final = {
    "code": "residency_unknown",
    "level": "approval",
    "text": "Where it processes its data is not known.",
    "values": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a system may be taken, and what speaks against it, as the licence gate says it.

    `forbidden` means never; reasons without it mean: not before somebody has agreed to them.
    """

    system: str
    forbidden: bool
    reasons: tuple[Mapping[str, Any], ...] = ()

    @property
    def free(self) -> bool:
        """True when nobody has to agree first."""
        return not self.reasons

    def as_json(self) -> dict[str, Any]:
        """The form that other programs rely on."""
        return {"model": self.system, "reasons": [dict(one) for one in self.reasons]}


def permission(system: str, facts: Mapping[str, Any]) -> Permission:
    """What these facts of a comparison say; a system of which nothing is known may be taken.

    That is the baseline, which has no licence of its own, or one whose answers were imported.
    """
    licence: Mapping[str, Any] = facts.get("licence") or {}
    verdict = licence.get("verdict")
    if verdict == "forbidden":
        return Permission(system=system, forbidden=True, reasons=_worst(licence))
    reasons = list(_worst(licence)) if verdict == "approval" else []
    agreed = bool(licence.get("approved_by"))
    told = any(one["code"] in {"residency", "unknown_site"} for one in reasons)
    if facts.get("kind") == "remote" and not (agreed or told or places(facts)):
        reasons.append(_UNKNOWN_PLACE)
    return Permission(system=system, forbidden=False, reasons=tuple(reasons))


def places(facts: Mapping[str, Any]) -> Sequence[str]:
    """Regions in which a system can process data; `own` is the team's own machine or network.

    What passes an address of one's own on to a provider is not known, so a model without open
    weights is nowhere for sure there.
    """
    if facts.get("kind") in {"baseline", "weights"}:
        return ["own"]
    if site := facts.get("site"):
        return ["own"] if site["kind"].startswith("own") else list(site["regions"])
    if host := facts.get("host"):
        return list(host["regions"])
    sold = (facts.get("catalogue") or {}).get("kind") == "proprietary"
    return ["own"] if not sold and is_own_network(str(facts.get("where", ""))) else []


def is_own_machine(facts: Mapping[str, Any]) -> bool:
    """True where a system computes on the very machine that asks it, be it through a server."""
    if facts.get("kind") in {"baseline", "weights"}:
        return True
    if site := facts.get("site"):
        return bool(site["kind"] == "own-machine")
    return "own" in places(facts) and _is_loopback(str(facts.get("where", "")))


def is_own_network(address: str) -> bool:
    """True for this machine, private addresses and bare names of machines."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return bool(host) and "." not in host


def _worst(licence: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The findings that make the verdict what it is."""
    return tuple(
        one for one in licence.get("findings", ()) if one.get("level") == licence["verdict"]
    )


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
