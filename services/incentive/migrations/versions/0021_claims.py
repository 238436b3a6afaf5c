"""Revocations, returns as claims, recoveries, and rooms over the whole life."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
