ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party', 'year_closing', 'service', 'account', 'account_confirmation',
                        'declared_table', 'declared_table_confirmation', 'declared_table_discard'));

-- The file of a table of declarations, as it was sent.
CREATE TABLE declared_table_file (
    sha256   text COLLATE "C" PRIMARY KEY,
    content  bytea NOT NULL,
    CONSTRAINT declared_table_file_is_its_hash CHECK (sha256 = encode(sha256(content), 'hex'))
);

-- A table that raises ceilings by more than a sum of the policy file. It waits until it is confirmed or discarded.
CREATE TABLE declared_table (
    id         text COLLATE "C" PRIMARY KEY REFERENCES act,
    sha256     text COLLATE "C" NOT NULL REFERENCES declared_table_file,
    rows       integer NOT NULL CHECK (rows > 0),
    added_fen  bigint NOT NULL,
    above_fen  bigint NOT NULL CHECK (above_fen > 0),
    previewed  jsonb NOT NULL,
    CONSTRAINT declared_table_needs_another_person CHECK (added_fen > above_fen)
);
CREATE TABLE declared_table_confirmation (
    id                 text COLLATE "C" PRIMARY KEY REFERENCES act,
    declared_table_id  text COLLATE "C" NOT NULL REFERENCES declared_table,
    CONSTRAINT declared_table_confirmed_once UNIQUE (declared_table_id)
);
CREATE TABLE declared_table_discard (
    id                 text COLLATE "C" PRIMARY KEY REFERENCES act,
    declared_table_id  text COLLATE "C" NOT NULL REFERENCES declared_table,
    reason             text NOT NULL CHECK (reason <> ''),
    CONSTRAINT declared_table_discarded_once UNIQUE (declared_table_id)
);

-- The ledger's lock lets one act through at a time, so neither of two ends can be hidden from the other.
CREATE FUNCTION declared_table_ended() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM declared_table_confirmation WHERE declared_table_id = NEW.declared_table_id)
       AND EXISTS (SELECT FROM declared_table_discard WHERE declared_table_id = NEW.declared_table_id)
    THEN
        RAISE EXCEPTION 'table of declarations % is both confirmed and discarded', NEW.declared_table_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'declared_table_one_end';
    END IF;
    IF TG_TABLE_NAME = 'declared_table_confirmation' AND (
        SELECT same_person(mine, other) FROM act mine, act other
        WHERE mine.id = NEW.id AND other.id = NEW.declared_table_id)
    THEN
        RAISE EXCEPTION 'table of declarations % needs to be confirmed by another person', NEW.declared_table_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'declared_table_four_eyes';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER declared_table_ended AFTER INSERT ON declared_table_confirmation
    FOR EACH ROW EXECUTE FUNCTION declared_table_ended();
CREATE TRIGGER declared_table_ended AFTER INSERT ON declared_table_discard
    FOR EACH ROW EXECUTE FUNCTION declared_table_ended();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON declared_table_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON declared_table
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON declared_table_confirmation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON declared_table_discard
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Tables are shown to no exchange.
GRANT SELECT, INSERT ON declared_table_file, declared_table, declared_table_confirmation, declared_table_discard
    TO {role};
