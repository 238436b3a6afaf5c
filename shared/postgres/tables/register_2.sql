-- What the quarantine knows of a batch of records that was set aside as a whole, and of every value.
-- `last_offset`: of a batch; null for a single record. `records`: how many a batch holds; null if unknown.
-- `value_sha256`: of the whole value, or of the batch as stored, of which `value` has the beginning.
ALTER TABLE quarantine
    ADD COLUMN last_offset bigint,
    ADD COLUMN records integer,
    ADD COLUMN value_sha256 bytea;
UPDATE quarantine SET value_sha256 = sha256(value) WHERE value_size = octet_length(value);
