"""Writes traces in batches: one COPY for the facts, one for the payloads, one roll-up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from fourfold.core.errors import StorageError
from fourfold.storage.database import Database
from fourfold.tracing.recorder import TraceRecorder
from fourfold.tracing.rows import (
    PAYLOAD_COLUMNS,
    TRACE_COLUMNS,
    hour_rows,
    payload_row,
    trace_row,
)

_PARTITIONED: Final = ("traces", "trace_payloads")

_ADD_HOUR: Final = text("""
    INSERT INTO trace_hours AS kept (hour, kind, application, model, outcome, requests, seconds,
                                     prompt_tokens, completion_tokens, cost_usd, histogram)
    VALUES (:hour, :kind, :application, :model, :outcome, :requests, :seconds,
            :prompt_tokens, :completion_tokens, :cost_usd, :histogram)
    ON CONFLICT (hour, kind, application, model, outcome) DO UPDATE SET
        requests = kept.requests + excluded.requests,
        seconds = kept.seconds + excluded.seconds,
        prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = kept.completion_tokens + excluded.completion_tokens,
        cost_usd = kept.cost_usd + excluded.cost_usd,
        histogram = (
            SELECT array_agg(old + new ORDER BY bucket)
            FROM unnest(kept.histogram, excluded.histogram) WITH ORDINALITY AS t (old, new, bucket)
        )
""")


class Unwritable(Exception):
    """The database refuses these traces for what is in them; a later try would end the same."""


class TraceWriter:
    """Puts batches into the database, each whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._months: set[datetime] = set()  # whose partitions have been seen to exist

    async def write(self, traces: Sequence[TraceRecorder]) -> None:
        """Write these traces and add them to their hours, in one transaction.

        Raises `Unwritable`, or `StorageError` when a later try may succeed.
        """
        days = {one.started_at.date() for one in traces}
        months = {datetime(day.year, day.month, 1, tzinfo=UTC) for day in days}
        try:
            async with self._database.begin() as transaction:
                for month in sorted(months - self._months):
                    await _make_partitions(transaction, month)
                await transaction.execute(_ADD_HOUR, hour_rows(traces))
                await _copy(transaction, "traces", TRACE_COLUMNS, map(trace_row, traces))
                await _copy(
                    transaction, "trace_payloads", PAYLOAD_COLUMNS, map(payload_row, traces)
                )
        except (ValueError, TypeError, asyncpg.DataError, asyncpg.UniqueViolationError) as error:
            raise Unwritable(str(error)) from error
        except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            self._months.clear()  # a partition may have been dropped, or the database restored
            raise StorageError(f"Traces cannot be written: {error}.") from error
        self._months |= months


async def _copy(
    transaction: AsyncConnection, table: str, columns: Sequence[str], rows: Any
) -> None:
    # SQLAlchemy has no COPY; asyncpg's own connection is inside the same transaction.
    driver: Any = (await transaction.get_raw_connection()).driver_connection
    await driver.copy_records_to_table(table, records=rows, columns=columns)


async def _make_partitions(transaction: AsyncConnection, month: datetime) -> None:
    # Two processes may meet a new month at the same time: one waits for the other.
    await transaction.execute(text("SELECT pg_advisory_xact_lock(hashtext('trace partitions'))"))
    end = (month + timedelta(days=31)).replace(day=1)
    for table in _PARTITIONED:
        name = f"{table}_{month:%Y_%m}"
        await transaction.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
                f"FOR VALUES FROM ('{month.isoformat()}') TO ('{end.isoformat()}')"
            )
        )
