"""Whose facts count is part of the settings in force."""

from shared.postgres.migrate import execute_all

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null: of every register that publishes, as before.
    execute_all(('ALTER TABLE ledger_settings ADD COLUMN registers text[] COLLATE "C"',))
