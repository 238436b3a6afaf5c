"""Versions of awards as published to Kafka, and their outbox."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
