"""Who may know of a file that could not be read: those who might see the file."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE fourfold.failures ADD COLUMN groups text[] NOT NULL DEFAULT '{}'")
