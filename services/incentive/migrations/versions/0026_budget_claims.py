"""The last round of each award, and a function that returns the claims on the budgets of years."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
