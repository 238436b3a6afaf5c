-- The account rule of the ledger, for the trigger and for `rebuild --verify`; and the trigger that applies it.
-- Both functions are inlined into the queries that call them.

-- The part of a transaction's amount that an entry carries.
CREATE FUNCTION ledger_amount(account text, debit_fen bigint, credit_fen bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE split_part(account, ':', 1)
    WHEN 'entitlement' THEN credit_fen - debit_fen
    WHEN 'approved' THEN credit_fen - debit_fen
    WHEN 'returned' THEN credit_fen - debit_fen
    WHEN 'paid' THEN debit_fen - credit_fen
    ELSE 0 END;

-- True if a transaction of that kind, award, subject and year may post to the account, on that side.
CREATE FUNCTION ledger_account_fits(
    account text, is_debit boolean, kind text, award_id text, subject text, year smallint,
    subject_before text, year_before smallint
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
    WHEN 'return' THEN account = CASE WHEN is_debit THEN 'treasury' ELSE concat('returned:', subject, ':', award_id) END
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
                                  t.subject_before, t.year_before) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % posts to an account that is not of its kind and award', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_accounts';
    END IF;
    RETURN NULL;
END $$;
