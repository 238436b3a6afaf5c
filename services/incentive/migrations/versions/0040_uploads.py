"""Tables that exchanges send by browser."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
