-- The columns of an award's steps go into the index of their order, so that the last steps of all awards are read from it.
ALTER TABLE decision
    DROP CONSTRAINT decision_one_after_the_other,
    ADD CONSTRAINT decision_one_after_the_other
        UNIQUE (award_id, number) INCLUDE (action, from_state, to_state, until, notice_until);

CREATE INDEX decision_standing ON decision (subject, year) INCLUDE (award_id, rule, action, amount_fen)
    WHERE action IN ('approve', 'revoke', 'return');
COMMENT ON INDEX decision_standing IS
    'What stands approved, by subject and year, and of which awards something was returned '
    '(room_uses in services/incentive/migrations/versions/0047_worklist.sql; '
    'services/incentive/queries/worklist.py, list_worklist).';

CREATE INDEX eligibility_ever_failed ON eligibility (subject) WHERE status = 'failed';
COMMENT ON INDEX eligibility_ever_failed IS
    'Who was ever failed (services/incentive/store/rooms.py, recorded_eligibility).';

-- Standing amounts and payables of subjects and years (null: all): rows of awards with either, of groups in which something
-- may exceed: more stands of an award than it has payable there, or something stands of a subject that was ever failed. A
-- group is a subject and year, or a subject (`is_of_life`; then `years` is null). An exchange learns from it, as from the
-- budget, whether its awards are over-approved. `approved_at` is the last approval's instant.
CREATE OR REPLACE FUNCTION room_uses(subjects text[], years smallint[], is_of_life boolean, as_of timestamptz)
RETURNS TABLE (award_id text, rule text, subject text, year smallint, payable_fen bigint, standing_fen bigint,
               approved_seq bigint, approved_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH decided AS (
        SELECT d.award_id, d.rule, d.subject, d.year,
               sum(CASE d.action WHEN 'approve' THEN d.amount_fen ELSE -d.amount_fen END)::bigint AS standing_fen
        FROM decision d LEFT JOIN act a ON as_of IS NOT NULL AND a.id = d.id
        WHERE d.action IN ('approve', 'revoke', 'return') AND (as_of IS NULL OR a.recorded_at <= as_of)
          AND (subjects IS NULL OR d.subject = ANY(subjects)) AND (years IS NULL OR d.year = ANY(years))
        GROUP BY d.award_id, d.rule, d.subject, d.year
    ), room AS (
        SELECT DISTINCT d.subject, CASE WHEN NOT is_of_life THEN d.year END AS year
        FROM decided d
        LEFT JOIN award_current c ON as_of IS NULL AND c.award_id = d.award_id
        LEFT JOIN LATERAL (
            SELECT w.subject, w.year, w.payable_fen FROM award_version w
            WHERE as_of IS NOT NULL AND w.award_id = d.award_id AND w.recorded_at <= as_of
            ORDER BY w.recorded_at DESC, w.version DESC LIMIT 1) v ON true
        WHERE d.standing_fen > 0
          AND (d.subject IN (SELECT e.subject FROM eligibility e WHERE e.status = 'failed')
               OR d.standing_fen > coalesce(
                   CASE WHEN (c.subject, c.year) = (d.subject, d.year) THEN c.payable_fen
                        WHEN (v.subject, v.year) = (d.subject, d.year) THEN v.payable_fen END, 0))
    ), standing AS (
        SELECT d.*, s.approved_seq, s.approved_at
        FROM room r JOIN decided d ON d.subject = r.subject AND (is_of_life OR d.year = r.year)
        CROSS JOIN LATERAL (
            SELECT max(a.seq) AS approved_seq, max(a.recorded_at) AS approved_at
            FROM decision b JOIN act a ON a.id = b.id
            WHERE (b.award_id, b.subject, b.year) = (d.award_id, d.subject, d.year) AND b.action = 'approve'
              AND a.recorded_at <= coalesce(as_of, 'infinity')) s
    ), payable AS (
        SELECT c.award_id, c.rule, c.subject, c.year, c.payable_fen
        FROM room r JOIN award_current c ON c.subject = r.subject AND (is_of_life OR c.year = r.year)
        WHERE as_of IS NULL AND c.payable_fen > 0
        UNION ALL
        -- A subject's own awards are about it; those of an exchange go to its operator, who may have changed.
        SELECT v.award_id, c.rule, v.subject, v.year, v.payable_fen
        FROM (SELECT * FROM room WHERE as_of IS NOT NULL) r
        JOIN award_current c ON c.about = r.subject OR (c.about >= 'exchange/' AND c.about < 'exchange0')
        CROSS JOIN LATERAL (
            SELECT * FROM award_version w WHERE w.award_id = c.award_id AND w.recorded_at <= as_of
            ORDER BY w.recorded_at DESC, w.version DESC LIMIT 1) v
        WHERE v.subject = r.subject AND (is_of_life OR v.year = r.year) AND v.payable_fen > 0
    )
    SELECT coalesce(s.award_id, p.award_id), coalesce(s.rule, p.rule), coalesce(s.subject, p.subject),
           coalesce(s.year, p.year), coalesce(p.payable_fen, 0), coalesce(s.standing_fen, 0), coalesce(s.approved_seq, 0),
           s.approved_at
    FROM standing s FULL JOIN payable p ON (p.award_id, p.subject, p.year) = (s.award_id, s.subject, s.year)
$$;
