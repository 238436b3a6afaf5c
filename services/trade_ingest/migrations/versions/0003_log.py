"""The register's log."""

from shared.postgres.migrate import execute_all
from shared.translog.tables import CREATE_LOG_TABLES, GRANT_LOG_TABLES, log_is_whole

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    execute_all(
        (
            *CREATE_LOG_TABLES,
            *log_is_whole("SELECT next_seq FROM register_head", ("UPDATE OF next_seq ON register_head",)),
            *GRANT_LOG_TABLES,
        )
    )
