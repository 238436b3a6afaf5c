-- Checks of acts and decisions run once a statement, because a batch has thousands of each and holds the ledger's lock
-- meanwhile. What they refuse is unchanged. A plan is made for the first statement of a session, which may have one row,
-- and kept: the settings make it look rows up by index, whatever the statistics are then.

DROP TRIGGER act_recorded ON act;
DROP FUNCTION act_recorded();
CREATE FUNCTION acts_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    wrong record;
BEGIN
    SELECT n.id, n.seq INTO wrong FROM added n LEFT JOIN ledger_transaction t ON t.seq = n.seq
    WHERE (t.decision_id, t.posted_at) IS DISTINCT FROM (n.id, n.recorded_at) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % is not of act %', wrong.seq, wrong.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'act_has_its_transaction';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER acts_recorded AFTER INSERT ON act
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION acts_recorded();

-- What a person is said to have decided is an act, or a declaration, and is in the log, by the end of the database
-- transaction. Acts are posted in the database transaction that records them, so they need no trigger of their own.
DROP TRIGGER log_is_whole ON act;
CREATE OR REPLACE FUNCTION ledger_decided_by() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    numbered bigint := (SELECT seq + 1 FROM ledger_transaction ORDER BY seq DESC LIMIT 1);
    logged bigint := coalesce((SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1), 0);
BEGIN
    IF starts_with(NEW.decision_id, 'declared/') THEN
        PERFORM 1 FROM fact WHERE topic = 'declared' AND concat('declared/', seq) = NEW.decision_id;
    ELSE
        PERFORM 1 FROM act WHERE id = NEW.decision_id AND seq = NEW.seq;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody decided transaction %', NEW.seq
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_decided_by';
    END IF;
    IF numbered <> logged THEN
        RAISE EXCEPTION '% entries are numbered, and % are in the log', numbered, logged
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'log_is_whole';
    END IF;
    RETURN NULL;
END $$;

-- The same function in the form that is inlined into the queries that call it.
CREATE OR REPLACE FUNCTION same_person(one act, other act) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN one.person = other.person
    OR (one.name IS NULL OR other.name IS NULL) AND coalesce(one.name, one.person) = coalesce(other.name, other.person);

-- A decision refers to its act, statement, list, batch and account. None of these is ever removed (`append_only`), so the
-- trigger below checks them by statement as foreign keys did by row; that of the act is `decision_is_posted`.
ALTER TABLE decision
    DROP CONSTRAINT decision_id_fkey,
    DROP CONSTRAINT decision_statement,
    DROP CONSTRAINT decision_notice_list_fkey,
    DROP CONSTRAINT decision_of_a_batch,
    DROP CONSTRAINT decision_account;

CREATE OR REPLACE FUNCTION decisions_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    wrong text;
    broken record;
BEGIN
    SELECT r.* INTO broken
    FROM (
        SELECT 'decision_statement' AS name, n.statement AS value FROM added n
        WHERE n.statement IS NOT NULL AND NOT EXISTS (SELECT FROM statement s WHERE s.sha256 = n.statement)
        UNION ALL
        SELECT 'decision_account', n.account FROM added n
        WHERE n.account IS NOT NULL AND NOT EXISTS (SELECT FROM account_confirmation c WHERE c.account_id = n.account)
        UNION ALL
        SELECT 'decision_notice_list', n.notice_list FROM (SELECT DISTINCT notice_list FROM added) n
        WHERE n.notice_list IS NOT NULL AND NOT EXISTS (SELECT FROM official_list l WHERE l.sha256 = n.notice_list)
        UNION ALL
        SELECT 'decision_of_a_batch', n.batch_id FROM (SELECT DISTINCT batch_id FROM added) n
        WHERE n.batch_id IS NOT NULL AND NOT EXISTS (SELECT FROM batch b WHERE b.id = n.batch_id)) r LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a decision refers to %, which is not there', broken.value
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = broken.name;
    END IF;
    -- Two decisions on one state would have the same number; the state is that of the step before.
    SELECT n.award_id INTO wrong
    FROM added n LEFT JOIN decision b ON b.award_id = n.award_id AND b.number = n.number - 1
    WHERE n.from_state IS DISTINCT FROM CASE WHEN n.number = 0 THEN 'estimated' ELSE b.to_state END LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a step of % does not follow the one before', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_follows';
    END IF;
    SELECT n.award_id INTO wrong
    FROM (SELECT a.award_id, a.number, a.action, mine FROM added a JOIN act mine ON mine.id = a.id
          WHERE cardinality(steps_of_others(a.action)) > 0 OFFSET 0) n
    CROSS JOIN LATERAL (
        SELECT coalesce(max(b.number) FILTER (WHERE b.action IN ('apply', 'list')), -1) AS round,
               coalesce(max(b.number) FILTER (WHERE b.action = 'pay' OR b.unpaid_fen <= 0), -1) AS paid,
               coalesce(max(b.number) FILTER (WHERE b.action = 'notify_return'), -1) AS notified
        FROM (
            SELECT number, action, sum(CASE action WHEN 'approve' THEN amount_fen WHEN 'pay' THEN -amount_fen
                WHEN 'revoke' THEN -amount_fen ELSE 0 END) OVER (ORDER BY number) AS unpaid_fen
            FROM decision WHERE award_id = n.award_id AND number < n.number) b) last
    JOIN decision d ON d.award_id = n.award_id AND d.number < n.number AND d.action = ANY(steps_of_others(n.action))
        AND d.number >= CASE d.action WHEN 'approve' THEN last.paid WHEN 'notify_return' THEN last.notified
            ELSE last.round END
    JOIN act other ON other.id = d.id
    WHERE same_person(n.mine, other) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a step of % needs another person', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_separate_hands';
    END IF;
    SELECT n.award_id INTO wrong
    FROM (SELECT DISTINCT award_id FROM added WHERE action IN ('pay', 'revoke', 'return', 'recover')) n
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'approve'), 0)
                   - coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'revoke'), 0) AS approved,
               coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'pay'), 0) AS paid,
               coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'return'), 0) AS returned,
               coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'recover'), 0) AS recovered
        FROM decision d WHERE d.award_id = n.award_id) s
    WHERE s.paid > s.approved OR s.returned > s.approved OR s.recovered > s.returned LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'more would be paid, returned or recovered of % than was approved', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_within_approved';
    END IF;
    SELECT n.award_id INTO wrong
    FROM added n JOIN LATERAL (
        SELECT b.amount_fen, b.number FROM decision b
        WHERE b.award_id = n.award_id AND b.action = 'notify_return' AND b.number < n.number
        ORDER BY b.number DESC LIMIT 1) notice ON true
    WHERE n.action = 'return' AND notice.amount_fen < (
        SELECT sum(r.amount_fen) FROM decision r
        WHERE r.award_id = n.award_id AND r.action = 'return' AND r.number > notice.number) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'more would be returned of % than was notified', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_within_notice';
    END IF;
    SELECT n.id INTO wrong
    FROM added n LEFT JOIN act a ON a.id = n.id LEFT JOIN ledger_transaction t ON t.seq = a.seq
    WHERE (t.award_id, t.subject, t.year) IS DISTINCT FROM (n.award_id, n.subject, n.year)
       OR t.amount_fen IS DISTINCT FROM CASE n.action WHEN 'notify_return' THEN 0 ELSE n.amount_fen END
       OR t.kind IS DISTINCT FROM CASE n.action WHEN 'approve' THEN 'approval' WHEN 'pay' THEN 'payment'
           WHEN 'revoke' THEN 'revocation' WHEN 'return' THEN 'return' WHEN 'recover' THEN 'recovery' ELSE 'decision' END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the posting does not match decision %', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_is_posted';
    END IF;
    RETURN NULL;
END $$;

-- Only an application begins a round: without one, the last round is still under way or has ended.
CREATE OR REPLACE FUNCTION award_round_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    applied text[] := (SELECT array_agg(DISTINCT a.award_id) FROM added a WHERE a.action IN ('apply', 'list'));
BEGIN
    UPDATE award_round r SET is_open = s.is_open, was_approved = r.was_approved OR s.is_approved
    FROM (SELECT a.award_id,
                 (array_agg(a.to_state ORDER BY a.number DESC))[1]
                     IN ('applied', 'reviewed', 'joint_reviewed', 'published') AS is_open,
                 bool_or(a.action = 'approve') AS is_approved
          FROM added a GROUP BY a.award_id HAVING NOT bool_or(a.action IN ('apply', 'list'))) s
    WHERE r.award_id = s.award_id
      AND (r.is_open, r.was_approved) IS DISTINCT FROM (s.is_open, r.was_approved OR s.is_approved);
    IF applied IS NOT NULL THEN
        INSERT INTO award_round AS r SELECT * FROM award_rounds(applied, NULL)
        ON CONFLICT (award_id) DO UPDATE SET
            applied_at = excluded.applied_at, is_open = excluded.is_open, was_approved = excluded.was_approved
            WHERE (r.applied_at, r.is_open, r.was_approved)
                IS DISTINCT FROM (excluded.applied_at, excluded.is_open, excluded.was_approved);
    END IF;
    RETURN NULL;
END $$;
