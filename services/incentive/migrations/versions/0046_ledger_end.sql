-- Instants never fall from one transaction to the next (`ledger_posted_at_never_falls`), so the last one up to an
-- instant is found in the index on both. In the order of `seq` alone, PostgreSQL read all later ones backwards.
CREATE OR REPLACE FUNCTION ledger_end(before bigint, as_of timestamptz)
RETURNS TABLE (seq bigint, posted_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.seq, t.posted_at FROM ledger_transaction t
    WHERE t.seq < coalesce(before, 9223372036854775807)
      AND t.seq <= CASE WHEN as_of IS NULL THEN 9223372036854775807 ELSE coalesce((
          SELECT s.seq FROM ledger_transaction s WHERE s.posted_at <= as_of
          ORDER BY s.posted_at DESC, s.seq DESC LIMIT 1), -1) END
    ORDER BY t.seq DESC LIMIT 1
$$;
