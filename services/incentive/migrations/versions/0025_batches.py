"""Batches: one decision for many awards."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
