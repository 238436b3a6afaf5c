-- An approval can be revoked; a return is a claim until the money comes back. Returns of earlier versions debit
-- `treasury` at once and keep their entries.
ALTER TABLE ledger_transaction
    DROP CONSTRAINT ledger_transaction_kind_check,
    ADD CONSTRAINT ledger_transaction_kind_check
        CHECK (kind IN ('entitlement', 'approval', 'payment', 'revocation', 'return', 'recovery', 'decision', 'settings'));

-- The part of a transaction's amount that an entry carries; ledger_account_fits() says on which side it may be.
CREATE OR REPLACE FUNCTION ledger_amount(account text, debit_fen bigint, credit_fen bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE split_part(account, ':', 1)
    WHEN 'entitlement' THEN credit_fen - debit_fen
    WHEN 'approved' THEN credit_fen + debit_fen -- an approval, or a revocation
    WHEN 'paid' THEN debit_fen
    WHEN 'returned' THEN credit_fen
    WHEN 'claim' THEN credit_fen -- a recovery
    ELSE 0 END;

-- True if a transaction of that kind, award, subject and year may post to the account, on that side. `is_earlier` is true
-- of a return of an earlier version.
CREATE FUNCTION ledger_account_fits(
    account text, is_debit boolean, kind text, award_id text, subject text, year smallint,
    subject_before text, year_before smallint, is_earlier boolean
) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE kind
    WHEN 'entitlement' THEN account IN (
        concat('policy:', split_part(award_id, '/', 1), ':', year),
        concat('policy:', split_part(award_id, '/', 1), ':', coalesce(year_before, year)),
        concat('entitlement:', subject, ':', award_id, ':', year),
        concat('entitlement:', coalesce(subject_before, subject), ':', award_id, ':', coalesce(year_before, year)))
    WHEN 'approval' THEN account = CASE WHEN is_debit THEN concat('budget:', year)
        ELSE concat('approved:', subject, ':', award_id) END
    WHEN 'payment' THEN account = CASE WHEN is_debit THEN concat('paid:', subject, ':', award_id) ELSE 'treasury' END
    WHEN 'revocation' THEN account = CASE WHEN is_debit THEN concat('approved:', subject, ':', award_id)
        ELSE concat('budget:', year) END
    WHEN 'return' THEN account = CASE WHEN NOT is_debit THEN concat('returned:', subject, ':', award_id)
        WHEN is_earlier THEN 'treasury' ELSE concat('claim:', subject, ':', award_id) END
    WHEN 'recovery' THEN account = CASE WHEN is_debit THEN 'treasury' ELSE concat('claim:', subject, ':', award_id) END
    ELSE false END;

CREATE OR REPLACE FUNCTION ledger_posted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    low bigint;
    high bigint;
    given bigint;
    wrong bigint;
BEGIN
    SELECT min(seq), max(seq), count(*) INTO low, high, given FROM added;
    IF given = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM ledger_transaction WHERE seq = low - 1;
    IF high - low + 1 <> given OR (low > 0 AND NOT FOUND) THEN
        RAISE EXCEPTION 'seq has no gaps: % .. % was to follow', low, high
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_seq_without_gaps';
    END IF;
    SELECT a.seq INTO wrong FROM added a JOIN ledger_transaction b ON b.seq = a.seq - 1
    WHERE a.posted_at < b.posted_at LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'posted_at of transaction % falls', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_posted_at_never_falls';
    END IF;
    SELECT t.seq INTO wrong FROM added t CROSS JOIN LATERAL (
        SELECT count(*) AS n,
            coalesce(sum(e.debit_fen), 0) AS debit,
            coalesce(sum(e.credit_fen), 0) AS credit,
            coalesce(sum(ledger_amount(e.account, e.debit_fen, e.credit_fen)), 0) AS amount
        FROM ledger_entry e WHERE e.seq = t.seq
    ) s
    WHERE s.n <> t.entries OR s.debit <> s.credit OR s.amount <> t.amount_fen LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not balance, or its amount is not what its entries say', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_balances';
    END IF;
    SELECT t.seq INTO wrong FROM added t JOIN ledger_entry e ON e.seq = t.seq
    WHERE NOT ledger_account_fits(e.account, e.debit_fen > 0, t.kind, t.award_id, t.subject, t.year,
                                  t.subject_before, t.year_before, false) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % posts to an account that is not of its kind and award', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_accounts';
    END IF;
    RETURN NULL;
END $$;
DROP FUNCTION ledger_account_fits(text, boolean, text, text, text, smallint, text, smallint);

CREATE OR REPLACE FUNCTION ledger_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
    overdrawn text;
BEGIN
    -- Its transaction says how many entries it has, so none can be added later.
    SELECT a.seq INTO wrong FROM (SELECT DISTINCT seq FROM added) a LEFT JOIN ledger_transaction t USING (seq)
    WHERE t.entries IS DISTINCT FROM (SELECT count(*) FROM ledger_entry e WHERE e.seq = a.seq) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % is posted, no entry can be added to it', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_entry_added';
    END IF;
    -- What was never posted cannot be taken back: only a debit can bring an entitlement below zero.
    SELECT a.account INTO overdrawn
    FROM (SELECT DISTINCT account FROM added WHERE debit_fen > 0 AND starts_with(account, 'entitlement:')) a
    WHERE (SELECT sum(e.credit_fen) < sum(e.debit_fen) FROM ledger_entry e WHERE e.account = a.account) LIMIT 1;
    IF NOT FOUND THEN
        SELECT b.account INTO overdrawn
        FROM (SELECT DISTINCT account FROM added
              WHERE debit_fen > 0 AND starts_with(account, 'approved:')
                 OR credit_fen > 0 AND starts_with(account, 'claim:')) a
        CROSS JOIN LATERAL ledger_overdrawn(a.account) b LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION 'account % would be below zero', overdrawn
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_not_below_zero';
    END IF;
    RETURN NULL;
END $$;

-- The account itself if it is overdrawn, else no row: `approved` by revocations of what was paid or returned, `claim` by
-- recoveries. Payments and returns of earlier versions may stand on the account of another subject.
CREATE FUNCTION ledger_overdrawn(asked text) RETURNS TABLE (account text) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT asked
    FROM (SELECT split_part(asked, ':', 1) AS name, substr(asked, position(':' IN asked)) AS rest) n
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(credit_fen) - sum(debit_fen), 0) AS fen, coalesce(sum(debit_fen), 0) AS debit_fen
        FROM ledger_entry e WHERE e.account = asked) s
    WHERE CASE n.name
        WHEN 'claim' THEN s.fen > 0
        WHEN 'approved' THEN s.fen < 0 OR s.debit_fen > 0 AND s.fen < (
            SELECT greatest(coalesce(sum(debit_fen) FILTER (WHERE e.account = concat('paid', n.rest)), 0),
                            coalesce(sum(credit_fen) FILTER (WHERE e.account = concat('returned', n.rest)), 0))
            FROM ledger_entry e WHERE e.account IN (concat('paid', n.rest), concat('returned', n.rest)))
        ELSE s.fen < 0 END
$$;

-- Amounts of awards by year and rule: approved less revoked, paid, returned, and recovered.
DROP FUNCTION budget_posted(smallint[], timestamptz);
CREATE FUNCTION budget_posted(years smallint[], as_of timestamptz)
RETURNS TABLE (year smallint, rule text, approved_fen bigint, paid_fen bigint, returned_fen bigint, recovered_fen bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT d.year, d.rule,
           coalesce(sum(CASE d.action WHEN 'approve' THEN d.amount_fen WHEN 'revoke' THEN -d.amount_fen END), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'pay'), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'return'), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'recover' OR d.action = 'return' AND EXISTS (
               SELECT FROM ledger_entry e WHERE e.seq = a.seq AND e.account = 'treasury')), 0)::bigint
    FROM decision d JOIN act a ON a.id = d.id
    WHERE d.year = ANY(years) AND d.amount_fen > 0 AND a.recorded_at <= coalesce(as_of, 'infinity')
    GROUP BY d.year, d.rule ORDER BY d.year, d.rule
$$;

-- Standing amounts and payables of subjects and years (null: all): rows of awards with either, of groups in which
-- something stands. A group is a subject and year, or a subject (`is_of_life`; then `years` is null). An exchange learns
-- from it, as from the budget, whether its awards are over-approved. `approved_at` is the last approval's instant.
DROP FUNCTION room_uses(text[], smallint[], timestamptz);
CREATE FUNCTION room_uses(subjects text[], years smallint[], is_of_life boolean, as_of timestamptz)
RETURNS TABLE (award_id text, rule text, subject text, year smallint, payable_fen bigint, standing_fen bigint,
               approved_seq bigint, approved_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH decided AS (
        SELECT d.award_id, d.rule, d.subject, d.year,
               sum(CASE d.action WHEN 'approve' THEN d.amount_fen ELSE -d.amount_fen END)::bigint AS standing_fen,
               max(a.seq) FILTER (WHERE d.action = 'approve') AS approved_seq,
               max(a.recorded_at) FILTER (WHERE d.action = 'approve') AS approved_at
        FROM decision d JOIN act a ON a.id = d.id
        WHERE d.action IN ('approve', 'revoke', 'return') AND a.recorded_at <= coalesce(as_of, 'infinity')
          AND (subjects IS NULL OR d.subject = ANY(subjects)) AND (years IS NULL OR d.year = ANY(years))
        GROUP BY d.award_id, d.rule, d.subject, d.year
    ), room AS (
        SELECT DISTINCT d.subject, CASE WHEN NOT is_of_life THEN d.year END AS year
        FROM decided d WHERE d.standing_fen > 0
    ), payable AS (
        SELECT c.award_id, c.rule, c.subject, c.year, c.payable_fen
        FROM room r JOIN award_current c ON c.subject = r.subject AND (is_of_life OR c.year = r.year)
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
           coalesce(d.year, p.year), coalesce(p.payable_fen, 0), coalesce(d.standing_fen, 0), coalesce(d.approved_seq, 0),
           d.approved_at
    FROM decided d FULL JOIN payable p ON (p.award_id, p.subject, p.year) = (d.award_id, d.subject, d.year)
    WHERE EXISTS (SELECT FROM room r WHERE r.subject = coalesce(d.subject, p.subject)
                  AND (is_of_life OR r.year = coalesce(d.year, p.year)))
$$;
