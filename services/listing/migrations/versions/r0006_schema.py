"""The whole schema, in one migration."""

from pathlib import Path

from shared.postgres.migrate import COMMON, execute_files

revision = "0006"
down_revision = None
replaces = "0005"  # the last revision of jiangbu 0.1.0, with the same schema


def upgrade() -> None:
    execute_files(COMMON / "base_1.sql", COMMON / "register_1.sql", Path(__file__).with_suffix(".sql"))


def upgrade_replaced() -> None:
    """Do nothing: the schema is the same."""
