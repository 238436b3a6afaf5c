"""One-time links for subjects, and who sent objections within the last hour."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
