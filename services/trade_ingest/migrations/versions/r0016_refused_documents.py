"""The documents of rejected records."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    execute_files(COMMON / "register_6.sql")
