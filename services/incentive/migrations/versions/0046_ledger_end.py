"""The end of the ledger at an instant, by an index."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
