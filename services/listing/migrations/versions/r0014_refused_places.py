"""Rejected records by their places."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute_files(COMMON / "register_7.sql")
