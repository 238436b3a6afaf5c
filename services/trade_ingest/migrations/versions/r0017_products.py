"""The kind and industry of traded products, and the totals of exchanges by them."""

from pathlib import Path

from shared.postgres.migrate import execute_files

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    execute_files(Path(__file__).with_suffix(".sql"))
