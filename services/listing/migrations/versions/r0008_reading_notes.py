"""Notes of what is being read, and orders to set offsets aside."""

from shared.postgres.migrate import COMMON, execute_files

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    execute_files(COMMON / "register_3.sql")
