"""Traces: facts and payload in monthly partitions, and hourly roll-ups.

The partitions themselves are made by the writer, when the first trace of a month comes.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    CREATE TABLE fourfold.traces (
        started_at timestamptz NOT NULL,
        id text NOT NULL,
        kind text NOT NULL,
        principal text NOT NULL,
        application text NOT NULL,
        model text NOT NULL,
        outcome text NOT NULL,
        error_code text,
        seconds double precision NOT NULL,
        first_text_seconds double precision,
        prompt_tokens integer NOT NULL,
        completion_tokens integer NOT NULL,
        cached_tokens integer NOT NULL,
        cost_usd double precision,
        spans jsonb NOT NULL,
        facts jsonb NOT NULL,
        PRIMARY KEY (started_at, id)
    ) PARTITION BY RANGE (started_at)
    """,
    "CREATE INDEX traces_principal ON fourfold.traces (principal, started_at)",
    """
    CREATE TABLE fourfold.trace_payloads (
        started_at timestamptz NOT NULL,
        id text NOT NULL,
        question text NOT NULL,
        answer text NOT NULL,
        hits jsonb NOT NULL,
        citations jsonb NOT NULL,
        PRIMARY KEY (started_at, id)
    ) PARTITION BY RANGE (started_at)
    """,
    """
    CREATE TABLE fourfold.trace_hours (
        hour timestamptz NOT NULL,
        kind text NOT NULL,
        application text NOT NULL,
        model text NOT NULL,
        outcome text NOT NULL,
        requests bigint NOT NULL,
        seconds double precision NOT NULL,
        prompt_tokens bigint NOT NULL,
        completion_tokens bigint NOT NULL,
        cost_usd double precision NOT NULL,
        histogram bigint[] NOT NULL,
        PRIMARY KEY (hour, kind, application, model, outcome)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
