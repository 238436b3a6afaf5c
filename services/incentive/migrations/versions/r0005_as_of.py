"""Finding what stood at an instant without going through all that came later."""

from shared.postgres.migrate import execute_all

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute_all(
        (
            "CREATE INDEX fact_recorded_at ON fact (topic, key, recorded_at)",
            "CREATE INDEX award_version_recorded_at ON award_version (award_id, recorded_at, version)",
        )
    )
