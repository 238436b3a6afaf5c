"""The ledger's log."""

from shared.postgres.migrate import execute_all
from shared.translog.tables import CREATE_LOG_TABLES, GRANT_LOG_TABLES, log_is_whole

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What is posted comes with a move of positions, or with settings.
    whole = log_is_whole(
        "SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction",
        ("INSERT OR UPDATE ON position", "INSERT ON ledger_settings"),
    )
    execute_all((*CREATE_LOG_TABLES, *whole, *GRANT_LOG_TABLES))
