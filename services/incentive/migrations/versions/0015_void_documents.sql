-- Facts about firsts name the annulled or cancelled document before the first: its exchange may see the subject too.
CREATE OR REPLACE FUNCTION fact_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    given bigint;
    applied bigint;
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
    INSERT INTO known_to (exchange, about)
    WITH told AS MATERIALIZED (
        SELECT about, convert_from(value, 'UTF8')::jsonb AS v FROM added WHERE topic <> 'facts.sign.v1'
    ), one AS (
        SELECT coalesce(v ->> 'exchange', v #>> '{first,exchange}') AS exchange, about FROM told
        UNION
        SELECT coalesce(v #>> '{annulled,exchange}', v #>> '{cancelled,exchange}'), about FROM told
    )
    SELECT exchange, about FROM one WHERE exchange IS NOT NULL
    UNION
    SELECT jsonb_object_keys(v -> 'by_exchange'), about FROM told
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
