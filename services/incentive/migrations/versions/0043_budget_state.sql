-- A random value that is replaced by whatever can change a claim on a budget or a sum that counts in one: a decision, or a
-- version of an award that was applied for. Snapshots with the same value have the same claims, on every server, so that a
-- ranking of them can be kept.
CREATE TABLE budget_state (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO budget_state DEFAULT VALUES;

CREATE FUNCTION budget_decided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE budget_state SET id = gen_random_uuid();
    RETURN NULL;
END $$;
CREATE TRIGGER budget_decided AFTER INSERT ON decision FOR EACH STATEMENT EXECUTE FUNCTION budget_decided();

CREATE FUNCTION budget_award_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN award_round r USING (award_id)) THEN
        UPDATE budget_state SET id = gen_random_uuid();
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER budget_award_changed AFTER INSERT ON award_version
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION budget_award_changed();

GRANT SELECT ON budget_state TO {role}, {viewer};
ALTER TABLE budget_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON budget_state FOR SELECT TO {viewer} USING (true);
