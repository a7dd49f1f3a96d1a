"""Text metrics and statistics, pure functions."""

from fourfold.core.registry import Registry
from fourfold.metrics.base import Metric

METRICS: Registry[Metric] = Registry(
    "metric",
    group="fourfold.metrics",
    builtin={
        "bleu": "fourfold.metrics.sacre:Bleu",
        "chrf": "fourfold.metrics.sacre:Chrf",
        "chrf++": "fourfold.metrics.sacre:ChrfPlusPlus",
        "ter": "fourfold.metrics.sacre:Ter",
        "hter": "fourfold.metrics.sacre:Hter",
        "untouched": "fourfold.metrics.editing:Untouched",
        "insertions": "fourfold.metrics.editing:Insertions",
        "deletions": "fourfold.metrics.editing:Deletions",
        "substitutions": "fourfold.metrics.editing:Substitutions",
        "shifts": "fourfold.metrics.editing:Shifts",
        "rouge1": "fourfold.metrics.rouge:Rouge1",
        "rouge2": "fourfold.metrics.rouge:Rouge2",
        "rougeL": "fourfold.metrics.rouge:RougeL",
        "rougeLsum": "fourfold.metrics.rouge:RougeLsum",
        "em": "fourfold.metrics.em:ExactMatch",
        "f1": "fourfold.metrics.f1:TokenF1",
        "accuracy": "fourfold.metrics.labels:Accuracy",
        "field_precision": "fourfold.metrics.fields:FieldPrecision",
        "field_recall": "fourfold.metrics.fields:FieldRecall",
        "field_f1": "fourfold.metrics.fields:FieldF1",
        "json_valid": "fourfold.metrics.fields:JsonValid",
        "macro_precision": "fourfold.metrics.labels:MacroPrecision",
        "macro_recall": "fourfold.metrics.labels:MacroRecall",
        "macro_f1": "fourfold.metrics.labels:MacroF1",
        "citation_support": "fourfold.metrics.support:CitationSupport",
        "refusal": "fourfold.metrics.support:Refusal",
        "length": "fourfold.metrics.style:Length",
        "readability": "fourfold.metrics.style:Readability",
        "language": "fourfold.metrics.style:Language",
    },
)

__all__ = ["METRICS", "Metric"]
