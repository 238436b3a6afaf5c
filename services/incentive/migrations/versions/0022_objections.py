"""Objections: who objects, when it was received, and the outcome, with documents."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
