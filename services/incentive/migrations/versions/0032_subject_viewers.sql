-- A company reads what is its own. The viewer's setting is then `<scheme>:<id>`, which is no exchange's id: the policies
-- for exchanges show such a viewer nothing, and these show an exchange nothing. They name the rows that the subject may
-- have to reach at some instant; queries say which of them count, and leave out what is of others.

-- The awards that were the subject's at some time. A subject's own awards are about it; those of an exchange go to its
-- operator, who may have changed.
CREATE FUNCTION awards_of_subject(asked text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.award_id FROM award_current c WHERE c.about = asked AND strpos(asked, ':') > 0
    UNION ALL
    SELECT c.award_id FROM award_current c
    WHERE c.about >= 'exchange/' AND c.about < 'exchange0' AND strpos(asked, ':') > 0
      AND EXISTS (SELECT FROM award_version v WHERE v.award_id = c.award_id AND v.subject = asked)
$$;
-- What the facts that decide a subject's rewards are about: the subject, and the exchanges that it ever operated.
CREATE FUNCTION abouts_of_subject(asked text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT asked WHERE strpos(asked, ':') > 0
    UNION ALL
    SELECT concat('exchange/', o.exchange) FROM ledger_settings s CROSS JOIN LATERAL operators_listed(s.whitelist) o
    WHERE o.about = asked AND strpos(asked, ':') > 0
$$;

CREATE POLICY subject ON fact_current FOR SELECT TO {viewer} USING (topic <> 'facts.sign.v1'
    AND about = ANY(ARRAY(SELECT abouts_of_subject(current_setting('jiangbu.viewer', true)))));
CREATE POLICY subject ON fact FOR SELECT TO {viewer} USING (topic <> 'facts.sign.v1'
    AND about = ANY(ARRAY(SELECT abouts_of_subject(current_setting('jiangbu.viewer', true)))));
-- Versions, decisions, holds and their acts follow the award.
CREATE POLICY subject ON award_current FOR SELECT TO {viewer} USING (
    award_id = ANY(ARRAY(SELECT awards_of_subject(current_setting('jiangbu.viewer', true)))));
CREATE POLICY subject ON ledger_transaction FOR SELECT TO {viewer} USING (
    award_id IS NOT NULL AND current_setting('jiangbu.viewer', true) IN (subject, subject_before));
CREATE POLICY subject ON eligibility FOR SELECT TO {viewer} USING (
    subject = current_setting('jiangbu.viewer', true));
CREATE POLICY subject ON reading_effect FOR SELECT TO {viewer} USING (is_whole
    AND award_id = ANY(ARRAY(SELECT awards_of_subject(current_setting('jiangbu.viewer', true)))));

-- Grants under other policies, statements and their service are shown to no exchange.
ALTER TABLE other_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE grant_withdrawal ENABLE ROW LEVEL SECURITY;
ALTER TABLE statement ENABLE ROW LEVEL SECURITY;
ALTER TABLE service ENABLE ROW LEVEL SECURITY;
CREATE POLICY subject ON other_grant FOR SELECT TO {viewer} USING (
    subject = current_setting('jiangbu.viewer', true));
CREATE POLICY subject ON grant_withdrawal FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM other_grant s WHERE s.id = grant_withdrawal.other_grant_id));
CREATE POLICY subject ON statement FOR SELECT TO {viewer} USING (EXISTS (
    SELECT FROM decision d
    WHERE d.statement = statement.sha256 AND d.subject = current_setting('jiangbu.viewer', true)));
CREATE POLICY subject ON service FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM statement s WHERE s.sha256 = service.statement));
CREATE POLICY subject ON act FOR SELECT TO {viewer} USING (
    CASE kind WHEN 'other_grant' THEN EXISTS (SELECT FROM other_grant s WHERE s.id = act.id)
              WHEN 'grant_withdrawal' THEN EXISTS (SELECT FROM grant_withdrawal s WHERE s.id = act.id)
              WHEN 'service' THEN EXISTS (SELECT FROM service s WHERE s.id = act.id)
              ELSE false END);
GRANT SELECT ON other_grant, statement, service TO {viewer};
GRANT SELECT (id, other_grant_id) ON grant_withdrawal TO {viewer};

-- Declarations of the subject that reads, and of those with which it shares items, directly or through others (G11): what
-- is left for it follows from theirs. Who they are, their papers, and items that are not its own are left out. A code in
-- place of a subject's keeps its place before or after the reader's.
CREATE FUNCTION shared_declarations(rules text[], as_of timestamptz) RETURNS TABLE (key text, value bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH RECURSIVE declared AS MATERIALIZED (
        SELECT c.about, c.key, split_part(c.key, '/', 5) AS item FROM fact_current c
        WHERE c.topic = 'declared' AND split_part(c.key, '/', 3) = ANY(rules)
    ), linked (about) AS (
        SELECT current_setting('jiangbu.viewer', true) COLLATE "C"
        UNION
        SELECT other.about FROM linked JOIN declared USING (about) JOIN declared other USING (item)
    ), found AS (
        SELECT c.about, f.v, c.about = current_setting('jiangbu.viewer', true) AS is_own,
               concat(CASE WHEN c.about < current_setting('jiangbu.viewer', true) THEN '0' ELSE 'z' END,
                      md5(c.about)) AS code
        FROM linked JOIN fact_current c USING (about)
        CROSS JOIN LATERAL (SELECT convert_from(f.value, 'UTF8')::jsonb AS v FROM fact f
                            WHERE f.topic = c.topic AND f.key = c.key
                              AND f.recorded_at <= coalesce(as_of, 'infinity')
                            ORDER BY f.recorded_at DESC, f.id DESC LIMIT 1) f
        WHERE c.topic = 'declared'
    ), shown AS (
        SELECT CASE WHEN o.is_own THEN o.v ELSE o.v - 'person' || jsonb_build_object(
                   'party', jsonb_build_object('id_scheme', 'uscc', 'id', o.code, 'name', ''),
                   'documents', '[]'::jsonb, 'by', '',
                   'item', CASE WHEN EXISTS (SELECT FROM found m WHERE m.is_own AND m.v ->> 'item' = o.v ->> 'item')
                                THEN o.v ->> 'item' ELSE md5(o.v ->> 'item') END) END AS v
        FROM found o
    )
    SELECT concat_ws('/', 'bureau', concat(s.v #>> '{party,id_scheme}', ':', s.v #>> '{party,id}'), s.v ->> 'rule',
                     left(s.v ->> 'earned_on', 4), s.v ->> 'item'),
           convert_to(s.v::text, 'UTF8')
    FROM shown s
$$;

-- The account of the subject that reads: the last that was confirmed, with its number masked.
CREATE FUNCTION own_account(as_of timestamptz)
RETURNS TABLE (bank text, number text, name text, confirmed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.bank, concat(repeat('*', length(p.number) - s.shown), right(p.number, s.shown)), p.name, a.recorded_at
    FROM account p JOIN account_confirmation c ON c.account_id = p.id JOIN act a ON a.id = c.id
    CROSS JOIN LATERAL (SELECT CASE WHEN length(p.number) > 8 THEN 4 ELSE 0 END AS shown) s
    WHERE p.subject = current_setting('jiangbu.viewer', true) AND a.recorded_at <= coalesce(as_of, 'infinity')
    ORDER BY a.seq DESC LIMIT 1
$$;
