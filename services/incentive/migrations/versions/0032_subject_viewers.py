"""What a subject reads of the ledger."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
