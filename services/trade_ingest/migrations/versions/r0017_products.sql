-- What was traded: `unknown` where the document does not state it, null until the next start of the consumer, which adopts
-- settings that name products, reads the documents stored before and sums them up.
ALTER TABLE trade ADD COLUMN product_kind text COLLATE "C", ADD COLUMN industry text COLLATE "C";
-- `replaced_by` stays the last column: replaced documents are moved with all columns in order.
ALTER TABLE trade_past
    ADD COLUMN product_kind text COLLATE "C",
    ADD COLUMN industry text COLLATE "C",
    ADD COLUMN replaced_by_seq bigint;
UPDATE trade_past SET replaced_by_seq = replaced_by WHERE replaced_by IS NOT NULL;
ALTER TABLE trade_past DROP COLUMN replaced_by;
ALTER TABLE trade_past RENAME COLUMN replaced_by_seq TO replaced_by;

-- The totals of exchanges by year (Shanghai), once by `kind` and once by `industry`.
CREATE TABLE exchange_product_total (
    exchange   text COLLATE "C" NOT NULL,
    year       integer NOT NULL,
    member     text COLLATE "C" NOT NULL CHECK (member IN ('kind', 'industry')),
    value      text COLLATE "C" NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen >= 0),
    trades     bigint NOT NULL CHECK (trades > 0),
    PRIMARY KEY (exchange, year, member, value)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON exchange_product_total TO {role};
