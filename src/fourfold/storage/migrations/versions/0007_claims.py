"""Which experiment asks a request, so that two at the same time do not pay for it twice."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    "CREATE TABLE fourfold.claims (key text PRIMARY KEY, experiment text NOT NULL)",
    "CREATE INDEX intents_key ON fourfold.intents (key)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
