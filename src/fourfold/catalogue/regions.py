"""Names of regions: the European Union holds its member states, and nothing else holds another."""

from collections.abc import Iterable
from typing import Final

UNION: Final = frozenset({
    "at", "be", "bg", "hr", "cy", "cz", "dk", "ee", "fi", "fr", "de", "gr", "hu", "ie",
    "it", "lv", "lt", "lu", "mt", "nl", "pl", "pt", "ro", "sk", "si", "es", "se",
})  # fmt: skip
"""ISO codes of the member states."""

NEIGHBOURS: Final = frozenset({"ch", "uk", "no", "is", "li"})
"""Others that a policy may name."""


def outside(places: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Those of the places that lie in none of the regions wanted."""
    allowed = {one.lower() for one in wanted}
    return [
        place
        for place in places
        if place.lower() not in allowed and not ("eu" in allowed and place.lower() in UNION)
    ]


def is_barred(country: str, barred: Iterable[str]) -> bool:
    """True when a company of that country lies in a region that a licence leaves out."""
    return bool(country) and not outside([country], barred)
