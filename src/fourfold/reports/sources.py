"""Where each number comes from: the lines to which every figure of a report links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from markupsafe import Markup

from fourfold.evaluation.choice import RELEVANT
from fourfold.reports.found import DOLLARS, Found, System
from fourfold.reports.numbers import day, read_day
from fourfold.reports.writer import Writer, metric_id


@dataclass(frozen=True, slots=True)
class Source:
    """One line: `id` stays the same for the same comparison."""

    id: str
    title: Markup
    text: Markup


def cost_id(one: System) -> str:
    """Of the price of a system."""
    return f"cost-{_slug(one)}"


def licence_id(one: System) -> str:
    """Of the terms of a system."""
    return f"licence-{_slug(one)}"


def place_id(one: System) -> str:
    """Of the host and the offers of a system."""
    return f"place-{_slug(one)}"


def source_ids(found: Found) -> set[str]:
    """Every id that the figures of this report may name."""
    return {one.id for one in sources(found, Writer("en", "sources", {"evidence"}))}


def sources(found: Found, write: Writer) -> Iterator[Source]:
    """All lines, in the order in which a reader asks."""
    yield from _of_the_comparison(found, write)
    yield from _of_people(found, write)
    for one in found.systems:
        yield Source(cost_id(one), _named("cost", one, write), _price(one, found, write))
    for one in found.systems:
        if one.licence:
            yield Source(licence_id(one), _named("licence", one, write), _licence(one, write))
            yield Source(place_id(one), _named("place", one, write), _place(one, write))
    yield from _of_parts(found, write)


def _of_the_comparison(found: Found, write: Writer) -> Iterator[Source]:
    body, entry = found.body, found.entry
    compared = write.n(body["compared"], 0)
    said = {
        "number": entry.number,
        "date": day(entry.at, write.language),
        "hash": _code(entry.hash),
        "experiment": _code(body["experiment"]),
    }
    yield Source("evidence", write.t("evidence"), write.t("evidence_text", **said))
    if found.is_import:
        yield Source("imported", write.t("imported"), _imported(found, write))
    dataset = body["dataset"]
    text = write.t(
        "dataset_text",
        file=write.name(dataset["file"]),
        count=write.n(dataset["records"], 0),
        hash=_code(dataset["hash"]),
        compared=compared,
    )
    yield Source("dataset", write.t("dataset"), text)
    for metric in found.metrics:
        signature = found.systems[0].scores[metric].get("signature", "")
        text = write.t("quality_text", compared=compared, signature=_code(signature))
        yield Source(f"quality-{metric_id(metric)}", write.metric(metric), text)
    if methods := dict.fromkeys(test["method"] for test in body["tests"]):
        told = Markup(", ").join(write.t(name) for name in methods)
        text = write.t("tests_text", compared=compared, methods=told)
        yield Source("tests", write.t("tests"), text)
        yield Source("power", write.t("power"), write.t("power_text"))
    yield Source("rule", write.t("rule"), _rule(found, write))
    if found.has_waits:
        yield Source("wait", write.t("wait"), _waits(found, write))
    yield Source("counts", write.t("counts"), write.t("counts_text"))


def _imported(found: Found, write: Writer) -> Markup:
    """Each file that was read in, as it can be checked."""
    files = [
        write.t(
            "imported_file",
            file=write.name(one["file"]),
            tool=write.name(one.get("tool") or "–"),
            hash=_code(one["sha256"]),
        )
        for one in found.files
    ]
    return write.t("imported_text", files=Markup(" ").join(files))


def _rule(found: Found, write: Writer) -> Markup:
    """Which difference matters, and who said so."""
    relevant = write.gap(found.body["relevant"])
    name = "rule_set"
    if found.is_import:
        name = "rule_import"
    elif found.body["relevant"] == RELEVANT:
        name = "rule_default"
    return write.t(name, relevant=relevant) + " " + write.t("rule_text")


def _waits(found: Found, write: Writer) -> Markup:
    """How waits were measured; of an import only the other tool knows."""
    if found.is_import:
        return write.t("wait_import") + " " + write.t("wait_ends")
    machine = str(found.body["machine"])
    if write.language == "de":
        machine = machine.replace("CPUs", "Prozessoren").replace("CPU", "Prozessor")
    return write.t("wait_text", machine=machine) + " " + write.t("wait_ends")


def _of_people(found: Found, write: Writer) -> Iterator[Source]:
    known = found.calibration
    if not found.is_timed:
        return
    if {"seconds_a_word", "seconds_an_edit"} <= set(known):
        text = write.t(
            "minutes_text",
            timed=known["timed"],
            word=write.n(float(known["seconds_a_word"]), 2),
            edit=write.n(float(known["seconds_an_edit"]), 1),
        )
    else:
        signature = _code((found.systems[0].minutes or {}).get("signature", ""))
        text = write.t("minutes_plain", timed=known.get("timed", "?"), signature=signature)
    yield Source("minutes", write.t("minutes"), text)
    if "per_hour" in known:
        hour = write.money(float(known["per_hour"]), found.currency)
        yield Source("people", write.t("people"), write.t("people_text", hour=hour))
    if found.currency == DOLLARS:
        yield Source("rate", write.t("rate"), write.t("rate_same"))
    elif found.rate is not None:
        rate = write.money(found.rate, found.currency, 4)
        yield Source("rate", write.t("rate"), write.t("rate_text", rate=rate))


def _of_parts(found: Found, write: Writer) -> Iterator[Source]:
    body = found.body
    yield Source("change", write.t("change"), write.t("change_text"))
    if body["slices"]:
        text = write.t("slices_text", metric=write.metric(found.decisive))
        yield Source("slices", write.t("slices"), text)
    if body.get("ladder"):
        yield Source("ladder", write.t("ladder"), write.t("ladder_text"))
    tested = body.get("safety") or {}
    if tested.get("tested"):
        made = tested["set"]
        text = write.t(
            "safety_text",
            version=made["version"],
            hash=_code(made["hash"]),
            count=write.n(made["probes"], 0),
            method=_code(tested["method"]),
        )
        yield Source("safety", write.t("safety"), text)
    if judge := body.get("judge"):
        text = write.t("judge_text", signature=_code(judge["signature"]))
        yield Source("judge", write.t("judge"), text)


_DAYS: Final = {"read": "of_day", "in force since": "since_day", "data up to": "up_to_day"}


def _price(one: System, found: Found, write: Writer) -> Markup:
    price: Mapping[str, Any] | None = one.facts.get("price")
    if one.is_local:
        return write.t("cost_own")
    if one.cost is None:
        return write.t("cost_unsaid_import" if found.is_import else "cost_unknown")
    if not price:
        return write.t("cost_unsaid")
    return write.t(
        "cost_text",
        input=write.money(price["input"], DOLLARS),
        output=write.money(price["output"], DOLLARS),
        tokens_in=write.n(one.body["prompt_tokens"], 0),
        tokens_out=write.n(one.body["completion_tokens"], 0),
        when=write.t(
            _DAYS[price.get("means", "read")], date=read_day(price["date"], write.language)
        ),
        page=_link(price["source"].get("url"), price["source"]["title"]),
    )


def _licence(one: System, write: Writer) -> Markup:
    read, page = one.licence.get("source"), one.licence.get("page")
    if not read:
        return write.t("licence_none")
    if not page or page == read:
        return write.t("licence_page", page=_link(read, read))
    return write.t("licence_copy", page=_link(page, page), copy=_link(read, read))


def _place(one: System, write: Writer) -> Markup:
    said = []
    if read := (one.facts.get("host") or {}).get("source"):
        date = read_day(read["read"], write.language)
        said.append(write.t("place_page", page=_link(read["url"], read["title"]), date=date))
    entry = _code(one.known.get("name", one.name))
    said.append(write.t("place_catalogue", entry=entry))
    return Markup(" ").join(said)


def _named(name: str, one: System, write: Writer) -> Markup:
    return write.t(name, model=write.name(one))


def _link(url: str | None, text: str | None) -> Markup:
    """Only to pages: an address of another kind could run something."""
    if not url or not url.startswith(("https://", "http://")):
        return Markup("<span>{}</span>").format(text or "")
    return Markup('<a href="{}">{}</a>').format(url, text)


def _code(text: object) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _slug(one: System) -> str:
    """A part of an id; a piece of a hash tells names apart that differ only in their signs."""
    plain = re.sub(r"[^a-z0-9]+", "-", one.name.casefold()).strip("-")[:40]
    return f"{plain}-{sha256(one.name.encode()).hexdigest()[:4]}"
