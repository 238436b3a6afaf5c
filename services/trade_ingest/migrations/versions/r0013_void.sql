-- Cancelled trades that could be firsts otherwise: facts name the least that comes before the first.
CREATE INDEX trade_void ON trade (buyer, completed_at, exchange, number)
    WHERE NOT completed AND NOT mirrored AND counted;
