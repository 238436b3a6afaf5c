"""The purpose of grants under other municipal policies, and their withdrawal."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
