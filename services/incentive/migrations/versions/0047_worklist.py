"""What the worklist counts is read from indexes; rooms in which nothing can exceed are left out."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
