-- The refunds of the trades in totals, so that facts name them beside the net amount. The next start of the consumer adopts
-- settings that say so, and sums them up for stored trades too.
ALTER TABLE exchange_total ADD COLUMN refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen >= 0);
ALTER TABLE provider_total ADD COLUMN refunded_fen bigint NOT NULL DEFAULT 0 CHECK (refunded_fen >= 0);

-- With the refund as the last column.
CREATE OR REPLACE VIEW trade_category AS
SELECT t.seq, t.exchange, t.provider, t.completed_at, t.amount_fen - t.refunded_fen AS net_fen,
       CASE WHEN NOT t.counted THEN 'not_on_whitelist'
            WHEN NOT t.completed THEN 'cancelled'
            WHEN t.mirrored THEN 'mirrored'
            WHEN NOT t.listed THEN 'mode'
            WHEN l.proves AND l.provider = t.provider AND l.listed_at <= t.completed_at THEN 'counted'
            ELSE 'unmatched'
       END AS category,
       t.record_at, t.refunded_fen
FROM trade t
LEFT JOIN listing_fact l ON t.listed AND l.exchange = t.exchange AND l.listing_no = t.listing_no;
