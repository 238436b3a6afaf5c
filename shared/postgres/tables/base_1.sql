-- Tables of every service: positions in Kafka, runs of the consumer, and the transparency log.
-- Frozen once released: change it by a new migration.

GRANT SELECT ON alembic_version TO {role};

CREATE TABLE position (
    topic       text COLLATE "C" NOT NULL,
    partition   integer NOT NULL CHECK (partition >= 0),
    topic_id    text NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    moved_at    timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)
);
GRANT SELECT, INSERT, UPDATE ON position TO {role};

CREATE TABLE worker_run (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host       text NOT NULL,
    pid        integer NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ending     text COLLATE "C" CHECK (ending IN ('stopped', 'halted', 'failed')),
    reason     text,
    CHECK ((ended_at IS NULL) = (ending IS NULL))
);
GRANT SELECT, INSERT, UPDATE ON worker_run TO {role};

CREATE TABLE log_hash (
    level  smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    first  bigint NOT NULL CHECK (first >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) > 0 AND octet_length(hashes) % 32 = 0),
    PRIMARY KEY (level, first)
);
-- Hashes hardly compress, and are read in parts.
ALTER TABLE log_hash ALTER hashes SET STORAGE EXTERNAL;
CREATE FUNCTION log_hash_follows() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.first <> coalesce((SELECT first + octet_length(hashes) / 32 FROM log_hash
                              WHERE level = NEW.level ORDER BY first DESC LIMIT 1), 0) THEN
        RAISE EXCEPTION 'hashes of a level follow each other' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_hash_follows BEFORE INSERT ON log_hash FOR EACH ROW EXECUTE FUNCTION log_hash_follows();

CREATE TABLE log_key (
    id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vkey text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE log_checkpoint (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size      bigint NOT NULL CHECK (size >= 0),
    peaks     bytea NOT NULL CHECK (octet_length(peaks) = 32 * bit_count(int8send(size))),
    key_id    integer NOT NULL REFERENCES log_key,
    signed_at timestamptz NOT NULL,
    note      text NOT NULL
);
CREATE FUNCTION log_checkpoint_follows() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.size < (SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1) THEN
        RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_checkpoint_follows BEFORE INSERT ON log_checkpoint
    FOR EACH ROW EXECUTE FUNCTION log_checkpoint_follows();

CREATE TABLE log_cosignature (
    checkpoint_id bigint NOT NULL REFERENCES log_checkpoint,
    vkey          text COLLATE "C" NOT NULL,
    line          text NOT NULL,
    PRIMARY KEY (checkpoint_id, vkey)
);

CREATE FUNCTION log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_hash
    FOR EACH STATEMENT EXECUTE FUNCTION log_stays();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_key
    FOR EACH STATEMENT EXECUTE FUNCTION log_stays();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION log_stays();
GRANT SELECT, INSERT ON log_hash, log_key, log_checkpoint, log_cosignature TO {role};

-- Every key may read the whole log: a proof needs the hashes of other exchanges' entries, and shows no more of them.
ALTER TABLE log_hash ENABLE ROW LEVEL SECURITY;
ALTER TABLE log_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE log_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE log_cosignature ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON log_hash FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON log_key FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON log_checkpoint FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON log_cosignature FOR SELECT TO {viewer} USING (true);
GRANT SELECT ON log_hash, log_key, log_checkpoint, log_cosignature TO {viewer};
