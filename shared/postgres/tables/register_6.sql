-- The document that a rejected record was to bring, as far as the record can be read.
-- `revision`, `document_at` (listed_at or completed_at): null without a number.
ALTER TABLE quarantine
    ADD COLUMN number text COLLATE "C",
    ADD COLUMN revision integer,
    ADD COLUMN document_at timestamptz;

-- A member of a document in a record's bytes; null if they cannot be read.
CREATE FUNCTION pg_temp.member(value bytea, is_binary boolean, path text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN convert_from(value, 'UTF8') :: jsonb #>> (CASE WHEN is_binary THEN path ELSE ARRAY['data'] || path END);
EXCEPTION WHEN data_exception OR syntax_error_or_access_rule_violation THEN
    RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.instant(written text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN written ~ '^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$' THEN written :: timestamptz END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;
WITH named AS (
    SELECT id, value, headers @? '$[*] ? (@[0] == "ce_specversion")' AS is_binary,
           CASE WHEN topic LIKE '%.listings.v1' THEN 'listing_no' ELSE 'trade_no' END AS number_of,
           CASE WHEN topic LIKE '%.listings.v1' THEN 'listed_at' ELSE 'completed_at' END AS time_of
    FROM quarantine WHERE reason NOT IN ('not_json', 'unreadable') AND NOT cut
), read AS (
    SELECT id, pg_temp.member(value, is_binary, ARRAY[number_of]) AS number,
           pg_temp.member(value, is_binary, ARRAY['revision']) AS revision,
           pg_temp.instant(pg_temp.member(value, is_binary, ARRAY[time_of])) AS document_at
    FROM named
)
UPDATE quarantine q SET number = r.number, document_at = r.document_at,
    revision = CASE WHEN r.revision ~ '^[1-9]\d{0,8}$' THEN r.revision :: integer END
FROM read r WHERE r.id = q.id AND r.number ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$';

-- Counts by reason, and whether a document was corrected, are read from this index alone.
CREATE INDEX quarantine_by_reason ON quarantine (exchange, reason, id)
    INCLUDE (number, received_at, partition, "offset", cut);
CREATE INDEX quarantine_by_document ON quarantine (exchange, number, id DESC) WHERE number IS NOT NULL;
