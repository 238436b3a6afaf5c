-- Rejected records by their places in an exchange's topic: what became of records that it sent.
CREATE INDEX quarantine_by_place ON quarantine (exchange, partition, "offset");
