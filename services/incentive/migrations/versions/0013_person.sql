-- `person` identifies who acts, `name` is the name of the key or account. Acts of earlier versions have no `name`: their
-- `person` is that name.
ALTER TABLE act ADD COLUMN name text CHECK (name <> '');

CREATE FUNCTION same_person(one act, other act) RETURNS boolean LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT one.person = other.person
        OR (one.name IS NULL OR other.name IS NULL) AND coalesce(one.name, one.person) = coalesce(other.name, other.person)
$$;

CREATE OR REPLACE FUNCTION decision_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mine act;
    other act;
    state text := 'estimated';
    approved bigint;
    paid bigint;
    returned bigint;
BEGIN
    -- Two decisions on one state would have the same number; the state is that of the step before.
    IF NEW.number > 0 THEN
        SELECT to_state INTO state FROM decision WHERE award_id = NEW.award_id AND number = NEW.number - 1;
    END IF;
    IF state IS DISTINCT FROM NEW.from_state THEN
        RAISE EXCEPTION 'step % of % does not follow the one before', NEW.number, NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_follows';
    END IF;
    SELECT * INTO mine FROM act WHERE id = NEW.id;
    SELECT a.* INTO other FROM decision d JOIN act a USING (id)
    WHERE d.award_id = NEW.award_id AND d.number < NEW.number
      AND d.action = CASE NEW.action WHEN 'joint_review' THEN 'review' WHEN 'approve' THEN 'publish' END
    ORDER BY d.number DESC LIMIT 1;
    IF same_person(mine, other) THEN
        RAISE EXCEPTION '% of % needs another person', NEW.action, NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_four_eyes';
    END IF;
    SELECT coalesce(sum(amount_fen) FILTER (WHERE action = 'approve'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE action = 'pay'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE action = 'return'), 0)
    INTO approved, paid, returned FROM decision WHERE award_id = NEW.award_id;
    IF paid > approved OR returned > approved THEN
        RAISE EXCEPTION 'more would be paid or returned of % than was approved', NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_within_approved';
    END IF;
    PERFORM 1 FROM act a JOIN ledger_transaction t USING (seq)
    WHERE a.id = NEW.id AND t.award_id = NEW.award_id AND t.amount_fen = NEW.amount_fen AND t.subject = NEW.subject
      AND t.year = NEW.year AND t.kind = CASE NEW.action WHEN 'approve' THEN 'approval' WHEN 'pay' THEN 'payment'
          WHEN 'return' THEN 'return' ELSE 'decision' END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the posting does not match decision %', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_is_posted';
    END IF;
    RETURN NULL;
END $$;

ALTER TABLE page_session ADD COLUMN person text;
UPDATE page_session SET person = who;
ALTER TABLE page_session ALTER COLUMN person SET NOT NULL;
