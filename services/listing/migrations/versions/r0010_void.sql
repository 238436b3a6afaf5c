-- Annulled listings that could be firsts otherwise: facts name the least that comes before the first.
CREATE INDEX listing_void ON listing (provider, listed_at, exchange, number)
    WHERE status = 'annulled' AND NOT mirrored AND counted;
