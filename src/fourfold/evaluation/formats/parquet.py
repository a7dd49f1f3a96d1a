"""Parquet: the same rows as our JSON lines, for pandas, Polars, DuckDB and warehouses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.core.errors import InvalidInput
from fourfold.evaluation.formats.base import Found, Results
from fourfold.evaluation.formats.flat import flat, row_of
from fourfold.evaluation.formats.reading import Rows, json_value

_AT_ONCE = 1_000  # rows of a row group


class Parquet:
    """One table; `metadata` is JSON, since its keys differ from record to record."""

    def write(self, results: Results, file: Path) -> list[Path]:
        """Write the table."""
        schema = _schema()
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, len(results.rows), _AT_ONCE):
                group = results.rows[start : start + _AT_ONCE]
                lines = [_storable(flat(results, row)) for row in group]
                writer.write_table(pa.Table.from_pylist(lines, schema=schema))
        return [file]

    def read(self, file: Path) -> Found:
        """The row of each line of the table."""
        if not file.is_file():
            raise InvalidInput(f"There is no file `{file}`.", hint="Check the path.")
        rows = Rows("Parquet")
        try:
            for batch in pq.ParquetFile(file).iter_batches(_AT_ONCE):
                for value in batch.to_pylist():
                    rows.add(row_of(_loaded(value), len(rows.rows) + 1))
        except (pa.ArrowException, OSError) as error:
            raise InvalidInput(
                f"`{file}` is no Parquet file: {error}.", hint="Write it again."
            ) from error
        except ValueError as error:
            raise InvalidInput(
                f"Row {len(rows.rows) + 1} of `{file}` is no row of an experiment: {error}.",
                hint="The columns are those of `fourfold experiment export --format parquet`.",
            ) from error
        return rows.found(file)


def _storable(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "metadata": json.dumps(line["metadata"], ensure_ascii=False)}


def _loaded(line: dict[str, Any]) -> dict[str, Any]:
    metadata = line.get("metadata")
    return {**line, "metadata": json_value(metadata)} if isinstance(metadata, str) else line


def _schema() -> pa.Schema:
    text, number = pa.string(), pa.float64()
    spent = [
        ("prompt_tokens", pa.int64()),
        ("completion_tokens", pa.int64()),
        ("cached_tokens", pa.int64()),
        ("cost_usd", number),
        ("seconds", number),
        ("first_text_seconds", number),
    ]
    message = pa.struct([("role", text), ("content", text)])
    exchange = [
        *(("model", text), ("messages", pa.list_(message)), ("answer", text)),
        *(("finish_reason", text), *spent, ("at", text), ("error", text)),
    ]
    return pa.schema(
        [
            *((name, text) for name in ("experiment", "system", "id", "text")),
            *((name, pa.list_(text)) for name in ("passages", "references")),
            *(("language", text), ("tags", pa.list_(text)), ("cluster", text), ("metadata", text)),
            *(("output", text), ("refused", pa.bool_()), ("evidence", pa.list_(text))),
            *(*spent, ("error_code", text), ("error_message", text)),
            ("exchanges", pa.list_(pa.struct(exchange))),
        ]
    )
