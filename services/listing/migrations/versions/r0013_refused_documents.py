"""The documents of rejected records."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    execute_files(COMMON / "register_6.sql")
