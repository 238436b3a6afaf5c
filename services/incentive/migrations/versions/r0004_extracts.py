"""Extracts: what was asked for and how far it is, what was made, and who asked for and took what."""

from shared.postgres.migrate import execute_all

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EXTRACTS = """
CREATE TABLE extract (
    id            text COLLATE "C" PRIMARY KEY,
    requested_by  text NOT NULL,
    role          text COLLATE "C" NOT NULL,
    request       jsonb NOT NULL,
    log_size      bigint NOT NULL CHECK (log_size >= 0), -- of the ledger, when it was asked for
    state         text COLLATE "C" NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
    progress      real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    attempts      integer NOT NULL DEFAULT 0,
    reason        text,
    requested_at  timestamptz NOT NULL,
    finished_at   timestamptz,
    expires_at    timestamptz,
    bytes         bigint,
    sha256        text,
    CHECK ((state = 'ready') <= (bytes IS NOT NULL AND sha256 IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE INDEX extract_unfinished ON extract (requested_at) WHERE state IN ('queued', 'running');
CREATE INDEX extract_expires ON extract (expires_at) WHERE state = 'ready';

-- Deflated already.
CREATE TABLE extract_piece (
    extract_id  text COLLATE "C" NOT NULL REFERENCES extract,
    number      integer NOT NULL CHECK (number >= 0),
    content     bytea NOT NULL,
    PRIMARY KEY (extract_id, number)
);
ALTER TABLE extract_piece ALTER content SET STORAGE EXTERNAL;

CREATE TABLE extract_access (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    extract_id  text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    who         text,
    role        text COLLATE "C",
    action      text COLLATE "C" NOT NULL
                CHECK (action IN ('requested', 'downloaded', 'cancelled', 'removed', 'expired'))
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON extract_access
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    execute_all(
        (
            EXTRACTS,
            "GRANT SELECT, INSERT, UPDATE ON extract TO {role}",
            "GRANT SELECT, INSERT, DELETE ON extract_piece TO {role}",
            "GRANT SELECT, INSERT ON extract_access TO {role}",
        )
    )
