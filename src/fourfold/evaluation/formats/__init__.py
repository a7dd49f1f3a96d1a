"""How experiments travel to other tools and back: one file a format."""

from fourfold.core.registry import Registry
from fourfold.evaluation.formats.base import Format, Found, Results, Row

FORMATS: Registry[Format] = Registry(
    "format",
    group="fourfold.formats",
    builtin={
        "jsonl": "fourfold.evaluation.formats.jsonl:JsonLines",
        "parquet": "fourfold.evaluation.formats.parquet:Parquet",
        "inspect": "fourfold.evaluation.formats.inspect_log:InspectLog",
        "lm-eval": "fourfold.evaluation.formats.lm_eval:LmEval",
        "promptfoo": "fourfold.evaluation.formats.promptfoo:Promptfoo",
    },
    extras={"parquet": "parquet"},
)

__all__ = ["FORMATS", "Format", "Found", "Results", "Row"]
