-- Policy, whitelist and registers that are put in force have a transaction of kind `settings`: that of `from_seq`, posted
-- at `recorded_at`. Settings of earlier versions have none; the first start enters those in force.
ALTER TABLE ledger_transaction
    ALTER COLUMN article DROP NOT NULL,
    DROP CONSTRAINT ledger_transaction_kind_check,
    ADD CONSTRAINT ledger_transaction_kind_check
        CHECK (kind IN ('entitlement', 'approval', 'payment', 'return', 'decision', 'settings')),
    DROP CONSTRAINT ledger_decision_posts_nothing,
    ADD CONSTRAINT ledger_decision_posts_nothing
        CHECK (CASE WHEN kind IN ('decision', 'settings') THEN entries = 0 AND amount_fen = 0 ELSE entries >= 2 END),
    DROP CONSTRAINT ledger_amount_sign,
    ADD CONSTRAINT ledger_amount_sign CHECK (kind IN ('entitlement', 'decision', 'settings') OR amount_fen > 0),
    DROP CONSTRAINT ledger_decided,
    ADD CONSTRAINT ledger_decided CHECK ((kind IN ('entitlement', 'settings')) = (decision_id IS NULL)
        AND (decision_id IS NULL) = (decision_sha256 IS NULL)),
    DROP CONSTRAINT ledger_of_an_award,
    ADD CONSTRAINT ledger_of_an_award CHECK (CASE kind
        WHEN 'settings' THEN award_id IS NULL AND subject IS NULL AND year IS NULL
        WHEN 'decision' THEN true
        ELSE award_id IS NOT NULL AND subject IS NOT NULL AND year IS NOT NULL END),
    ADD CONSTRAINT ledger_article CHECK ((kind = 'settings') = (article IS NULL));

-- New settings have their transaction, and a revision keeps the bytes that it was first put in force with.
CREATE FUNCTION settings_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known text;
BEGIN
    PERFORM 1 FROM ledger_transaction t
    WHERE t.seq = NEW.from_seq AND t.posted_at = NEW.recorded_at AND t.kind = 'settings'
      AND t.policy_id = NEW.policy_id AND t.policy_revision = NEW.policy_revision;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % does not put policy % revision % in force',
            NEW.from_seq, NEW.policy_id, NEW.policy_revision
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settings_have_their_transaction';
    END IF;
    SELECT policy_digest INTO known FROM ledger_settings
    WHERE policy_id = NEW.policy_id AND policy_revision = NEW.policy_revision AND id < NEW.id
    ORDER BY id DESC LIMIT 1;
    IF known <> NEW.policy_digest THEN
        RAISE EXCEPTION 'policy % revision % was put in force with SHA-256 %, not %',
            NEW.policy_id, NEW.policy_revision, known, NEW.policy_digest
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settings_revision_once';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER settings_entered AFTER INSERT ON ledger_settings FOR EACH ROW EXECUTE FUNCTION settings_entered();

-- A transaction of kind `settings` puts something in force by the end of the database transaction.
CREATE FUNCTION ledger_puts_in_force() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM ledger_settings WHERE from_seq = NEW.seq AND recorded_at = NEW.posted_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % puts nothing in force', NEW.seq
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_puts_in_force';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_puts_in_force AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'settings') EXECUTE FUNCTION ledger_puts_in_force();

-- All other transactions name the policy in force.
CREATE FUNCTION ledger_by_policy_in_force() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT a.seq INTO wrong
    FROM added a LEFT JOIN (SELECT policy_id, policy_revision FROM ledger_settings ORDER BY id DESC LIMIT 1) s ON true
    WHERE a.kind <> 'settings' AND (a.policy_id, a.policy_revision) IS DISTINCT FROM (s.policy_id, s.policy_revision)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not name the policy in force', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_policy_in_force';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_policy_in_force AFTER INSERT ON ledger_transaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_by_policy_in_force();

-- Settings are not confidential: an exchange's extract contains these transactions.
CREATE POLICY viewer_settings ON ledger_transaction FOR SELECT TO {viewer} USING (kind = 'settings');
