-- Standing amounts and payables of subjects and years (null: all): rows of awards with either, of groups in which
-- something stands. An exchange learns from it, as from the budget, whether its awards are over-approved.
CREATE FUNCTION room_uses(subjects text[], years smallint[], as_of timestamptz)
RETURNS TABLE (award_id text, rule text, subject text, year smallint, payable_fen bigint, standing_fen bigint,
               approved_seq bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH decided AS (
        SELECT d.award_id, d.rule, d.subject, d.year,
               sum(CASE d.action WHEN 'approve' THEN d.amount_fen ELSE -d.amount_fen END)::bigint AS standing_fen,
               max(a.seq) FILTER (WHERE d.action = 'approve') AS approved_seq
        FROM decision d JOIN act a ON a.id = d.id
        WHERE d.action IN ('approve', 'return') AND a.recorded_at <= coalesce(as_of, 'infinity')
          AND (subjects IS NULL OR d.subject = ANY(subjects)) AND (years IS NULL OR d.year = ANY(years))
        GROUP BY d.award_id, d.rule, d.subject, d.year
    ), room AS (
        SELECT DISTINCT d.subject, d.year FROM decided d WHERE d.standing_fen > 0
    ), payable AS (
        SELECT c.award_id, c.rule, c.subject, c.year, c.payable_fen
        FROM room r JOIN award_current c ON c.subject = r.subject AND c.year = r.year
        WHERE as_of IS NULL AND c.payable_fen > 0
        UNION ALL
        -- A subject's own awards are about it; those of an exchange go to its operator, who may have changed.
        SELECT v.award_id, c.rule, v.subject, v.year, v.payable_fen
        FROM (SELECT DISTINCT r.subject FROM room r WHERE as_of IS NOT NULL) r
        JOIN award_current c ON c.about = r.subject OR (c.about >= 'exchange/' AND c.about < 'exchange0')
        CROSS JOIN LATERAL (
            SELECT * FROM award_version w WHERE w.award_id = c.award_id AND w.recorded_at <= as_of
            ORDER BY w.recorded_at DESC, w.version DESC LIMIT 1) v
        WHERE v.subject = r.subject AND v.payable_fen > 0
    )
    SELECT coalesce(d.award_id, p.award_id), coalesce(d.rule, p.rule), coalesce(d.subject, p.subject),
           coalesce(d.year, p.year), coalesce(p.payable_fen, 0), coalesce(d.standing_fen, 0), coalesce(d.approved_seq, 0)
    FROM decided d FULL JOIN payable p ON (p.award_id, p.subject, p.year) = (d.award_id, d.subject, d.year)
    WHERE (coalesce(d.subject, p.subject), coalesce(d.year, p.year)) IN (SELECT r.subject, r.year FROM room r)
$$;
