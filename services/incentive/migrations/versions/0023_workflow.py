"""The bureau's whole workflow: notices by days, withdrawal, revocation, return and recovery; separate hands."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
