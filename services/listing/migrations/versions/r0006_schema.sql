-- Tables of the listing register. Fixed-width columns come first, in the order of intake's binary COPY.

-- The revision in force of each number.
CREATE TABLE listing (
    seq         bigint NOT NULL,
    "offset"    bigint NOT NULL,
    listed_at   timestamptz NOT NULL,
    record_at   timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    revision    integer NOT NULL,
    partition   integer NOT NULL,
    provider    integer NOT NULL,
    mirrored    boolean NOT NULL,
    counted     boolean NOT NULL,
    binary_mode boolean NOT NULL,
    exchange    text COLLATE "C" NOT NULL,
    number      text COLLATE "C" NOT NULL,
    status      text COLLATE "C" NOT NULL CHECK (status IN ('listed', 'withdrawn', 'annulled')),
    value       bytea NOT NULL,
    headers     bytea,
    PRIMARY KEY (exchange, number)
);
CREATE UNIQUE INDEX listing_by_seq ON listing (seq);
CREATE INDEX listing_first ON listing (provider, listed_at, exchange, number)
    WHERE status <> 'annulled' AND NOT mirrored AND counted;

-- All other revisions: replaced by a higher one (`replaced_by` is its seq), or late from the start (null).
CREATE TABLE listing_past (
    seq         bigint NOT NULL,
    "offset"    bigint NOT NULL,
    listed_at   timestamptz NOT NULL,
    record_at   timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    revision    integer NOT NULL,
    partition   integer NOT NULL,
    provider    integer NOT NULL,
    mirrored    boolean NOT NULL,
    counted     boolean NOT NULL,
    binary_mode boolean NOT NULL,
    exchange    text COLLATE "C" NOT NULL,
    number      text COLLATE "C" NOT NULL,
    status      text COLLATE "C" NOT NULL CHECK (status IN ('listed', 'withdrawn', 'annulled')),
    value       bytea NOT NULL,
    headers     bytea,
    replaced_by bigint,
    PRIMARY KEY (exchange, number, revision)
);
CREATE UNIQUE INDEX listing_past_by_seq ON listing_past (seq);

-- The first listing of each party with a USCC.
CREATE TABLE first_listing (
    party     integer PRIMARY KEY,
    exchange  text COLLATE "C" NOT NULL,
    number    text COLLATE "C" NOT NULL,
    listed_at timestamptz NOT NULL,
    seq       bigint NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON listing, first_listing TO {role};
GRANT SELECT, INSERT, UPDATE ON listing_past TO {role};

ALTER TABLE listing ENABLE ROW LEVEL SECURITY;
ALTER TABLE listing_past ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON listing FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
CREATE POLICY viewer ON listing_past FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
GRANT SELECT ON listing, listing_past TO {viewer};
