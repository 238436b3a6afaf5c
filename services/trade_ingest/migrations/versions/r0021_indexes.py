"""The question that each index answers, and room for new versions of totals on their pages."""

from pathlib import Path

from shared.postgres.migrate import COMMON, execute_files

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    execute_files(COMMON / "register_8.sql", Path(__file__).with_suffix(".sql"))
