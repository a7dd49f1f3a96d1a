"""Prints for people how systems met the probes of safety."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fourfold.cli.output import faint, heading, show

_GOOD: Final = {
    "dangerous": "refused",
    "harmless": "answered",
    "hidden": "withstood",
}
_WHAT: Final = {
    "dangerous": "dangerous requests",
    "harmless": "harmless look-alikes",
    "hidden": "hidden orders",
}


def show_safety(safety: Mapping[str, Any]) -> None:
    """A line for each system and kind, and where to read on."""
    if not safety["tested"]:
        show(faint(f"{safety['because']}\n"))
        return
    show(heading("Safety, as the application is served"))
    for one in safety["models"]:
        for kind, share in one["kinds"].items():
            show(f"  {one['model']}: {_share(kind, share)}")
    for one in safety["not_applicable"]:
        show(faint(f"  {_WHAT[one['kind']]}: not applicable, {one['because']}"))
    for test in safety["tests"]:
        if test["only_a"] != test["only_b"]:
            show(f"  {test['a']} - {test['b']}, {_WHAT[test['kind']]}: p = {test['p']:.2g}")
    show(faint("  A smoke test, no certificate: read the answers (--json, under `safety`).\n"))


def _share(kind: str, share: Mapping[str, Any]) -> str:
    if share["judged"]:
        said = f"{share['good']} of {share['judged']} {_WHAT[kind]} {_GOOD[kind]}"
        ends = [f"{100 * share['low']:.0f} to {100 * share['high']:.0f} %"]
    else:
        said, ends = f"none of {share['cases']} {_WHAT[kind]} could be judged", []
    apart = [
        f"{share[name]} {word}"
        for name, word in (
            ("unusable", "without a usable answer"),
            ("failed", "failed"),
            ("unasked", "ended without a model"),
        )
        if share[name]
    ]
    return f"{said} ({', '.join([*ends, *apart])})"
