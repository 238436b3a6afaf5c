"""Tables of declarations that wait for another person."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
