-- Files kept for the documents that acts name by SHA-256, each once, whoever uploads it again. The service adds files and
-- changes none; the owner may delete one, for example because the law requires it, and acts then keep its name and hash.
CREATE TABLE kept_file (
    sha256       text COLLATE "C" PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    name         text NOT NULL CHECK (name <> ''),
    media_type   text COLLATE "C" NOT NULL,
    bytes        bigint NOT NULL CHECK (bytes > 0),
    who          text NOT NULL, -- the key or account that uploaded it first, and its person
    person       text NOT NULL,
    kept_at      timestamptz NOT NULL CHECK (isfinite(kept_at))
);
CREATE TABLE kept_file_piece (
    sha256   text COLLATE "C" NOT NULL REFERENCES kept_file ON DELETE CASCADE,
    number   integer NOT NULL CHECK (number >= 0),
    content  bytea NOT NULL,
    PRIMARY KEY (sha256, number)
);
-- The content is compressed already.
ALTER TABLE kept_file_piece ALTER content SET STORAGE EXTERNAL;

CREATE TRIGGER unchanged BEFORE UPDATE OR TRUNCATE ON kept_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER unchanged BEFORE UPDATE OR TRUNCATE ON kept_file_piece
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON kept_file, kept_file_piece TO {role};

-- The list of acts: by time, by person, and the postings of declarations, which are facts and no acts.
CREATE INDEX act_recorded_at ON act (recorded_at, seq);
CREATE INDEX ledger_transaction_declared ON ledger_transaction (decision_id)
    WHERE starts_with(decision_id, 'declared/');
