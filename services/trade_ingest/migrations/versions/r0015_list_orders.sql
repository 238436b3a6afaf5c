-- The list of trades by time (the newest of all exchanges) and by number (whose it is, when the exchange is not known).
CREATE INDEX trade_by_completed_at ON trade (completed_at, exchange, number);
CREATE INDEX trade_by_number ON trade (number, exchange);
