"""What a choice binds to: licence, place of the data, way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fourfold.reports.found import Found, System
from fourfold.reports.numbers import read_day
from fourfold.reports.sections.answer import reasons_of
from fourfold.reports.sections.options import place_of
from fourfold.reports.sources import licence_id, place_id
from fourfold.reports.writer import Writer


def risks(found: Found, write: Writer) -> Mapping[str, Any]:
    """A row for each system."""
    return {
        "title": write.t("risks"),
        "lead": write.t("not_legal"),
        "heads": [write.at("general").t("model"), *map(write.t, ("licence", "residency", "exit"))],
        "rows": [
            {
                "badge": write.badge(one),
                "name": write.name(one),
                "chosen": one.name == found.chosen_name,
                "licence": _licence(one, write),
                "residency": _residency(one, write),
                "exit": _way_out(one, write),
            }
            for one in found.systems
        ],
    }


def _licence(one: System, write: Writer) -> Markup:
    licence = one.licence
    if not licence:
        return write.t("own_code" if one.kind == "baseline" else "not_known")
    named = write.cite(write.name(licence["licence"]), licence_id(one))
    tag = Markup('<span class="tag">{}</span>').format(write.at("general").t(licence["verdict"]))
    found = Markup("{} {}").format(named, tag)
    for each in licence.get("findings", []):
        said = reasons_of(one, [each], write)
        found += Markup('<br><span class="soft">{}</span>').format(said)
    if who := licence.get("approved_by"):
        found += Markup("<br>{}").format(write.t("approved", who=write.name(who)))
    return found


def _residency(one: System, write: Writer) -> Markup | str:
    if "own" in one.places:
        return place_of(one, write)
    site = one.facts.get("site") or {}
    if site.get("stated"):
        return write.t("region_stated", regions=", ".join(site["regions"]).upper())
    if host := one.facts.get("host"):
        named = ", ".join(host["regions"]).upper()
        regions = write.cite(named, place_id(one)) if named else write.t("region_unknown")
        return write.t("at_host", host=write.name(host["name"]), regions=regions)
    if not one.kind:
        return write.t("not_known")
    return write.t("unknown_place", address=write.name(str(one.facts.get("where", ""))))


def _way_out(one: System, write: Writer) -> Markup:
    said = _exit(one, write)
    if (retired := one.known.get("retired")) and one.kind == "remote":
        date = write.cite(read_day(retired, write.language), place_id(one))
        said += Markup("<br>{}").format(write.t("retired", date=date))
    return said


def _exit(one: System, write: Writer) -> Markup:
    if one.kind == "baseline":
        return write.t("exit_baseline")
    if not one.kind:
        return write.t("not_known")
    if one.kind == "weights" or one.known.get("kind") == "open-weights":
        return write.t("exit_open")
    hosts = one.known.get("hosts") or []
    if not hosts:
        return write.t("exit_unknown")
    named = Markup(", ").join(write.name(host) for host in hosts)
    if len(hosts) == 1:
        return write.t("exit_one", hosts=named)
    return write.t("exit_hosts", count=write.cite(len(hosts), place_id(one)), hosts=named)
