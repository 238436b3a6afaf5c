"""Who is signed in to the pages. A token is kept as its SHA-256 alone, so that reading the table gives no access."""

from shared.postgres.migrate import execute_all

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SESSIONS = """
CREATE TABLE page_session (
    token_sha256  text COLLATE "C" PRIMARY KEY,
    who           text NOT NULL,
    role          text COLLATE "C" NOT NULL,
    key_sha256    text COLLATE "C" NOT NULL, -- of the key that signed in
    begun_at      timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > begun_at)
);
CREATE INDEX page_session_expires ON page_session (expires_at);
"""


def upgrade() -> None:
    execute_all((SESSIONS, "GRANT SELECT, INSERT, DELETE ON page_session TO {role}"))
