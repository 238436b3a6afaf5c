"""Extracts that a subject asks for itself."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
