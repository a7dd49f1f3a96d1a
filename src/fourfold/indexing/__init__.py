"""Parse, chunk, embed, write: incremental, resumable, in one transaction a file."""

from fourfold.indexing.indexer import Indexer, pipeline_of
from fourfold.indexing.ledger import Ledger
from fourfold.indexing.plan import gone, plan
from fourfold.indexing.records import Failure, IngestReport, Progress

__all__ = [
    "Failure",
    "Indexer",
    "IngestReport",
    "Ledger",
    "Progress",
    "gone",
    "pipeline_of",
    "plan",
]
