"""What PostgreSQL shows to an exchange's key."""

from shared.postgres.migrate import execute_all
from shared.postgres.row_security import OF_VIEWER, shown
from shared.register.tables import SHOW_REGISTER_TABLES
from shared.translog.tables import SHOW_LOG_TABLES

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute_all((*SHOW_REGISTER_TABLES, *SHOW_LOG_TABLES))
    execute_all((*shown("listing", OF_VIEWER), *shown("listing_past", OF_VIEWER)))
