-- Tables of both registers. A register numbers what it accepts by `seq`: from 0, without gaps, in commit order.
-- Frozen once released: change it by a new migration.

-- One row, with the next seq. Whoever locks it is the register's only writer.
CREATE TABLE register_head (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    register        text NOT NULL,
    generation      integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    next_seq        bigint NOT NULL DEFAULT 0 CHECK (next_seq >= 0),
    settings_digest text
);
INSERT INTO register_head (register) VALUES ('{register}');
GRANT SELECT, INSERT, UPDATE ON register_head TO {role};

CREATE TABLE settings_entry (
    seq         bigint PRIMARY KEY,
    digest      text NOT NULL,
    content     jsonb NOT NULL,
    recorded_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON settings_entry TO {role};

CREATE TABLE party (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scheme text COLLATE "C" NOT NULL,
    code   text COLLATE "C" NOT NULL,
    name   text NOT NULL,
    UNIQUE (scheme, code)
);
GRANT SELECT, INSERT, UPDATE ON party TO {role};

CREATE TABLE quarantine (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exchange    text COLLATE "C" NOT NULL,
    topic       text COLLATE "C" NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    record_at   timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    reason      text COLLATE "C" NOT NULL,
    errors      jsonb NOT NULL,
    headers     jsonb NOT NULL,
    value       bytea,
    value_size  integer
);
CREATE INDEX quarantine_by_exchange ON quarantine (exchange, id);
GRANT SELECT, INSERT ON quarantine TO {role};

CREATE TABLE intake_day (
    exchange   text COLLATE "C" NOT NULL,
    day        date NOT NULL,
    outcome    text COLLATE "C" NOT NULL,
    records    bigint NOT NULL,
    amount_fen numeric(30) NOT NULL,
    PRIMARY KEY (exchange, day, outcome)
);
GRANT SELECT, INSERT, UPDATE ON intake_day TO {role};

CREATE TABLE outbox (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic    text NOT NULL,
    key      text NOT NULL,
    dirty_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON outbox TO {role};

-- Nothing is committed that is numbered and not in the log.
CREATE FUNCTION log_is_whole() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    numbered bigint := (SELECT next_seq FROM register_head);
    logged bigint := coalesce((SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1), 0);
BEGIN
    IF numbered <> logged THEN
        RAISE EXCEPTION '% entries are numbered, and % are in the log', numbered, logged
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'log_is_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER log_is_whole AFTER UPDATE OF next_seq ON register_head DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_is_whole();

ALTER TABLE quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE intake_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE party ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON quarantine FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
CREATE POLICY viewer ON intake_day FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
GRANT SELECT ON quarantine, intake_day TO {viewer};
-- An exchange finds a party by the code that it knows already, and is not shown its name.
CREATE POLICY viewer ON party FOR SELECT TO {viewer} USING (true);
GRANT SELECT (id, scheme, code) ON party TO {viewer};
