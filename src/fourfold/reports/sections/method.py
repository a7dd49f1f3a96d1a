"""How it was done, in words, and what the terms mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fourfold.reports.found import Found
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
            write.t("rule", relevant=write.cite(write.gap(found.relevant), "rule", "relevant")),
        ],
        "terms_title": write.t("terms"),
        "terms": [
            (write.metric(metric), word("explained", metric, write.language))
            for metric in found.metrics
            if metric in words("explained")
        ],
    }
