-- Search: a part of a name is the beginning of what the name has from there on. So `search_entry` has a row for each
-- place in a name, and a query reads one range of an index, no more rows than it shows, however common the part is.
-- All of it is derived, from `fact` and `known_to`, by triggers.

-- A name as it is compared: without case, width, spaces, punctuation and symbols.
CREATE FUNCTION folded_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(casefold(normalize(name, NFKC) COLLATE "pg_unicode_fast"), '[\s[:punct:]]+', '', 'g')
$$;

-- The name of each subject in the fact recorded last about it.
CREATE TABLE subject_name (
    subject  text COLLATE "C" PRIMARY KEY,
    number   integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    name     text NOT NULL
);

-- `reader`: the exchange that may see the subject; empty for a subject that is known to no exchange.
-- `is_inner`: the entry begins inside the name; else at its beginning, or it is the subject's code.
CREATE TABLE search_entry (
    reader    text COLLATE "C" NOT NULL,
    is_inner  boolean NOT NULL,
    entry     text COLLATE "C" NOT NULL,
    number    integer NOT NULL,
    PRIMARY KEY (reader, is_inner, entry, number)
);

CREATE FUNCTION search_entries(subject text, name text) RETURNS TABLE (is_inner boolean, entry text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT place > 1, substr(folded, place, 16)
    FROM folded_name(name) AS folded, generate_series(1, length(folded)) AS place
    UNION
    SELECT false, folded_name(substr(subject, strpos(subject, ':') + 1))
$$;

-- The exchanges that may see each subject, or the empty reader.
CREATE FUNCTION readers_of(subject text) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT exchange FROM known_to WHERE about = subject
    UNION ALL
    SELECT '' WHERE NOT EXISTS (SELECT FROM known_to WHERE about = subject)
$$;
CREATE INDEX known_to_about ON known_to (about, exchange);

CREATE FUNCTION subject_named() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO search_entry (reader, is_inner, entry, number)
    SELECT r.reader, e.is_inner, e.entry, added.number
    FROM added, readers_of(added.subject) AS r(reader), search_entries(added.subject, added.name) AS e
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER subject_named AFTER INSERT ON subject_name
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION subject_named();

CREATE FUNCTION subject_renamed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM search_entry s
    USING removed, readers_of(removed.subject) AS r(reader), search_entries(removed.subject, removed.name) AS e
    WHERE (s.reader, s.is_inner, s.entry, s.number) = (r.reader, e.is_inner, e.entry, removed.number);
    INSERT INTO search_entry (reader, is_inner, entry, number)
    SELECT r.reader, e.is_inner, e.entry, added.number
    FROM added, readers_of(added.subject) AS r(reader), search_entries(added.subject, added.name) AS e
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER subject_renamed AFTER UPDATE ON subject_name
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION subject_renamed();

CREATE FUNCTION reader_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM search_entry s
    USING added JOIN subject_name n ON n.subject = added.about, search_entries(n.subject, n.name) AS e
    WHERE (s.reader, s.is_inner, s.entry, s.number) = ('', e.is_inner, e.entry, n.number);
    INSERT INTO search_entry (reader, is_inner, entry, number)
    SELECT added.exchange, e.is_inner, e.entry, n.number
    FROM added JOIN subject_name n ON n.subject = added.about, search_entries(n.subject, n.name) AS e
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER reader_added AFTER INSERT ON known_to
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION reader_added();

-- As before, and the names. An exchange is noted before the name, so that a new subject's entries are written once.
CREATE OR REPLACE FUNCTION fact_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    given bigint;
    applied bigint;
    named jsonb;
BEGIN
    SELECT count(*) INTO given FROM added;
    INSERT INTO fact_current AS c (topic, key, about, generation, seq, fact_id)
    SELECT topic, key, about, generation, seq, id FROM added
    ON CONFLICT (topic, key) DO UPDATE
        SET generation = excluded.generation, seq = excluded.seq, fact_id = excluded.fact_id
        WHERE (excluded.generation, excluded.seq) > (c.generation, c.seq) AND excluded.about = c.about;
    GET DIAGNOSTICS applied = ROW_COUNT;
    IF applied <> given THEN
        RAISE EXCEPTION 'a fact that is not newer than the one recorded, or about another, is not applied'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_newer';
    END IF;
    WITH told AS MATERIALIZED (
        SELECT id, about, convert_from(value, 'UTF8')::jsonb AS v FROM added WHERE topic <> 'facts.sign.v1'
    ), one AS (
        SELECT coalesce(v ->> 'exchange', v #>> '{first,exchange}') AS exchange, about FROM told
        UNION
        SELECT coalesce(v #>> '{annulled,exchange}', v #>> '{cancelled,exchange}'), about FROM told
    ), known AS (
        INSERT INTO known_to (exchange, about)
        SELECT exchange, about FROM one WHERE exchange IS NOT NULL
        UNION
        SELECT jsonb_object_keys(v -> 'by_exchange'), about FROM told
        ON CONFLICT DO NOTHING
    )
    SELECT jsonb_object_agg(about, v #>> '{party,name}' ORDER BY id) INTO named FROM told
    WHERE v #>> '{party,name}' IS NOT NULL;
    INSERT INTO subject_name AS s (subject, name)
    SELECT key, value FROM jsonb_each_text(named)
    ON CONFLICT (subject) DO UPDATE SET name = excluded.name WHERE s.name <> excluded.name;
    RETURN NULL;
END $$;

INSERT INTO subject_name (subject, name)
SELECT DISTINCT ON (about) about, convert_from(value, 'UTF8')::jsonb #>> '{party,name}' FROM fact
WHERE topic <> 'facts.sign.v1' AND NOT starts_with(about, 'exchange/')
ORDER BY about, id DESC;

CREATE INDEX decision_voucher ON decision (lower(voucher_no)) WHERE voucher_no IS NOT NULL;

GRANT SELECT ON subject_name, search_entry TO {role};
ALTER TABLE subject_name ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON subject_name FOR SELECT TO {viewer} USING (EXISTS (
    SELECT FROM known_to k
    WHERE k.exchange = current_setting('jiangbu.viewer', true) AND k.about = subject_name.subject));
CREATE POLICY viewer ON search_entry FOR SELECT TO {viewer} USING (
    reader = current_setting('jiangbu.viewer', true));
GRANT SELECT ON subject_name, search_entry TO {viewer};
