"""Statements of decisions, frozen and numbered without gaps in a year, and their service."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
