"""Annulled listings that could be firsts otherwise."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
