-- Tables of the trade register. Fixed-width columns come first, in the order of intake's binary COPY.

-- The revision in force of each number.
CREATE TABLE trade (
    seq          bigint NOT NULL,
    "offset"     bigint NOT NULL,
    amount_fen   bigint NOT NULL CHECK (amount_fen > 0),
    refunded_fen bigint NOT NULL CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    completed_at timestamptz NOT NULL,
    record_at    timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    revision     integer NOT NULL,
    partition    integer NOT NULL,
    provider     integer NOT NULL,
    buyer        integer NOT NULL,
    completed    boolean NOT NULL,
    listed       boolean NOT NULL,
    mirrored     boolean NOT NULL,
    counted      boolean NOT NULL,
    binary_mode  boolean NOT NULL,
    exchange     text COLLATE "C" NOT NULL,
    number       text COLLATE "C" NOT NULL,
    value        bytea NOT NULL,
    listing_no   text COLLATE "C",
    headers      bytea,
    PRIMARY KEY (exchange, number)
);
CREATE UNIQUE INDEX trade_by_seq ON trade (seq);
CREATE INDEX trade_first ON trade (buyer, completed_at, exchange, number)
    WHERE completed AND NOT mirrored AND counted;
CREATE INDEX trade_by_provider ON trade (provider, exchange, completed_at);
CREATE INDEX trade_by_time ON trade (exchange, completed_at);
CREATE INDEX trade_by_listing ON trade (exchange, listing_no) WHERE listed;

-- All other revisions: replaced by a higher one (`replaced_by` is its seq), or late from the start (null).
CREATE TABLE trade_past (
    seq          bigint NOT NULL,
    "offset"     bigint NOT NULL,
    amount_fen   bigint NOT NULL CHECK (amount_fen > 0),
    refunded_fen bigint NOT NULL CHECK (refunded_fen BETWEEN 0 AND amount_fen),
    completed_at timestamptz NOT NULL,
    record_at    timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    revision     integer NOT NULL,
    partition    integer NOT NULL,
    provider     integer NOT NULL,
    buyer        integer NOT NULL,
    completed    boolean NOT NULL,
    listed       boolean NOT NULL,
    mirrored     boolean NOT NULL,
    counted      boolean NOT NULL,
    binary_mode  boolean NOT NULL,
    exchange     text COLLATE "C" NOT NULL,
    number       text COLLATE "C" NOT NULL,
    value        bytea NOT NULL,
    listing_no   text COLLATE "C",
    headers      bytea,
    replaced_by  bigint,
    PRIMARY KEY (exchange, number, revision)
);
CREATE UNIQUE INDEX trade_past_by_seq ON trade_past (seq);

-- The newest listing fact of each listing. `proves`: counted and not annulled.
CREATE TABLE listing_fact (
    exchange    text COLLATE "C" NOT NULL,
    listing_no  text COLLATE "C" NOT NULL,
    register    text COLLATE "C" NOT NULL,
    generation  integer NOT NULL,
    fact_seq    bigint NOT NULL,
    seq         bigint NOT NULL,
    topic       text COLLATE "C" NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    provider    integer NOT NULL,
    listed_at   timestamptz NOT NULL,
    proves      boolean NOT NULL,
    value       bytea NOT NULL,
    PRIMARY KEY (exchange, listing_no)
);
CREATE UNIQUE INDEX listing_fact_by_seq ON listing_fact (seq);

-- Listing facts that a newer one replaced.
CREATE TABLE listing_fact_past (
    exchange    text COLLATE "C" NOT NULL,
    listing_no  text COLLATE "C" NOT NULL,
    register    text COLLATE "C" NOT NULL,
    generation  integer NOT NULL,
    fact_seq    bigint NOT NULL,
    seq         bigint NOT NULL,
    topic       text COLLATE "C" NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    provider    integer NOT NULL,
    listed_at   timestamptz NOT NULL,
    proves      boolean NOT NULL,
    value       bytea NOT NULL,
    replaced_by bigint NOT NULL,
    PRIMARY KEY (seq)
);

-- The first purchase of each party with a USCC.
CREATE TABLE first_purchase (
    party        integer PRIMARY KEY,
    exchange     text COLLATE "C" NOT NULL,
    number       text COLLATE "C" NOT NULL,
    completed_at timestamptz NOT NULL,
    seq          bigint NOT NULL
);

-- Totals by bucket (the instant at which it begins): a month, cut again at the dates of TOTALS_CUT_AT.
CREATE TABLE exchange_total (
    exchange          text COLLATE "C" NOT NULL,
    bucket_at         timestamptz NOT NULL,
    amount_fen        bigint NOT NULL,
    trades            bigint NOT NULL CHECK (trades >= 0),
    last_completed_at timestamptz NOT NULL,
    PRIMARY KEY (exchange, bucket_at)
);
CREATE TABLE provider_total (
    provider          integer NOT NULL,
    exchange          text COLLATE "C" NOT NULL,
    category          text COLLATE "C" NOT NULL,
    bucket_at         timestamptz NOT NULL,
    amount_fen        bigint NOT NULL,
    trades            bigint NOT NULL CHECK (trades >= 0),
    last_completed_at timestamptz NOT NULL,
    PRIMARY KEY (provider, bucket_at, exchange, category)
);

-- The category of each trade in its provider's totals. totals.py has the same order of reasons; a test compares them.
CREATE VIEW trade_category AS
SELECT t.seq, t.exchange, t.provider, t.completed_at, t.amount_fen - t.refunded_fen AS net_fen,
       CASE WHEN NOT t.counted THEN 'not_on_whitelist'
            WHEN NOT t.completed THEN 'cancelled'
            WHEN t.mirrored THEN 'mirrored'
            WHEN NOT t.listed THEN 'mode'
            WHEN l.proves AND l.provider = t.provider AND l.listed_at <= t.completed_at THEN 'counted'
            ELSE 'unmatched'
       END AS category
FROM trade t
LEFT JOIN listing_fact l ON t.listed AND l.exchange = t.exchange AND l.listing_no = t.listing_no;

GRANT SELECT, INSERT, UPDATE, DELETE ON trade, listing_fact, first_purchase, exchange_total, provider_total TO {role};
GRANT SELECT, INSERT, UPDATE ON trade_past TO {role};
GRANT SELECT, INSERT ON listing_fact_past TO {role};
GRANT SELECT ON trade_category TO {role};

ALTER TABLE trade ENABLE ROW LEVEL SECURITY;
ALTER TABLE trade_past ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON trade FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
CREATE POLICY viewer ON trade_past FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
GRANT SELECT ON trade, trade_past TO {viewer};
