-- The list of listings by time (the newest of all exchanges) and by number (whose it is, when the exchange is not known).
CREATE INDEX listing_by_time ON listing (listed_at, exchange, number);
CREATE INDEX listing_by_number ON listing (number, exchange);
