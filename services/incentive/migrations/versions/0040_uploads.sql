-- Tables that exchanges send by browser: what was uploaded, the mapping of each exchange, and the events that were made
-- of the rows. Nothing here is part of the ledger: the events reach it through Kafka, as those of the kit do.

CREATE TABLE upload_mapping (
    exchange  text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('listing', 'trade')),
    mapping   jsonb NOT NULL,
    saved_by  text NOT NULL,
    saved_at  timestamptz NOT NULL CHECK (isfinite(saved_at)),
    PRIMARY KEY (exchange, kind)
);

-- The content is kept until the upload is confirmed, and a day at most; its SHA-256 and the mapping stay.
CREATE TABLE upload (
    id            text COLLATE "C" PRIMARY KEY,
    exchange      text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind IN ('listing', 'trade')),
    file_name     text NOT NULL,
    file_sha256   text COLLATE "C" NOT NULL,
    content       bytea,
    mapping       jsonb,
    uploaded_by   text NOT NULL,
    person        text NOT NULL,
    uploaded_at   timestamptz NOT NULL CHECK (isfinite(uploaded_at)),
    confirmed_at  timestamptz CHECK (isfinite(confirmed_at)),
    CHECK ((confirmed_at IS NULL) = (content IS NOT NULL)),
    CHECK (confirmed_at IS NULL OR mapping IS NOT NULL)
);
CREATE INDEX upload_exchange ON upload (exchange, uploaded_at);

-- A revision is made of one row alone, whoever uploads it when. Its event is kept until Kafka has acknowledged it.
CREATE TABLE upload_record (
    exchange        text COLLATE "C" NOT NULL,
    kind            text COLLATE "C" NOT NULL CHECK (kind IN ('listing', 'trade')),
    number          text COLLATE "C" NOT NULL,
    revision        integer NOT NULL CHECK (revision > 0),
    upload_id       text COLLATE "C" NOT NULL REFERENCES upload,
    line            integer NOT NULL CHECK (line > 0),
    content_hash    bytea NOT NULL,
    amount_fen      bigint NOT NULL CHECK (amount_fen >= 0),
    value           bytea,
    kafka_partition integer,
    kafka_offset    bigint,
    PRIMARY KEY (exchange, kind, number, revision),
    CHECK ((value IS NULL) = (kafka_offset IS NOT NULL)),
    CHECK ((kafka_partition IS NULL) = (kafka_offset IS NULL))
);
CREATE INDEX upload_record_upload ON upload_record (upload_id, line);

GRANT SELECT, INSERT, UPDATE ON upload_mapping, upload_record TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON upload TO {role};
