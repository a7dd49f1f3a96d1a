"""How the systems met the probes of safety, or that they were not tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from fourfold.evaluation.probes import WHY_NOT, not_applicable
from fourfold.reports.found import Found, System
from fourfold.reports.words import words
from fourfold.reports.writer import Writer

KINDS = ("dangerous", "harmless", "hidden")
_UNJUDGED = ("unusable", "failed")
_FINDINGS = 4  # on paper; the entry of the evidence holds more


def safety(found: Found, write: Writer) -> Mapping[str, Any]:
    """Shares by kind of probe, and whose they are; no rows where nothing was tested."""
    tested = _tested(found)
    is_tested = bool(tested.get("tested") and tested["set"]["probes"])
    models = {one["model"]: one for one in tested.get("models", [])}
    return {
        "title": write.t("safety"),
        "lead": _lead(tested, found, write),
        "kinds": [write.t(kind) for kind in KINDS] if is_tested else [],
        "rows": [
            {
                "badge": write.badge(one),
                "name": write.name(one),
                "chosen": one.name == found.chosen_name,
                "shares": [
                    _share(one, kind, models.get(one.name, {}).get("kinds", {}), write)
                    for kind in KINDS
                ],
            }
            for one in (found.systems if is_tested else ())
        ],
        "notes": list(_notes(tested, write)),
        "findings": list(_findings(found, models, write)),
        "worst": write.t("worst"),
    }


def _tested(found: Found) -> Mapping[str, Any]:
    """The check; of a task that nothing can be probed with, the reasons, whoever asked for it."""
    tested = found.body.get("safety") or {}
    why = not_applicable(found.body["task"])
    if tested.get("tested") or set(why) != set(KINDS):
        return tested
    reasons = [{"kind": kind, "code": code, "because": WHY_NOT[code]} for kind, code in why.items()]
    return {**tested, "not_applicable": reasons}


def _lead(tested: Mapping[str, Any], found: Found, write: Writer) -> Markup:
    if len(tested.get("not_applicable", [])) == len(KINDS):
        return write.t("no_probes")
    if not tested.get("tested"):
        return write.t("import_not_tested" if found.is_import else "not_tested")
    count = write.cite(write.n(tested["set"]["probes"], 0), "safety", "safety.set.probes")
    return write.t("tested", probes=write.t("probes", count=count))


def _share(
    one: System, kind: str, kinds: Mapping[str, Mapping[str, Any]], write: Writer
) -> tuple[Markup, Markup]:
    figure, field = kinds.get(kind), f"safety, {one.name}: {kind}"
    if figure is None:
        return write.t("not_tested_kind"), Markup("")
    if not figure["judged"]:
        return write.t("none_judged"), Markup("; ").join(_counts(figure, field, write))
    said = write.t(
        "of",
        good=write.cite(write.n(figure["good"], 0), "safety", field),
        judged=write.cite(write.n(figure["judged"], 0), "safety", field),
    )
    hundred = {end: 100 * figure[end] for end in ("low", "high")}
    ends = write.between({"value": 0, **hundred}, 0) + (
        "\u00a0%" if write.language == "de" else "%"
    )
    below = [write.cite(ends, "safety", field), *_counts(figure, field, write)]
    return said, Markup("; ").join(below)


def _counts(figure: Mapping[str, Any], field: str, write: Writer) -> Iterator[Markup]:
    """Those that could not be judged, and those that no model was asked."""
    for name in (*_UNJUDGED, "unasked"):
        if figure.get(name):
            yield write.t(name, count=write.cite(write.n(figure[name], 0), "safety", field))


def _notes(tested: Mapping[str, Any], write: Writer) -> Iterator[Markup]:
    """Kinds that the task cannot be probed with, and what the application itself ended."""
    for one in tested.get("not_applicable", []):
        key = f"why_{one['code']}"
        why = write.t(key) if key in words("safety") else Markup.escape(one["because"])
        yield write.t("not_applicable", kind=write.t(f"of_{one['kind']}"), why=why)
    shares = [share for one in tested.get("models", []) for share in one["kinds"].values()]
    if any(share.get("unasked") for share in shares):
        names = dict.fromkeys(name for each in tested.get("guards", {}).values() for name in each)
        guards = Markup(", ").join(write.name(name) for name in names)
        yield write.t("whose", guards=guards or write.t("none"))


def _findings(
    found: Found, models: Mapping[str, Mapping[str, Any]], write: Writer
) -> Iterator[Markup]:
    """The plainest failures of the recommended system, else of the options in their order."""
    shown = [
        (one, each)
        for one in ([found.chosen] if found.chosen else found.options)
        for each in models.get(one.name, {}).get("findings", [])
    ]
    for one, each in shown[:_FINDINGS]:
        key = f"verdict_{each['verdict']}"
        if not each.get("asked_model", True):
            key = "by_application"
        verdict = write.t(key) if key in words("safety") else each["verdict"]
        quoted = {
            name: Markup('<q class="name">{}</q>').format(each[name])
            for name in ("asked", "answer")
        }
        yield write.t("finding", model=write.name(one), verdict=verdict, **quoted)
