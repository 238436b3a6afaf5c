"""Commits of consumers whose outcome is unknown."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    execute_files(COMMON / "base_3.sql")
