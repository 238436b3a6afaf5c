"""The refunds of the trades in totals."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
