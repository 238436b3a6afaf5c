-- Decisions have legal days, grounds, and what a public notice was of. Those of earlier versions keep what they had, and
-- have no `decided_on`: constraints that are not validated hold for new ones alone.
ALTER TABLE decision
    ADD COLUMN decided_on date CHECK (isfinite(decided_on)), -- the day in Shanghai by the wall clock
    ADD COLUMN ground text COLLATE "C"
        CHECK (ground IN ('correction', 'eligibility', 'fraud', 'review', 'court', 'policy_change', 'error')),
    ADD COLUMN notice_from date CHECK (isfinite(notice_from)),
    ADD COLUMN notice_until date CHECK (isfinite(notice_until)), -- the last day
    ADD COLUMN notice_where text,
    ADD COLUMN received_on date CHECK (isfinite(received_on)),
    ADD COLUMN published jsonb, -- the payable, and the subject, rule, item, year and policy that it rests on
    ADD COLUMN statement text COLLATE "C",
    ADD COLUMN batch_id text COLLATE "C",
    ADD CONSTRAINT decision_has_a_day CHECK (decided_on IS NOT NULL) NOT VALID,
    ADD CONSTRAINT decision_notice CHECK (notice_until >= notice_from),
    DROP CONSTRAINT decision_step,
    ADD CONSTRAINT decision_step CHECK (CASE action
        WHEN 'apply' THEN from_state IN ('estimated', 'approved', 'paid') AND to_state = 'applied'
        WHEN 'list' THEN from_state IN ('estimated', 'approved', 'paid') AND to_state = 'applied'
        WHEN 'review' THEN from_state = 'applied' AND to_state = 'reviewed'
        WHEN 'joint_review' THEN from_state = 'reviewed' AND to_state = 'joint_reviewed'
        WHEN 'publish' THEN from_state IN ('joint_reviewed', 'published') AND to_state = 'published'
        WHEN 'approve' THEN from_state = 'published' AND to_state = 'approved'
        WHEN 'pay' THEN from_state <> 'rejected' AND (to_state = from_state OR (from_state, to_state) = ('approved', 'paid'))
        WHEN 'reject' THEN from_state IN ('applied', 'reviewed', 'joint_reviewed', 'published')
            AND to_state IN ('rejected', 'approved', 'paid')
        WHEN 'reopen' THEN from_state IN ('rejected', 'returned') AND to_state = 'estimated'
            OR from_state IN ('approved', 'paid') AND to_state = from_state
        WHEN 'withdraw' THEN from_state IN ('estimated', 'applied', 'reviewed', 'joint_reviewed', 'published')
            AND to_state = 'estimated'
        WHEN 'revoke' THEN to_state IN (from_state, 'returned') OR (from_state, to_state) = ('approved', 'paid')
        WHEN 'notify_return' THEN to_state = from_state
        WHEN 'return' THEN to_state IN (from_state, 'returned')
        WHEN 'recover' THEN to_state = from_state
        ELSE false END) NOT VALID,
    DROP CONSTRAINT decision_amount,
    ADD CONSTRAINT decision_amount CHECK (CASE
        WHEN action IN ('approve', 'pay', 'revoke', 'notify_return', 'return', 'recover') THEN amount_fen > 0
        ELSE amount_fen = 0 END) NOT VALID,
    DROP CONSTRAINT decision_needs,
    ADD CONSTRAINT decision_needs CHECK (
        until IS NULL
        AND (action IN ('publish', 'notify_return')) = (notice_from IS NOT NULL)
        AND (action IN ('publish', 'notify_return')) = (notice_until IS NOT NULL)
        AND (action = 'publish') = (notice_where IS NOT NULL) AND (action = 'publish') = (published IS NOT NULL)
        AND (action IN ('pay', 'recover')) = (voucher_no IS NOT NULL) AND (action = 'pay') = (paid_on IS NOT NULL)
        AND (action = 'recover') = (received_on IS NOT NULL)
        AND (action IN ('revoke', 'notify_return')) = (ground IS NOT NULL)
        AND (action NOT IN ('reject', 'reopen', 'revoke', 'notify_return') OR reason IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT decision_has_a_document CHECK (jsonb_array_length(documents) > 0
        OR action NOT IN ('joint_review', 'approve', 'withdraw', 'notify_return')
            AND (action <> 'publish' OR notice_from >= decided_on)) NOT VALID,
    ADD CONSTRAINT decision_days CHECK (paid_on <= decided_on AND received_on <= decided_on
        AND (action <> 'notify_return' OR notice_from = decided_on)) NOT VALID;

-- The earlier steps of an award that a step needs another person than: those of its round, the approvals that are neither
-- paid nor revoked in full, the last notice of return.
CREATE FUNCTION steps_of_others(action text) RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN CASE action
    WHEN 'joint_review' THEN ARRAY['review']
    WHEN 'approve' THEN ARRAY['review', 'joint_review']
    WHEN 'reject' THEN ARRAY['review']
    WHEN 'pay' THEN ARRAY['approve']
    WHEN 'revoke' THEN ARRAY['approve']
    WHEN 'return' THEN ARRAY['notify_return']
    ELSE ARRAY[]::text[] END;

-- Checks the decisions of a statement together, as a batch has thousands.
DROP TRIGGER decision_recorded ON decision;
DROP FUNCTION decision_recorded();
CREATE FUNCTION decisions_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    -- Two decisions on one state would have the same number; the state is that of the step before.
    SELECT n.award_id INTO wrong
    FROM added n LEFT JOIN decision b ON b.award_id = n.award_id AND b.number = n.number - 1
    WHERE n.from_state IS DISTINCT FROM CASE WHEN n.number = 0 THEN 'estimated' ELSE b.to_state END LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a step of % does not follow the one before', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_follows';
    END IF;
    SELECT n.award_id INTO wrong
    FROM added n JOIN act mine ON mine.id = n.id
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
    WHERE same_person(mine, other) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a step of % needs another person', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_separate_hands';
    END IF;
    SELECT s.award_id INTO wrong
    FROM (SELECT d.award_id,
                 coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'approve'), 0)
                     - coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'revoke'), 0) AS approved,
                 coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'pay'), 0) AS paid,
                 coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'return'), 0) AS returned,
                 coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'recover'), 0) AS recovered
          FROM decision d WHERE d.award_id IN (SELECT award_id FROM added WHERE amount_fen > 0) GROUP BY d.award_id) s
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
CREATE TRIGGER decisions_recorded AFTER INSERT ON decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION decisions_recorded();
