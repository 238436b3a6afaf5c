-- Sums for the red flags of busy sellers by year (Shanghai), over trades that count: as of one entry, and brought forward
-- by what changed since (services/trade_ingest/busy_sellers.py). The trades of entries below `next_seq` are summed up.
CREATE TABLE busy_seller_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    next_seq bigint NOT NULL CHECK (next_seq >= 0)
);
INSERT INTO busy_seller_head (next_seq) VALUES (0);

CREATE TABLE busy_seller (
    party      integer NOT NULL,
    year       integer NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    trades     bigint NOT NULL CHECK (trades >= 0),
    PRIMARY KEY (party, year)
);
CREATE TABLE busy_seller_trade (
    party   integer NOT NULL,
    year    integer NOT NULL,
    net_fen bigint NOT NULL,
    seq     bigint NOT NULL,
    buyer   integer NOT NULL,
    PRIMARY KEY (party, year, net_fen, seq)
);
CREATE INDEX busy_seller_trade_by_buyer ON busy_seller_trade (buyer, party, year, net_fen);
CREATE TABLE busy_seller_amount (
    party   integer NOT NULL,
    year    integer NOT NULL,
    net_fen bigint NOT NULL,
    trades  bigint NOT NULL,
    buyers  bigint NOT NULL CHECK (buyers BETWEEN 1 AND trades),
    PRIMARY KEY (party, year, net_fen)
);
CREATE INDEX busy_seller_amount_repeated
    ON busy_seller_amount (party, year, (CAST(net_fen AS numeric) * trades) DESC, net_fen DESC)
    WHERE net_fen > 0 AND trades >= 5;
-- Other parties, natural persons excepted, in code point order of `subject` where sums are equal.
CREATE TABLE busy_seller_pair (
    party         integer NOT NULL,
    year          integer NOT NULL,
    other         integer NOT NULL,
    subject       text COLLATE "C" NOT NULL,
    sold_fen      bigint NOT NULL CHECK (sold_fen >= 0),
    sold_trades   bigint NOT NULL CHECK (sold_trades >= 0),
    bought_fen    bigint NOT NULL CHECK (bought_fen >= 0),
    bought_trades bigint NOT NULL CHECK (bought_trades >= 0 AND sold_trades + bought_trades > 0),
    PRIMARY KEY (party, year, other)
);
CREATE INDEX busy_seller_pair_largest ON busy_seller_pair (party, year, sold_fen DESC, subject) WHERE sold_trades > 0;
GRANT SELECT, UPDATE ON busy_seller_head TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON busy_seller, busy_seller_trade, busy_seller_amount, busy_seller_pair TO {role};

-- What entries since a certain one replaced.
CREATE INDEX trade_past_by_replaced_by ON trade_past (replaced_by);
-- The largest purchase after a small first one.
CREATE INDEX trade_large ON trade (buyer, (amount_fen - refunded_fen) DESC, completed_at, exchange, number)
    WHERE completed AND NOT mirrored AND counted AND amount_fen - refunded_fen >= 10000000;
