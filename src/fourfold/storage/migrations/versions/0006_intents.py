"""What an experiment is about to send, so that a killed one knows what it may have paid."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    "ALTER TABLE fourfold.exchanges ADD COLUMN identity text NOT NULL DEFAULT ''",
    "ALTER TABLE fourfold.exchanges ADD COLUMN error_message text NOT NULL DEFAULT ''",
    "ALTER TABLE fourfold.exchanges ADD COLUMN tool_calls jsonb NOT NULL DEFAULT '[]'",
    "DROP INDEX fourfold.exchanges_key",  # requests are looked up by model
    "CREATE INDEX exchanges_identity ON fourfold.exchanges (identity)",
    """
    CREATE TABLE fourfold.intents (
        id text PRIMARY KEY,
        experiment text NOT NULL,
        key text NOT NULL,
        model text NOT NULL,
        most_usd double precision,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX intents_experiment ON fourfold.intents (experiment)",
    # What was sent before is counted for the first experiment that used it.
    """
    INSERT INTO fourfold.intents (id, experiment, key, model, most_usd, at)
    SELECT DISTINCT ON (exchanges.id) exchanges.id, experiments.id, exchanges.key,
        exchanges.model, exchanges.cost_usd, exchanges.at
    FROM fourfold.cases
    JOIN fourfold.experiments ON experiments.id = cases.experiment
    JOIN fourfold.exchanges ON exchanges.id = ANY (cases.exchanges)
    WHERE exchanges.key NOT LIKE 'imported:%'
    ORDER BY exchanges.id, experiments.started_at
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
