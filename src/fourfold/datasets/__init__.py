"""Records that people approved: what models are judged by, and later trained on."""

from fourfold.datasets.reading import dataset_error, read_records, record_from
from fourfold.datasets.records import Record, dataset_hash
from fourfold.datasets.timings import read_timed

__all__ = ["Record", "dataset_error", "dataset_hash", "read_records", "read_timed", "record_from"]
