"""Users, API keys and the audit log."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    CREATE TABLE fourfold.users (
        id text PRIMARY KEY,
        name text NOT NULL UNIQUE,
        role text NOT NULL CHECK (role IN ('viewer', 'reviewer', 'engineer', 'owner')),
        groups text[] NOT NULL,
        created_at timestamptz NOT NULL,
        revoked_at timestamptz
    )
    """,
    """
    CREATE TABLE fourfold.api_keys (
        id text PRIMARY KEY,
        name text NOT NULL,
        prefix text NOT NULL,
        secret_hash bytea NOT NULL UNIQUE,
        role text NOT NULL CHECK (role IN ('viewer', 'reviewer', 'engineer', 'owner')),
        groups text[] NOT NULL,
        user_id text REFERENCES fourfold.users (id),
        act_for_users boolean NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
    )
    """,
    """
    CREATE TABLE fourfold.audit_log (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        details jsonb NOT NULL
    )
    """,
    "CREATE INDEX audit_log_at ON fourfold.audit_log (at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
