"""Rejected records by their places."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    execute_files(COMMON / "register_7.sql")
