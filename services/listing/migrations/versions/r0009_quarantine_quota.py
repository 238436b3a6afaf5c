"""The quota of the quarantine, and errors that records share."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    execute_files(COMMON / "register_4.sql")
