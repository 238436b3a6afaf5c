"""What PostgreSQL shows to an exchange's key."""

from shared.postgres.migrate import execute_all
from shared.postgres.row_security import OF_VIEWER, shown
from shared.register.tables import SHOW_REGISTER_TABLES
from shared.translog.tables import SHOW_LOG_TABLES

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    execute_all((*SHOW_REGISTER_TABLES, *SHOW_LOG_TABLES))
    execute_all((*shown("trade", OF_VIEWER), *shown("trade_past", OF_VIEWER)))
