"""The whole schema, in one migration."""

from pathlib import Path

from shared.postgres.migrate import COMMON, execute_files

revision = "0012"
down_revision = None
replaces = "0011"  # the last revision of jiangbu 0.1.0, which had the account rule inside the trigger

_ACCOUNT_RULE = Path(__file__).with_name("r0012_account_rule.sql")


def upgrade() -> None:
    execute_files(COMMON / "base_1.sql", _ACCOUNT_RULE, Path(__file__).with_suffix(".sql"))


def upgrade_replaced() -> None:
    execute_files(_ACCOUNT_RULE)
