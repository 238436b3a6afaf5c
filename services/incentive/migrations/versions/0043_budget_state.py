"""The state of the claims on budgets, by which a ranking is kept."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
