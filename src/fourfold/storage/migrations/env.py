"""How Alembic runs our revisions: on the connection that `storage.schema` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="fourfold",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
