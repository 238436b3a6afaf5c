-- Files that were uploaded and that no act names are removed after a while. `document_named` has the SHA-256 of every
-- document that acts and declarations name, whether its file is kept or not; it is derived, and triggers keep it.
CREATE TABLE document_named (
    sha256  text COLLATE "C" PRIMARY KEY
);

-- The same from what is recorded. A declaration that is damaged names nothing.
CREATE FUNCTION documents_named() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT one ->> 'sha256'
    FROM (
        SELECT documents FROM decision UNION ALL SELECT documents FROM hold UNION ALL SELECT documents FROM hold_release
        UNION ALL SELECT documents FROM eligibility UNION ALL SELECT documents FROM other_grant
        UNION ALL SELECT documents FROM related_party UNION ALL SELECT documents FROM year_closing
        UNION ALL SELECT documents FROM service UNION ALL SELECT documents FROM account
        UNION ALL
        SELECT CASE WHEN convert_from(value, 'UTF8') IS JSON OBJECT
                    THEN CAST(convert_from(value, 'UTF8') AS jsonb) -> 'documents' END
        FROM fact WHERE topic = 'declared') named
    CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(documents) = 'array' THEN documents END) one
    WHERE one ->> 'sha256' IS NOT NULL
$$;
INSERT INTO document_named SELECT * FROM documents_named();

-- The lock on the kept file lets a removal wait for the act that names it.
CREATE FUNCTION name_documents(digests text[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO document_named SELECT DISTINCT one FROM unnest(digests) one WHERE one IS NOT NULL ORDER BY one
    ON CONFLICT DO NOTHING;
    PERFORM FROM kept_file k WHERE k.sha256 = ANY(digests) FOR KEY SHARE;
END $$;

CREATE FUNCTION documents_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM name_documents(array_agg(DISTINCT one ->> 'sha256'))
    FROM added a, jsonb_array_elements(coalesce(a.documents, '[]')) one;
    RETURN NULL;
END $$;
CREATE FUNCTION declarations_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM name_documents(array_agg(DISTINCT one ->> 'sha256'))
    FROM added a, jsonb_array_elements(CAST(convert_from(a.value, 'UTF8') AS jsonb) -> 'documents') one
    WHERE a.topic = 'declared';
    RETURN NULL;
END $$;

CREATE TRIGGER documents_recorded AFTER INSERT ON decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON hold
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON hold_release
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON eligibility
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON other_grant
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON related_party
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON year_closing
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON service
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON account
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION documents_recorded();
CREATE TRIGGER documents_recorded AFTER INSERT ON fact
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION declarations_recorded();

-- An upload of a file that is kept already counts as a new one, and begins the time for which it is kept unnamed.
DROP TRIGGER unchanged ON kept_file;
ALTER TABLE kept_file ADD COLUMN uploaded_at timestamptz CHECK (isfinite(uploaded_at));
UPDATE kept_file SET uploaded_at = kept_at;
ALTER TABLE kept_file ALTER uploaded_at SET NOT NULL;
CREATE TRIGGER unchanged BEFORE UPDATE OF sha256, name, media_type, bytes, who, person, kept_at OR TRUNCATE ON kept_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE INDEX kept_file_uploaded_at ON kept_file (uploaded_at);

-- The owner may delete a named file where the law requires it, and says which in `jiangbu.erase`.
CREATE FUNCTION refuse_named_file() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM document_named n WHERE n.sha256 = OLD.sha256)
       AND current_setting('jiangbu.erase', true) IS DISTINCT FROM OLD.sha256 THEN
        RAISE EXCEPTION 'kept file % is named by an act', OLD.sha256 USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER unnamed BEFORE DELETE ON kept_file FOR EACH ROW EXECUTE FUNCTION refuse_named_file();

-- Remove at most so many files that no act names and that were uploaded last before an instant. They are locked first:
-- an act that names one meanwhile is waited for, and seen by the statement that deletes.
CREATE FUNCTION remove_unnamed_files(before timestamptz, most integer)
RETURNS TABLE (sha256 text, bytes bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    chosen text[];
BEGIN
    SELECT array_agg(found.sha256) INTO chosen
    FROM (SELECT k.sha256 FROM kept_file k
          WHERE k.uploaded_at < before AND NOT EXISTS (SELECT FROM document_named n WHERE n.sha256 = k.sha256)
          ORDER BY k.uploaded_at, k.sha256 LIMIT most FOR UPDATE) found;
    RETURN QUERY
    DELETE FROM kept_file k
    WHERE k.sha256 = ANY(chosen) AND k.uploaded_at < before
      AND NOT EXISTS (SELECT FROM document_named n WHERE n.sha256 = k.sha256)
    RETURNING k.sha256, k.bytes;
END $$;

REVOKE ALL ON FUNCTION name_documents(text[]), remove_unnamed_files(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_unnamed_files(timestamptz, integer) TO {role};
GRANT SELECT ON document_named TO {role};
GRANT UPDATE (uploaded_at) ON kept_file TO {role};
