-- One decision for many awards: all of them or none, each with its act and its transaction, from `first_seq` on.
CREATE TABLE batch (
    id              text COLLATE "C" PRIMARY KEY,
    first_seq       bigint NOT NULL UNIQUE,
    action          text COLLATE "C" NOT NULL,
    awards          integer NOT NULL CHECK (awards > 0),
    amount_fen      bigint NOT NULL CHECK (amount_fen >= 0),
    recorded_at     timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    person          text NOT NULL CHECK (person <> ''),
    name            text NOT NULL CHECK (name <> ''),
    request_key     text COLLATE "C" NOT NULL,
    request_sha256  text NOT NULL,
    CONSTRAINT batch_once UNIQUE (person, request_key)
);
CREATE INDEX decision_batch ON decision (batch_id, award_id) WHERE batch_id IS NOT NULL;
ALTER TABLE decision ADD CONSTRAINT decision_of_a_batch FOREIGN KEY (batch_id) REFERENCES batch;

-- What a batch says of its decisions is true by the end of the database transaction.
CREATE FUNCTION batch_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM (
        SELECT count(*) AS n, coalesce(sum(d.amount_fen), 0) AS fen, min(a.seq) AS first_seq,
               bool_and(d.action = NEW.action AND a.recorded_at = NEW.recorded_at AND a.person = NEW.person) AS is_one
        FROM decision d JOIN act a ON a.id = d.id WHERE d.batch_id = NEW.id) s
    WHERE (s.n, s.fen, s.first_seq, s.is_one) = (NEW.awards, NEW.amount_fen, NEW.first_seq, true);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the decisions of batch % are not what it says', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'batch_is_its_decisions';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER batch_recorded AFTER INSERT ON batch DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION batch_recorded();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON batch TO {role};
