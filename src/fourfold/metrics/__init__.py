"""Text metrics and statistics, pure functions."""

from fourfold.core.registry import Registry
from fourfold.metrics.base import Metric

METRICS: Registry[Metric] = Registry(
    "metric",
    group="fourfold.metrics",
    builtin={
        "em": "fourfold.metrics.em:ExactMatch",
        "f1": "fourfold.metrics.f1:TokenF1",
    },
)

__all__ = ["METRICS", "Metric"]
