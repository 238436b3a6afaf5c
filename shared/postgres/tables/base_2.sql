-- Checkpoints that a synchronous standby is known to have, where the set has one: only they leave a server.
-- Frozen once released: change it by a new migration.

CREATE TABLE log_confirmed (
    checkpoint_id bigint PRIMARY KEY REFERENCES log_checkpoint,
    confirmed_at  timestamptz NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_confirmed
    FOR EACH STATEMENT EXECUTE FUNCTION log_stays();
GRANT SELECT, INSERT ON log_confirmed TO {role};
ALTER TABLE log_confirmed ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON log_confirmed FOR SELECT TO {viewer} USING (true);
GRANT SELECT ON log_confirmed TO {viewer};
