-- The list of quarantine in order of time, the newest first.
CREATE INDEX quarantine_by_time ON quarantine (received_at, id);
