-- Versions of awards as the bureau sees them, for the topic of awards. A background process notices what changed; nothing
-- here is part of the log. Versions that were published are known to others: they must never be counted again.

-- The state of the ledger up to which awards were compared: one row, none before the first comparison or when all awards
-- are to be compared again.
CREATE TABLE compared_ledger (
    singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    as_of        timestamptz NOT NULL CHECK (isfinite(as_of)),
    fact_id      bigint NOT NULL, -- the last fact
    ledger_size  bigint NOT NULL,
    settings_id  integer NOT NULL
);

-- The last version of each award: the hash of what does not change as days pass, whether a budget held it, and the
-- instant of the ledger that it is of. The hash is null if a new version is due whatever the award looks like.
CREATE TABLE published_award (
    award_id        text COLLATE "C" PRIMARY KEY,
    version         integer NOT NULL CHECK (version > 0),
    content_sha256  text COLLATE "C",
    is_over_budget  boolean NOT NULL,
    as_of           timestamptz NOT NULL CHECK (isfinite(as_of))
);
CREATE INDEX published_award_over_budget ON published_award (award_id) WHERE is_over_budget;

-- Versions that wait to be sent, as the bytes of their records: what is sent again is the same.
CREATE TABLE award_outbox (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    award_id  text COLLATE "C" NOT NULL,
    version   integer NOT NULL,
    value     bytea NOT NULL,
    UNIQUE (award_id, version)
);

-- Versions of awards are appended in order of their instants, so a summary of blocks finds those after an instant and
-- costs intake nothing.
CREATE INDEX award_version_since ON award_version USING brin (recorded_at) WITH (autosummarize = on);

GRANT SELECT, INSERT, UPDATE, DELETE ON compared_ledger, published_award, award_outbox TO {role};
