"""The changes that wait, by topic."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    execute_files(COMMON / "register_9.sql")
