"""The question, the recommendation, and what weakens it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fourfold.reports.found import DOLLARS, Found, System
from fourfold.reports.numbers import day, read_day
from fourfold.reports.sensitivity import cheaper_with_people
from fourfold.reports.sources import licence_id, place_id
from fourfold.reports.words import finding, word
from fourfold.reports.writer import Writer

_SHARES = {"accuracy", "em"}
_FILES = 3  # on page one; the sources name them all
_LEFT_OUT = {"silent", "too_dear", "stopped"}
_WARNINGS = {
    "few_records": "few_records",
    "few_records_only": "few_records_only",
    "few_compared": "few_compared",
    "few_answered": "few_answered",
    "too_few": "too_few",
    "nothing_right": "nothing_right",
    "baseline_taken": "baseline_taken",
    "baseline_alone": "baseline_taken",
    "language": "language",
}  # code to phrase


def answer(found: Found, write: Writer) -> Mapping[str, Any]:
    """What stands at the top of the page."""
    body = found.body
    return {
        "kicker": write.t("kicker"),
        "question": write.t(
            "question",
            application=write.name(body["application"]),
            task=word("tasks", body["task"], write.language),
        ),
        "made": _made(found, write),
        "recommendation": write.t("recommendation"),
        "take": _take(found, write),
        "because": _because(found, write),
        "conditions": list(_conditions(found, write)),
        "cautions": [
            *_excluded(found, write),
            *_against(found, write),
            *_cautions(found, write),
        ],
    }


def _made(found: Found, write: Writer) -> Markup:
    """When, on what and, of an import, where the answers come from."""
    body = found.body
    date = write.cite(day(found.entry.at, write.language), "evidence")
    count = write.cite(write.n(body["compared"], 0), "dataset", "compared")
    if not found.is_import:
        phrase = "made_ships" if body["dataset"].get("ships") else "made"
        return write.t(phrase, date=date, count=count, file=write.name(body["dataset"]["file"]))
    named = [*dict.fromkeys(f"{one.get('tool', '')}: {one['file']}" for one in found.files)]
    told = [write.name(one.removeprefix(": ")) for one in named[:_FILES]]
    files = Markup(", ").join([*told, *(["…"] if named[_FILES:] else [])])
    return write.t("made_import", date=date, count=count, files=write.cite(files, "imported"))


def reasons_of(one: System, reasons: Sequence[Mapping[str, Any]], write: Writer) -> Markup:
    """What the licence gate says, with a link to the page of its figures."""
    return Markup(" ").join(_reason(one, each, write) for each in reasons)


def _reason(one: System, reason: Mapping[str, Any], write: Writer) -> Markup:
    text = finding(reason, write.language)
    if not any(letter.isdigit() for letter in text):
        return Markup.escape(text)
    about_service = reason["code"] in {"retired", "retires_soon", "residency"}
    return write.cite(text, place_id(one) if about_service else licence_id(one))


def _take(found: Found, write: Writer) -> Markup:
    chosen = found.chosen
    if chosen is None:
        return write.t("take_none")
    if found.is_alone:
        return write.t(
            "alone_import" if found.is_import else "take_alone", model=write.name(chosen)
        )
    return write.t(_taken(chosen, found), model=write.name(chosen))


def _taken(chosen: System, found: Found) -> str:
    """The phrase that is as sure as the choice."""
    if "baseline_taken" in _codes(found):
        return "take_baseline"
    if not chosen.permission.free:
        return "take_if"
    if "too_few" in _codes(found):
        return "take_too_few"
    return "take" if found.choice.get("settled", True) else "take_for_now"


def _codes(found: Found) -> set[str]:
    return {one["code"] for one in found.choice.get("warnings", [])}


def _because(found: Found, write: Writer) -> Markup:
    chosen = found.chosen
    if chosen is None:
        return _because_none(found, write)
    metric, score = write.metric(found.decisive), _score(chosen, found, write)
    if found.is_alone:
        said = write.t("because_alone", metric=metric, score=score)
    elif (rung := found.rung(chosen)) is None:
        said = write.t("because_best", metric=metric, score=score)
    else:
        best = write.name(found.choice["best"])
        name = "because_same" if rung["worse_by"] <= 0 else "because_cheaper"
        said = write.t(
            name,
            best=best,
            metric=metric,
            score=score,
            worse=write.cite(write.gap(rung["worse_by"]), "tests", "recommendation.others"),
            p=write.cite(write.chance(rung["p"]), "tests", "recommendation.others"),
        )
    return said + " " + _plainly(chosen, found, write)


def _because_none(found: Found, write: Writer) -> Markup:
    if named := found.choice["model"]:
        return write.t("because_old", model=write.name(named))
    return write.t("because_nothing_right" if "nothing_right" in _codes(found) else "because_none")


def _plainly(one: System, found: Found, write: Writer) -> Markup:
    """The decisive figure as people say it; empty for metrics that nobody can feel."""
    metric = "accuracy" if found.is_of_labels and "accuracy" in one.scores else found.decisive
    if metric != "hter" and metric not in _SHARES:
        return Markup("")
    count = write.n(100 * one.scores[metric]["value"], 0)
    cited = write.cite(count, f"quality-{metric}", f"{one.name}: scores.{metric}")
    return write.t("plainly_hter" if metric == "hter" else "plainly_share", count=cited)


def _score(one: System, found: Found, write: Writer) -> Markup:
    ends = write.ends(one, found.decisive)
    score = write.score(one, found.decisive)
    return Markup("{} ({})").format(score, ends) if ends else score


def _conditions(found: Found, write: Writer) -> Iterator[Markup]:
    chosen = found.chosen
    if chosen is None or chosen.permission.free:
        return
    said = write.t("condition", reasons=reasons_of(chosen, chosen.permission.reasons, write))
    until = found.choice.get("otherwise")
    then = write.t("otherwise", model=write.name(until)) if until else write.t("otherwise_none")
    yield Markup("{} {}").format(said, then)


def _excluded(found: Found, write: Writer) -> Iterator[Markup]:
    for one in found.systems:
        if one.permission.forbidden:
            yield write.t(
                "excluded",
                model=write.name(one),
                metric=write.metric(found.decisive),
                score=write.score(one, found.decisive),
                reasons=reasons_of(one, one.permission.reasons, write),
            )


def _against(found: Found, write: Writer) -> Iterator[Markup]:
    """Another one that is shown to leave people less to correct, and costs less with them."""
    if not (against := cheaper_with_people(found)):
        return
    values = {
        "other": write.name(against.other),
        "saved": write.cite(write.n(against.minutes, 0), "minutes"),
        "metric": write.metric(found.decisive),
    }
    if against.money is None:
        said = write.t("against_minutes", **values)
        dearer = write.cite(write.money(against.dearer, DOLLARS), "change")
        yield said + " " + write.t("against_dearer", dearer=dearer) if against.dearer else said
        return
    source = "people" if against.is_of_people_alone else "rate"
    money = write.cite(write.money(against.money, found.currency, 0), source)
    yield write.t("against_money", **values, money=money)


def _cautions(found: Found, write: Writer) -> Iterator[Markup]:
    if found.body["dataset"].get("ships"):
        yield write.t("ships", file=write.name(found.body["dataset"]["file"]))
    for one in found.body.get("left_out", []):
        code = one.get("code")
        yield write.t(code if code in _LEFT_OUT else "left_out", model=write.name(one["model"]))
    chosen = found.chosen
    told = [one for one in found.body.get("warnings", []) if isinstance(one, Mapping)]
    for warned in [*found.choice.get("warnings", []), *told]:
        if chosen or warned["code"] != "nothing_right":  # else it is the reason, and told above
            yield _warned(warned, write)
    if chosen and (retired := chosen.known.get("retired")) and chosen.kind == "remote":
        date = write.cite(read_day(retired, write.language), place_id(chosen))
        yield write.t("retired", model=write.name(chosen), date=date)


def _warned(warned: Mapping[str, Any], write: Writer) -> Markup:
    """A weakness; one that another release names stays as it was told."""
    if warned["code"] not in _WARNINGS:
        return write.name(warned["text"])
    values = {name: _value(name, each, write) for name, each in warned["values"].items()}
    return write.t(_WARNINGS[warned["code"]], **values)


def _value(name: str, value: Any, write: Writer) -> Markup:
    if name == "model":
        return write.name(value)
    if name in {"knows", "missing"}:
        return Markup(", ").join(word("languages", code, write.language) for code in value)
    if name in {"detectable", "relevant"}:
        source = "power" if name == "detectable" else "rule"
        return write.cite(write.gap(value), source, "recommendation.warnings")
    return write.cite(write.n(value, 0), "counts", "recommendation.warnings")
