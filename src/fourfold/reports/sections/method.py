"""How it was done, in words, and what the terms mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from fourfold.reports.found import DOLLARS, Found
from fourfold.reports.words import word, words
from fourfold.reports.writer import Writer


def method(found: Found, write: Writer) -> Mapping[str, Any]:
    """Three paragraphs, and every metric that is explained."""
    body = found.body
    return {
        "title": write.t("method"),
        "texts": [
            write.t(
                "compared",
                compared=write.cite(write.n(body["compared"], 0), "dataset", "compared"),
                count=write.cite(write.n(body["dataset"]["records"], 0), "dataset"),
            ),
            write.t("figures"),
            _rule(found, write),
            *_possibly_paid(found, write),
        ],
        "terms_title": write.t("terms"),
        "terms": [
            (write.metric(metric), word("explained", metric, write.language))
            for metric in found.metrics
            if metric in words("explained")
        ],
    }


def _rule(found: Found, write: Writer) -> Markup:
    """How the choice was made; of corrections only where they decide."""
    relevant = write.cite(write.gap(found.relevant), "rule", "relevant")
    permitted = write.t("unasked" if found.is_import else "permitted")
    said = permitted + " " + write.t("rule", relevant=relevant)
    return said + " " + write.t("people") if _is_of_corrections(found) else said


def _is_of_corrections(found: Found) -> bool:
    """True where corrections decide, and their money is told beside them."""
    return found.decisive == "hter" and any(one.people for one in found.systems)


def _possibly_paid(found: Found, write: Writer) -> Iterator[Markup]:
    """What a run that was killed may have cost beside what is known."""
    paid = found.body.get("possibly_paid") or {}
    if paid.get("usd"):
        count = write.cite(write.n(paid["requests"], 0), "evidence", "possibly_paid")
        money = write.cite(write.money(paid["usd"], DOLLARS), "evidence", "possibly_paid")
        yield write.t("possibly_paid", count=count, money=money)
