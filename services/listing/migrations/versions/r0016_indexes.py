"""The question that each index answers."""

from pathlib import Path

from shared.postgres.migrate import COMMON, execute_files

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    execute_files(COMMON / "register_8.sql", Path(__file__).with_suffix(".sql"))
