"""The question that each index answers, and room for new versions of rows on their pages."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
