-- The functions of search in the form that is inlined into the queries that call them. They return what they did.
CREATE OR REPLACE FUNCTION folded_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(casefold(normalize(name, NFKC) COLLATE "pg_unicode_fast"), '[\s[:punct:]]+', '', 'g');

CREATE OR REPLACE FUNCTION search_entries(subject text, name text) RETURNS TABLE (is_inner boolean, entry text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT place > 1, substr(folded, place, 16)
    FROM folded_name(name) AS folded, generate_series(1, length(folded)) AS place
    UNION
    SELECT false, folded_name(substr(subject, strpos(subject, ':') + 1));
END;

CREATE OR REPLACE FUNCTION readers_of(subject text) RETURNS SETOF text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT exchange FROM known_to WHERE about = subject
    UNION ALL
    SELECT '' WHERE NOT EXISTS (SELECT FROM known_to WHERE about = subject);
END;

-- Nearly all batches name no new subject, no other name and no new reader. A session keeps the plans of these functions:
-- the settings make them look rows up by index, whatever the statistics were when they were planned.
CREATE OR REPLACE FUNCTION subject_named() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (SELECT FROM added) THEN
        INSERT INTO search_entry (reader, is_inner, entry, number)
        SELECT r.reader, e.is_inner, e.entry, added.number
        FROM added, readers_of(added.subject) AS r(reader), search_entries(added.subject, added.name) AS e
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION subject_renamed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (SELECT FROM added) THEN
        DELETE FROM search_entry s
        USING removed, readers_of(removed.subject) AS r(reader), search_entries(removed.subject, removed.name) AS e
        WHERE (s.reader, s.is_inner, s.entry, s.number) = (r.reader, e.is_inner, e.entry, removed.number);
        INSERT INTO search_entry (reader, is_inner, entry, number)
        SELECT r.reader, e.is_inner, e.entry, added.number
        FROM added, readers_of(added.subject) AS r(reader), search_entries(added.subject, added.name) AS e
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION reader_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN subject_name n ON n.subject = added.about) THEN
        DELETE FROM search_entry s
        USING added JOIN subject_name n ON n.subject = added.about, search_entries(n.subject, n.name) AS e
        WHERE (s.reader, s.is_inner, s.entry, s.number) = ('', e.is_inner, e.entry, n.number);
        INSERT INTO search_entry (reader, is_inner, entry, number)
        SELECT added.exchange, e.is_inner, e.entry, n.number
        FROM added JOIN subject_name n ON n.subject = added.about, search_entries(n.subject, n.name) AS e
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

-- As before, but a name that is known is looked at only: ON CONFLICT DO UPDATE locks the row, which writes it.
CREATE OR REPLACE FUNCTION fact_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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
    SELECT n.key, n.value FROM jsonb_each_text(named) n
    WHERE n.value IS DISTINCT FROM (SELECT k.name FROM subject_name k WHERE k.subject = n.key)
    ON CONFLICT (subject) DO UPDATE SET name = excluded.name;
    RETURN NULL;
END $$;
