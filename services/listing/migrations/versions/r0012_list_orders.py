"""Indexes for the orders in which lists can be asked for."""

from pathlib import Path

from shared.postgres.migrate import COMMON, execute_files

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    execute_files(COMMON / "register_5.sql", Path(__file__).with_suffix(".sql"))
