-- The statement (决定书) of a decision: its bytes for ever, by their SHA-256. Numbers of a year have no gaps.
CREATE TABLE statement (
    sha256   text COLLATE "C" PRIMARY KEY,
    year     smallint NOT NULL CHECK (year BETWEEN 2000 AND 2100),
    number   integer NOT NULL CHECK (number > 0),
    content  bytea NOT NULL,
    CONSTRAINT statement_sha256 CHECK (sha256 = encode(sha256(content), 'hex')),
    CONSTRAINT statement_number_once UNIQUE (year, number)
);
CREATE FUNCTION statements_numbered() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    missing integer;
BEGIN
    SELECT n.number - 1 INTO missing FROM added n
    WHERE n.number > 1 AND NOT EXISTS (SELECT FROM statement b WHERE b.year = n.year AND b.number = n.number - 1) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'statement % of the year is missing', missing
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'statement_without_gaps';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER statements_numbered AFTER INSERT ON statement
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION statements_numbered();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON statement TO {role};

-- A statement is of one decision, of a kind that has one.
ALTER TABLE decision
    ADD CONSTRAINT decision_statement FOREIGN KEY (statement) REFERENCES statement,
    ADD CONSTRAINT decision_statement_once UNIQUE (statement),
    ADD CONSTRAINT decision_with_statement CHECK (statement IS NULL
        OR action IN ('publish', 'approve', 'reject', 'revoke', 'notify_return', 'return'));

-- The service (送达) of a statement.
CREATE TABLE service (
    id         text COLLATE "C" PRIMARY KEY REFERENCES act,
    statement  text COLLATE "C" NOT NULL REFERENCES statement,
    award_id   text COLLATE "C" NOT NULL,
    way        text NOT NULL CHECK (way <> ''),
    served_on  date NOT NULL CHECK (isfinite(served_on)),
    "to"       text NOT NULL CHECK ("to" <> ''),
    documents  jsonb NOT NULL
);
CREATE INDEX service_statement ON service (statement);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON service
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON service TO {role};

ALTER TABLE act
    DROP CONSTRAINT act_kind_check,
    ADD CONSTRAINT act_kind_check
        CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant', 'grant_withdrawal',
                        'related_party', 'year_closing', 'service'));
