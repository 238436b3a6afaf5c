-- Claims on budgets (policy.md, G7): what stands approved of an award, since when its last round is applied for, and
-- whether that round is under way. A round begins with an application and ends with an approval or a withdrawal.
--
-- `award_round` is derived from decisions, so that a ranking of all claims on a year does not read their decisions;
-- of the past it is computed.

-- The last round of each of these awards (null: of all) as of an instant (null: now).
CREATE FUNCTION award_rounds(award_ids text[], as_of timestamptz)
RETURNS TABLE (award_id text, applied_at timestamptz, is_open boolean, was_approved boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT s.award_id,
           (array_agg(s.recorded_at ORDER BY s.rounds_ended DESC, s.number) FILTER (WHERE s.action IN ('apply', 'list')))[1],
           (array_agg(s.to_state ORDER BY s.number DESC))[1]
               IN ('applied', 'reviewed', 'joint_reviewed', 'published'),
           bool_or(s.action = 'approve')
    FROM (SELECT d.award_id, d.number, d.action, d.to_state, a.recorded_at,
                 count(*) FILTER (WHERE d.action IN ('approve', 'withdraw'))
                     OVER (PARTITION BY d.award_id ORDER BY d.number) AS rounds_ended
          FROM decision d JOIN act a ON a.id = d.id
          WHERE (award_ids IS NULL OR d.award_id = ANY(award_ids)) AND a.recorded_at <= coalesce(as_of, 'infinity')) s
    GROUP BY s.award_id HAVING bool_or(s.action IN ('apply', 'list'))
$$;

CREATE TABLE award_round (
    award_id      text COLLATE "C" PRIMARY KEY,
    applied_at    timestamptz NOT NULL CHECK (isfinite(applied_at)),
    is_open       boolean NOT NULL,
    was_approved  boolean NOT NULL
);
INSERT INTO award_round SELECT * FROM award_rounds(NULL, NULL);

CREATE FUNCTION award_round_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO award_round AS r
    SELECT * FROM award_rounds((SELECT array_agg(DISTINCT a.award_id) FROM added a), NULL)
    ON CONFLICT (award_id) DO UPDATE SET
        applied_at = excluded.applied_at, is_open = excluded.is_open, was_approved = excluded.was_approved
        WHERE (r.applied_at, r.is_open, r.was_approved)
            IS DISTINCT FROM (excluded.applied_at, excluded.is_open, excluded.was_approved);
    RETURN NULL;
END $$;
CREATE TRIGGER award_round_recorded AFTER INSERT ON decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION award_round_recorded();

GRANT SELECT ON award_round TO {role};
ALTER TABLE award_round ENABLE ROW LEVEL SECURITY;

-- The awards that claim room in a budget: those whose round is under way; if asked, also those with something approved
-- and unpaid, and those that are not applied for; of these years (null: all). `earned_until` only `with_days`.
-- An exchange learns from it, as from the sums, whether its awards fit in the budget.
CREATE FUNCTION budget_claims(years smallint[], as_of timestamptz, with_unpaid boolean, with_expected boolean,
                              with_days boolean)
RETURNS TABLE (award_id text, rule text, year smallint, payable_fen bigint, standing_fen bigint, unpaid_fen bigint,
               applied_at timestamptz, is_open boolean, earned_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH last_round AS (
        SELECT r.* FROM award_round r WHERE as_of IS NULL
        UNION ALL
        SELECT r.* FROM award_rounds(NULL, as_of) r WHERE as_of IS NOT NULL
    ), award AS (
        SELECT c.award_id, c.rule, c.subject, c.year, c.payable_fen, c.evidence
        FROM award_current c
        WHERE as_of IS NULL AND (years IS NULL OR c.year = ANY(years)) AND (c.payable_fen > 0 OR with_unpaid)
        UNION ALL
        SELECT v.award_id, c.rule, v.subject, v.year, v.payable_fen, v.evidence
        FROM award_current c CROSS JOIN LATERAL (
            SELECT w.* FROM award_version w WHERE w.award_id = c.award_id AND w.recorded_at <= as_of
            ORDER BY w.recorded_at DESC, w.version DESC LIMIT 1) v
        WHERE as_of IS NOT NULL AND (years IS NULL OR v.year = ANY(years)) AND (v.payable_fen > 0 OR with_unpaid)
    ), claim AS (
        SELECT w.*, r.applied_at, coalesce(r.is_open, false) AS is_open, coalesce(r.was_approved, false) AS was_approved
        FROM award w LEFT JOIN last_round r USING (award_id)
        WHERE r.is_open OR with_expected OR with_unpaid AND r.was_approved
    )
    SELECT c.award_id, c.rule, c.year, c.payable_fen, coalesce(s.standing_fen, 0), coalesce(s.unpaid_fen, 0),
           c.applied_at, c.is_open, e.earned_until
    FROM claim c
    -- Conditions stand inside, so that PostgreSQL reads nothing for the others.
    LEFT JOIN LATERAL (
        SELECT sum(CASE d.action WHEN 'approve' THEN d.amount_fen WHEN 'pay' THEN 0 ELSE -d.amount_fen END)
                   FILTER (WHERE (d.subject, d.year) = (c.subject, c.year))::bigint AS standing_fen,
               -- A return of an earlier version was, as far as something was unpaid, of that.
               ((array_agg(d.unpaid_fen ORDER BY d.number DESC))[1] - least(0, min(d.unpaid_fen)))::bigint AS unpaid_fen
        FROM (SELECT d.*, sum(CASE d.action WHEN 'approve' THEN d.amount_fen
                                            WHEN 'return' THEN CASE WHEN d.decided_on IS NULL THEN -d.amount_fen ELSE 0 END
                                            ELSE -d.amount_fen END) OVER (ORDER BY d.number) AS unpaid_fen
              FROM decision d JOIN act a ON a.id = d.id
              WHERE c.was_approved AND d.award_id = c.award_id AND d.action IN ('approve', 'revoke', 'pay', 'return')
                  AND a.recorded_at <= coalesce(as_of, 'infinity')) d
    ) s ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(
            (v.value #>> '{first,listed_at}')::timestamptz, (v.value #>> '{first,completed_at}')::timestamptz,
            ((v.value ->> 'earned_on')::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai',
            make_timestamptz(c.year + 1, 1, 1, 0, 0, 0, 'Asia/Shanghai')) AS earned_until
        FROM (SELECT (SELECT convert_from(f.value, 'UTF8')::jsonb FROM fact f
                      WHERE f.topic = split_part(c.evidence #>> '{0,fact}', '/', 1)
                          AND f.key = substr(c.evidence #>> '{0,fact}', strpos(c.evidence #>> '{0,fact}', '/') + 1)
                          AND f.generation = (c.evidence #>> '{0,generation}')::bigint
                          AND f.seq = (c.evidence #>> '{0,seq}')::bigint) AS value OFFSET 0) v
        WHERE with_days
    ) e ON true
$$;

-- Amounts by the year in which they were approved, revoked, returned, recovered and (`by_payment`) paid, of these years.
-- The day of a decision is that of its record where an earlier version kept none.
CREATE FUNCTION budget_posted_in(by_payment boolean, years smallint[], as_of timestamptz)
RETURNS TABLE (year smallint, rule text, approved_fen bigint, paid_fen bigint, returned_fen bigint, recovered_fen bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT m.year, m.rule,
           coalesce(sum(CASE m.action WHEN 'approve' THEN m.amount_fen WHEN 'revoke' THEN -m.amount_fen END), 0)::bigint,
           coalesce(sum(m.amount_fen) FILTER (WHERE m.action = 'pay'), 0)::bigint,
           coalesce(sum(m.amount_fen) FILTER (WHERE m.action = 'return'), 0)::bigint,
           coalesce(sum(m.amount_fen) FILTER (WHERE m.action = 'recover' OR m.action = 'return' AND m.is_earlier),
                    0)::bigint
    FROM (SELECT d.rule, d.action, d.amount_fen, d.decided_on IS NULL AS is_earlier,
                 extract(year FROM coalesce(CASE WHEN by_payment AND d.action = 'pay' THEN d.paid_on END, d.received_on,
                                            d.decided_on, (a.recorded_at AT TIME ZONE 'Asia/Shanghai')::date)
                 )::smallint AS year
          FROM decision d JOIN act a ON a.id = d.id
          WHERE d.amount_fen > 0 AND a.recorded_at <= coalesce(as_of, 'infinity')) m
    WHERE m.year = ANY(years) GROUP BY m.year, m.rule ORDER BY m.year, m.rule
$$;
