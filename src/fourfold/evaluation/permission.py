"""May a system be taken: what the licence gate and the place of its data leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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

    Empty: nobody knows.
    """
    if facts.get("kind") in {"baseline", "weights"}:
        return ["own"]
    if site := facts.get("site"):
        own = ["own"] if site["kind"].startswith("own") else []
        return list(site["regions"]) or own
    host = facts.get("host") or {}
    return list(host.get("regions", ()))


def is_own_machine(facts: Mapping[str, Any]) -> bool:
    """True where a system computes on the very machine that asks it, be it through a server."""
    site = facts.get("site") or {}
    return facts.get("kind") in {"baseline", "weights"} or site.get("kind") == "own-machine"


def _worst(licence: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The findings that make the verdict what it is."""
    return tuple(
        one for one in licence.get("findings", ()) if one.get("level") == licence["verdict"]
    )
