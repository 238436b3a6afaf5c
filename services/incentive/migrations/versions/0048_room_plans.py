"""Rooms are planned for the subjects and the instant that are asked for."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
