"""The bureau's list of related parties; first purchases of about the same amount beside each other, by the amount."""

from shared.postgres.migrate import execute_all

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RELATED = """
ALTER TABLE act DROP CONSTRAINT act_kind_check;
ALTER TABLE act ADD CONSTRAINT act_kind_check CHECK (kind IN (
    'decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'related_party'));

-- Of two the last entry counts.
CREATE TABLE related_party (
    id         text COLLATE "C" PRIMARY KEY REFERENCES act,
    subject    text COLLATE "C" NOT NULL,
    other      text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL CHECK (status IN ('related', 'unrelated')),
    reason     text NOT NULL,
    documents  jsonb NOT NULL,
    CONSTRAINT related_party_two CHECK (subject < other)
);
CREATE INDEX related_party_subject ON related_party (subject);
CREATE INDEX related_party_other ON related_party (other);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON related_party
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    execute_all((RELATED, "GRANT SELECT, INSERT ON related_party TO {role}"))
    execute_all(
        f"CREATE INDEX {table}_first_purchase ON {table} (base_fen) WHERE rule = 'first_purchase'"
        for table in ("award_current", "award_version")
    )
