"""Experiments: requests to models with their answers, and what each system gave for each record."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """
    CREATE TABLE fourfold.experiments (
        id text PRIMARY KEY,
        name text NOT NULL,
        spec jsonb NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        result jsonb
    )
    """,
    """
    CREATE TABLE fourfold.exchanges (
        id text PRIMARY KEY,
        key text NOT NULL,
        model text NOT NULL,
        messages jsonb NOT NULL,
        options jsonb NOT NULL,
        answer text NOT NULL,
        logprobs jsonb NOT NULL,
        finish_reason text NOT NULL,
        prompt_tokens integer NOT NULL,
        completion_tokens integer NOT NULL,
        cached_tokens integer NOT NULL,
        cost_usd double precision,
        seconds double precision NOT NULL,
        first_text_seconds double precision,
        at timestamptz NOT NULL,
        error text NOT NULL
    )
    """,
    "CREATE INDEX exchanges_key ON fourfold.exchanges (key) WHERE error = ''",
    """
    CREATE TABLE fourfold.cases (
        experiment text NOT NULL REFERENCES fourfold.experiments ON DELETE CASCADE,
        system text NOT NULL,
        record_id text NOT NULL,
        output text,
        refused boolean,
        evidence jsonb NOT NULL,
        exchanges text[] NOT NULL,
        prompt_tokens integer NOT NULL,
        completion_tokens integer NOT NULL,
        cached_tokens integer NOT NULL,
        cost_usd double precision,
        seconds double precision,
        first_text_seconds double precision,
        error_code text NOT NULL,
        error_message text NOT NULL,
        PRIMARY KEY (experiment, system, record_id)
    )
    """,
    """
    CREATE TABLE fourfold.evidence (
        number bigint PRIMARY KEY,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        body json NOT NULL,
        previous text NOT NULL,
        hash text NOT NULL UNIQUE
    )
    """,
    "CREATE INDEX evidence_subject ON fourfold.evidence (kind, subject, number)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
