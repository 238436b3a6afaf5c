"""An index of vouchers for every reader."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
