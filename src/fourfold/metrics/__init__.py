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
        "rouge1": "fourfold.metrics.rouge:Rouge1",
        "rouge2": "fourfold.metrics.rouge:Rouge2",
        "rougeL": "fourfold.metrics.rouge:RougeL",
        "rougeLsum": "fourfold.metrics.rouge:RougeLsum",
        "em": "fourfold.metrics.em:ExactMatch",
        "f1": "fourfold.metrics.f1:TokenF1",
        "accuracy": "fourfold.metrics.labels:Accuracy",
        "macro_f1": "fourfold.metrics.labels:MacroF1",
    },
)

__all__ = ["METRICS", "Metric"]
