"""Indexes for the orders in which the list of awards can be asked for."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
