"""What PostgreSQL shows to an exchange's key."""

from shared.fence import OF_VIEWER, shown
from shared.log_tables import SHOW_LOG_TABLES
from shared.migrate import execute_all
from shared.register.tables import SHOW_REGISTER_TABLES

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute_all((*SHOW_REGISTER_TABLES, *SHOW_LOG_TABLES))
    execute_all((*shown("listing", OF_VIEWER), *shown("listing_past", OF_VIEWER)))
