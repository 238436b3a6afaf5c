-- Schema and data of incentive at revision 0011, the last of jiangbu 0.1.0. Made by pg_dump --inserts; never edit.
--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.act_recorded() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM 1 FROM ledger_transaction t
    WHERE t.seq = NEW.seq AND t.decision_id = NEW.id AND t.posted_at = NEW.recorded_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % is not of act %', NEW.seq, NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'act_has_its_transaction';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.award_recorded() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM 1 FROM added a LEFT JOIN award_current c USING (award_id)
    WHERE a.version <> coalesce(c.version, -1) + 1 OR a.recorded_at < c.recorded_at;
    IF FOUND THEN
        RAISE EXCEPTION 'versions of an award follow each other, and their time never falls'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'award_version_follows';
    END IF;
    INSERT INTO award_current AS c SELECT added.*, added.exchanges FROM added
    ON CONFLICT (award_id) DO UPDATE SET
        version = excluded.version, recorded_at = excluded.recorded_at, about = excluded.about, rule = excluded.rule,
        article = excluded.article, policy_id = excluded.policy_id, policy_revision = excluded.policy_revision,
        subject = excluded.subject, subject_name = excluded.subject_name, exchange = excluded.exchange,
        year = excluded.year, base_fen = excluded.base_fen, rate = excluded.rate, cap_fen = excluded.cap_fen,
        ceiling_fen = excluded.ceiling_fen, payable_fen = excluded.payable_fen,
        suppressed_by = excluded.suppressed_by, flags = excluded.flags, evidence = excluded.evidence,
        exchanges = excluded.exchanges,
        named = CASE WHEN c.named @> excluded.exchanges THEN c.named ELSE (
            SELECT array_agg(DISTINCT e ORDER BY e) FROM unnest(c.named || excluded.exchanges) AS e) END;
    RETURN NULL;
END $$;
CREATE FUNCTION public.budget_posted(years smallint[], as_of timestamp with time zone) RETURNS TABLE(year smallint, rule text, approved_fen bigint, paid_fen bigint, returned_fen bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT d.year, d.rule, coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'approve'), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'pay'), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'return'), 0)::bigint
    FROM decision d JOIN act a ON a.id = d.id
    WHERE d.year = ANY(years) AND d.amount_fen > 0 AND a.recorded_at <= coalesce(as_of, 'infinity')
    GROUP BY d.year, d.rule ORDER BY d.year, d.rule
$$;
CREATE FUNCTION public.decision_recorded() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    who text := (SELECT person FROM act WHERE id = NEW.id);
    other text;
    state text := 'estimated';
    approved bigint;
    paid bigint;
    returned bigint;
BEGIN
    -- Two that were made of one state would have one number; the state is that of the step before.
    IF NEW.number > 0 THEN
        SELECT to_state INTO state FROM decision WHERE award_id = NEW.award_id AND number = NEW.number - 1;
    END IF;
    IF state IS DISTINCT FROM NEW.from_state THEN
        RAISE EXCEPTION 'step % of % does not follow the one before', NEW.number, NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_follows';
    END IF;
    SELECT a.person INTO other FROM decision d JOIN act a USING (id)
    WHERE d.award_id = NEW.award_id AND d.number < NEW.number
      AND d.action = CASE NEW.action WHEN 'joint_review' THEN 'review' WHEN 'approve' THEN 'publish' END
    ORDER BY d.number DESC LIMIT 1;
    IF other = who THEN
        RAISE EXCEPTION '% of % needs another person', NEW.action, NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_four_eyes';
    END IF;
    SELECT coalesce(sum(amount_fen) FILTER (WHERE action = 'approve'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE action = 'pay'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE action = 'return'), 0)
    INTO approved, paid, returned FROM decision WHERE award_id = NEW.award_id;
    IF paid > approved OR returned > approved THEN
        RAISE EXCEPTION 'more would be paid or returned of % than was approved', NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_within_approved';
    END IF;
    PERFORM 1 FROM act a JOIN ledger_transaction t USING (seq)
    WHERE a.id = NEW.id AND t.award_id = NEW.award_id AND t.amount_fen = NEW.amount_fen AND t.subject = NEW.subject
      AND t.year = NEW.year AND t.kind = CASE NEW.action WHEN 'approve' THEN 'approval' WHEN 'pay' THEN 'payment'
          WHEN 'return' THEN 'return' ELSE 'decision' END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'what is posted is not decision %', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_is_posted';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.fact_recorded() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
    given bigint;
    applied bigint;
BEGIN
    SELECT count(*) INTO given FROM added;
    INSERT INTO fact_current AS c (topic, key, about, generation, seq, fact_id)
    SELECT topic, key, about, generation, seq, id FROM added
    ON CONFLICT (topic, key) DO UPDATE
        SET generation = excluded.generation, seq = excluded.seq, fact_id = excluded.fact_id
        WHERE (excluded.generation, excluded.seq) > (c.generation, c.seq) AND excluded.about = c.about;
    GET DIAGNOSTICS applied = ROW_COUNT;
    IF applied <> given THEN
        RAISE EXCEPTION 'a fact that is not newer than the one recorded, or about another, is not applied'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_newer';
    END IF;
    
    INSERT INTO known_to (exchange, about)
    WITH told AS MATERIALIZED (
        SELECT about, convert_from(value, 'UTF8')::jsonb AS v FROM added WHERE topic <> 'facts.sign.v1'
    ), one AS (
        SELECT coalesce(v ->> 'exchange', v #>> '{first,exchange}') AS exchange, about FROM told
    )
    SELECT exchange, about FROM one WHERE exchange IS NOT NULL
    UNION
    SELECT jsonb_object_keys(v -> 'by_exchange'), about FROM told
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION public.ledger_decided_by() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
    RETURN NULL;
END $$;
CREATE FUNCTION public.ledger_end(before bigint, as_of timestamp with time zone) RETURNS TABLE(seq bigint, posted_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    SELECT t.seq, t.posted_at FROM ledger_transaction t
    WHERE t.seq < coalesce(before, 9223372036854775807) AND t.posted_at <= coalesce(as_of, 'infinity')
    ORDER BY t.seq DESC LIMIT 1
$$;
CREATE FUNCTION public.ledger_entered() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
    IF FOUND THEN
        RAISE EXCEPTION 'account % would be below zero', overdrawn
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_not_below_zero';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.ledger_posted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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
            coalesce(sum(CASE split_part(e.account, ':', 1)
                WHEN 'entitlement' THEN e.credit_fen - e.debit_fen
                WHEN 'approved' THEN e.credit_fen - e.debit_fen
                WHEN 'returned' THEN e.credit_fen - e.debit_fen
                WHEN 'paid' THEN e.debit_fen - e.credit_fen
                ELSE 0 END), 0) AS amount
        FROM ledger_entry e WHERE e.seq = t.seq
    ) s
    WHERE s.n <> t.entries OR s.debit <> s.credit OR s.amount <> t.amount_fen LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not balance, or its amount is not what its entries say', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_balances';
    END IF;
    SELECT t.seq INTO wrong FROM added t JOIN ledger_entry e ON e.seq = t.seq
    WHERE NOT (CASE t.kind
        WHEN 'entitlement' THEN e.account IN (
            concat('policy:', split_part(t.award_id, '/', 1), ':', t.year),
            concat('policy:', split_part(t.award_id, '/', 1), ':', coalesce(t.year_before, t.year)),
            concat('entitlement:', t.subject, ':', t.award_id, ':', t.year),
            concat('entitlement:', coalesce(t.subject_before, t.subject), ':', t.award_id, ':',
                   coalesce(t.year_before, t.year)))
        WHEN 'approval' THEN e.account = CASE WHEN e.debit_fen > 0 THEN concat('budget:', t.year)
            ELSE concat('approved:', t.subject, ':', t.award_id) END
        WHEN 'payment' THEN e.account = CASE WHEN e.debit_fen > 0 THEN concat('paid:', t.subject, ':', t.award_id)
            ELSE 'treasury' END
        WHEN 'return' THEN e.account = CASE WHEN e.debit_fen > 0 THEN 'treasury'
            ELSE concat('returned:', t.subject, ':', t.award_id) END
        ELSE false END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % posts to an account that is not of its kind and award', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_accounts';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.log_checkpoint_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    BEGIN
        IF NEW.size < (SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1) THEN
            RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE FUNCTION public.log_hash_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    BEGIN
        IF NEW.first <> coalesce((SELECT first + octet_length(hashes) / 32 FROM log_hash
                                  WHERE level = NEW.level ORDER BY first DESC LIMIT 1), 0) THEN
            RAISE EXCEPTION 'hashes of a level follow each other' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE FUNCTION public.log_is_whole() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    DECLARE
        numbered bigint := (SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction);
        logged bigint := coalesce((SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1), 0);
    BEGIN
        IF numbered <> logged THEN
            RAISE EXCEPTION '% entries are numbered, and % are in the log', numbered, logged
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'log_is_whole';
        END IF;
        RETURN NULL;
    END $$;
CREATE FUNCTION public.log_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
    END $$;
CREATE FUNCTION public.operators_listed(whitelist jsonb) RETURNS TABLE(exchange text, about text)
    LANGUAGE sql STABLE
    AS $$
    SELECT e ->> 'id', concat('uscc:', o ->> 'uscc')
    FROM jsonb_array_elements(whitelist -> 'exchanges') e, jsonb_array_elements(e -> 'operators') o
$$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$;
CREATE FUNCTION public.settings_recorded() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO known_to SELECT exchange, about FROM operators_listed(NEW.whitelist) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;


SET default_tablespace = '';

SET default_table_access_method = heap;
CREATE TABLE public.act (
    id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    person text NOT NULL,
    request_key text COLLATE pg_catalog."C",
    request_sha256 text NOT NULL,
    CONSTRAINT act_kind_check CHECK ((kind = ANY (ARRAY['decision'::text, 'hold'::text, 'release'::text, 'eligibility'::text, 'suspension'::text, 'other_grant'::text, 'related_party'::text]))),
    CONSTRAINT act_person_check CHECK ((person <> ''::text)),
    CONSTRAINT act_recorded_at_check CHECK (isfinite(recorded_at))
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.award_current (
    award_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    about text NOT NULL COLLATE pg_catalog."C",
    rule text NOT NULL COLLATE pg_catalog."C",
    article text NOT NULL,
    policy_id text NOT NULL COLLATE pg_catalog."C",
    policy_revision integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    subject_name text NOT NULL,
    exchange text COLLATE pg_catalog."C",
    year smallint NOT NULL,
    base_fen bigint NOT NULL,
    rate numeric,
    cap_fen bigint,
    ceiling_fen bigint NOT NULL,
    payable_fen bigint NOT NULL,
    suppressed_by text COLLATE pg_catalog."C",
    flags text[] NOT NULL,
    evidence jsonb NOT NULL,
    exchanges text[] NOT NULL COLLATE pg_catalog."C",
    named text[] NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT award_current_base_fen_check CHECK ((base_fen >= 0)),
    CONSTRAINT award_current_cap_fen_check CHECK ((cap_fen >= 0)),
    CONSTRAINT award_current_ceiling_fen_check CHECK ((ceiling_fen >= 0)),
    CONSTRAINT award_current_check CHECK (((payable_fen >= 0) AND (payable_fen <= ceiling_fen))),
    CONSTRAINT award_current_check1 CHECK (((suppressed_by IS NULL) OR ((payable_fen = 0) AND (suppressed_by <> award_id)))),
    CONSTRAINT award_current_rate_check CHECK ((rate > (0)::numeric)),
    CONSTRAINT award_current_recorded_at_check CHECK (isfinite(recorded_at)),
    CONSTRAINT award_current_version_check CHECK ((version >= 0)),
    CONSTRAINT award_once_over_zero CHECK (((version > 0) OR (ceiling_fen > 0)))
);
CREATE TABLE public.award_version (
    award_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    about text NOT NULL COLLATE pg_catalog."C",
    rule text NOT NULL COLLATE pg_catalog."C",
    article text NOT NULL,
    policy_id text NOT NULL COLLATE pg_catalog."C",
    policy_revision integer NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    subject_name text NOT NULL,
    exchange text COLLATE pg_catalog."C",
    year smallint NOT NULL,
    base_fen bigint NOT NULL,
    rate numeric,
    cap_fen bigint,
    ceiling_fen bigint NOT NULL,
    payable_fen bigint NOT NULL,
    suppressed_by text COLLATE pg_catalog."C",
    flags text[] NOT NULL,
    evidence jsonb NOT NULL,
    exchanges text[] NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT award_once_over_zero CHECK (((version > 0) OR (ceiling_fen > 0))),
    CONSTRAINT award_version_base_fen_check CHECK ((base_fen >= 0)),
    CONSTRAINT award_version_cap_fen_check CHECK ((cap_fen >= 0)),
    CONSTRAINT award_version_ceiling_fen_check CHECK ((ceiling_fen >= 0)),
    CONSTRAINT award_version_check CHECK (((payable_fen >= 0) AND (payable_fen <= ceiling_fen))),
    CONSTRAINT award_version_check1 CHECK (((suppressed_by IS NULL) OR ((payable_fen = 0) AND (suppressed_by <> award_id)))),
    CONSTRAINT award_version_rate_check CHECK ((rate > (0)::numeric)),
    CONSTRAINT award_version_recorded_at_check CHECK (isfinite(recorded_at)),
    CONSTRAINT award_version_version_check CHECK ((version >= 0))
);
CREATE TABLE public.decision (
    id text NOT NULL COLLATE pg_catalog."C",
    award_id text NOT NULL COLLATE pg_catalog."C",
    number integer NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    from_state text NOT NULL COLLATE pg_catalog."C",
    to_state text NOT NULL COLLATE pg_catalog."C",
    amount_fen bigint NOT NULL,
    rule text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    year smallint NOT NULL,
    reason text,
    documents jsonb NOT NULL,
    until timestamp with time zone,
    voucher_no text,
    paid_on date,
    CONSTRAINT decision_amount CHECK (
CASE
    WHEN (action = ANY (ARRAY['approve'::text, 'pay'::text, 'return'::text])) THEN (amount_fen > 0)
    ELSE (amount_fen = 0)
END),
    CONSTRAINT decision_needs CHECK ((((action = 'publish'::text) = (until IS NOT NULL)) AND ((action = 'pay'::text) = (voucher_no IS NOT NULL)) AND ((action = 'pay'::text) = (paid_on IS NOT NULL)) AND ((action <> ALL (ARRAY['reject'::text, 'reopen'::text, 'return'::text])) OR (reason IS NOT NULL)))),
    CONSTRAINT decision_number_check CHECK ((number >= 0)),
    CONSTRAINT decision_paid_on_check CHECK (isfinite(paid_on)),
    CONSTRAINT decision_step CHECK (
CASE action
    WHEN 'apply'::text THEN ((from_state = ANY (ARRAY['estimated'::text, 'approved'::text, 'paid'::text])) AND (to_state = 'applied'::text))
    WHEN 'list'::text THEN ((from_state = ANY (ARRAY['estimated'::text, 'approved'::text, 'paid'::text])) AND (to_state = 'applied'::text))
    WHEN 'review'::text THEN ((from_state = 'applied'::text) AND (to_state = 'reviewed'::text))
    WHEN 'joint_review'::text THEN ((from_state = 'reviewed'::text) AND (to_state = 'joint_reviewed'::text))
    WHEN 'publish'::text THEN ((from_state = 'joint_reviewed'::text) AND (to_state = 'published'::text))
    WHEN 'approve'::text THEN ((from_state = 'published'::text) AND (to_state = 'approved'::text))
    WHEN 'pay'::text THEN ((from_state = ANY (ARRAY['approved'::text, 'estimated'::text])) AND (to_state = 'paid'::text))
    WHEN 'reject'::text THEN ((from_state = ANY (ARRAY['estimated'::text, 'applied'::text, 'reviewed'::text, 'joint_reviewed'::text, 'published'::text])) AND (to_state = 'rejected'::text))
    WHEN 'reopen'::text THEN ((from_state = 'rejected'::text) AND (to_state = 'estimated'::text))
    WHEN 'return'::text THEN (from_state = to_state)
    ELSE false
END),
    CONSTRAINT decision_until_check CHECK (isfinite(until))
);
CREATE TABLE public.eligibility (
    id text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    from_at timestamp with time zone,
    until_at timestamp with time zone,
    kind_of_entity text,
    criteria jsonb NOT NULL,
    documents jsonb NOT NULL,
    CONSTRAINT eligibility_period CHECK ((until_at > from_at)),
    CONSTRAINT eligibility_status_check CHECK ((status = ANY (ARRAY['verified'::text, 'failed'::text])))
);
CREATE TABLE public."extract" (
    id text NOT NULL COLLATE pg_catalog."C",
    requested_by text NOT NULL,
    role text NOT NULL COLLATE pg_catalog."C",
    request jsonb NOT NULL,
    log_size bigint NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL COLLATE pg_catalog."C",
    progress real DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    reason text,
    requested_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    expires_at timestamp with time zone,
    bytes bigint,
    sha256 text,
    CONSTRAINT extract_check CHECK (((state = 'ready'::text) <= ((bytes IS NOT NULL) AND (sha256 IS NOT NULL) AND (expires_at IS NOT NULL)))),
    CONSTRAINT extract_log_size_check CHECK ((log_size >= 0)),
    CONSTRAINT extract_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
    CONSTRAINT extract_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'ready'::text, 'failed'::text, 'cancelled'::text, 'expired'::text])))
);
CREATE TABLE public.extract_access (
    id bigint NOT NULL,
    extract_id text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone NOT NULL,
    who text,
    role text COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT extract_access_action_check CHECK ((action = ANY (ARRAY['requested'::text, 'downloaded'::text, 'cancelled'::text, 'removed'::text, 'expired'::text])))
);
ALTER TABLE public.extract_access ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.extract_access_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.extract_piece (
    extract_id text NOT NULL COLLATE pg_catalog."C",
    number integer NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT extract_piece_number_check CHECK ((number >= 0))
);
ALTER TABLE ONLY public.extract_piece ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE public.fact (
    id bigint NOT NULL,
    topic text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    about text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    seq bigint NOT NULL,
    value bytea NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT fact_generation_check CHECK ((generation >= 1)),
    CONSTRAINT fact_recorded_at_check CHECK (isfinite(recorded_at)),
    CONSTRAINT fact_seq_check CHECK ((seq >= 0))
);
CREATE TABLE public.fact_current (
    topic text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    about text NOT NULL COLLATE pg_catalog."C",
    generation bigint NOT NULL,
    seq bigint NOT NULL,
    fact_id bigint NOT NULL
);
ALTER TABLE public.fact ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.hold (
    id text NOT NULL COLLATE pg_catalog."C",
    award_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    CONSTRAINT hold_kind_check CHECK ((kind = ANY (ARRAY['manual'::text, 'objection'::text])))
);
CREATE TABLE public.hold_release (
    id text NOT NULL COLLATE pg_catalog."C",
    hold_id text NOT NULL COLLATE pg_catalog."C",
    reason text
);
CREATE TABLE public.known_to (
    exchange text NOT NULL COLLATE pg_catalog."C",
    about text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.ledger_entry (
    seq bigint NOT NULL,
    line smallint NOT NULL,
    account text NOT NULL COLLATE pg_catalog."C",
    debit_fen bigint NOT NULL,
    credit_fen bigint NOT NULL,
    CONSTRAINT ledger_entry_credit_fen_check CHECK ((credit_fen >= 0)),
    CONSTRAINT ledger_entry_debit_fen_check CHECK ((debit_fen >= 0)),
    CONSTRAINT ledger_entry_line_check CHECK ((line >= 0)),
    CONSTRAINT ledger_entry_one_side CHECK (((debit_fen > 0) <> (credit_fen > 0)))
);
CREATE TABLE public.ledger_settings (
    id integer NOT NULL,
    from_seq bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    policy_id text NOT NULL COLLATE pg_catalog."C",
    policy_revision integer NOT NULL,
    policy_digest text NOT NULL,
    policy_source text NOT NULL,
    whitelist_digest text NOT NULL,
    whitelist jsonb NOT NULL,
    registers text[] COLLATE pg_catalog."C",
    CONSTRAINT ledger_settings_from_seq_check CHECK ((from_seq >= 0)),
    CONSTRAINT ledger_settings_recorded_at_check CHECK (isfinite(recorded_at))
);
ALTER TABLE public.ledger_settings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_settings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_transaction (
    seq bigint NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    award_id text COLLATE pg_catalog."C",
    amount_fen bigint NOT NULL,
    entries smallint NOT NULL,
    subject text COLLATE pg_catalog."C",
    year smallint,
    subject_before text COLLATE pg_catalog."C",
    year_before smallint,
    policy_id text NOT NULL COLLATE pg_catalog."C",
    policy_revision integer NOT NULL,
    article text NOT NULL,
    cause jsonb NOT NULL,
    decision_id text COLLATE pg_catalog."C",
    decision_sha256 text,
    CONSTRAINT ledger_amount_sign CHECK (((kind = ANY (ARRAY['entitlement'::text, 'decision'::text])) OR (amount_fen > 0))),
    CONSTRAINT ledger_decided CHECK ((((kind = 'entitlement'::text) = (decision_id IS NULL)) AND ((decision_id IS NULL) = (decision_sha256 IS NULL)))),
    CONSTRAINT ledger_decision_posts_nothing CHECK (
CASE
    WHEN (kind = 'decision'::text) THEN ((entries = 0) AND (amount_fen = 0))
    ELSE (entries >= 2)
END),
    CONSTRAINT ledger_moved CHECK (((kind = 'entitlement'::text) OR ((subject_before IS NULL) AND (year_before IS NULL)))),
    CONSTRAINT ledger_of_an_award CHECK (((kind = 'decision'::text) OR ((award_id IS NOT NULL) AND (subject IS NOT NULL) AND (year IS NOT NULL)))),
    CONSTRAINT ledger_transaction_cause_check CHECK (((cause ? 'text'::text) AND (cause ? 'facts'::text))),
    CONSTRAINT ledger_transaction_kind_check CHECK ((kind = ANY (ARRAY['entitlement'::text, 'approval'::text, 'payment'::text, 'return'::text, 'decision'::text]))),
    CONSTRAINT ledger_transaction_posted_at_check CHECK (isfinite(posted_at)),
    CONSTRAINT ledger_transaction_seq_check CHECK ((seq >= 0))
);
CREATE TABLE public.log_checkpoint (
    id bigint NOT NULL,
    size bigint NOT NULL,
    peaks bytea NOT NULL,
    key_id integer NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    note text NOT NULL,
    CONSTRAINT log_checkpoint_check CHECK ((octet_length(peaks) = (32 * bit_count(int8send(size))))),
    CONSTRAINT log_checkpoint_size_check CHECK ((size >= 0))
);
ALTER TABLE public.log_checkpoint ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.log_checkpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.log_cosignature (
    checkpoint_id bigint NOT NULL,
    vkey text NOT NULL COLLATE pg_catalog."C",
    line text NOT NULL
);
CREATE TABLE public.log_hash (
    level smallint NOT NULL,
    first bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT log_hash_first_check CHECK ((first >= 0)),
    CONSTRAINT log_hash_hashes_check CHECK (((octet_length(hashes) > 0) AND ((octet_length(hashes) % 32) = 0))),
    CONSTRAINT log_hash_level_check CHECK (((level >= 0) AND (level <= 7)))
);
ALTER TABLE ONLY public.log_hash ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE public.log_key (
    id integer NOT NULL,
    vkey text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE public.log_key ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.log_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.other_grant (
    id text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    year smallint NOT NULL,
    amount_fen bigint NOT NULL,
    documents jsonb NOT NULL,
    CONSTRAINT other_grant_amount_fen_check CHECK ((amount_fen >= 0))
);
CREATE TABLE public.page_session (
    token_sha256 text NOT NULL COLLATE pg_catalog."C",
    who text NOT NULL,
    role text NOT NULL COLLATE pg_catalog."C",
    key_sha256 text NOT NULL COLLATE pg_catalog."C",
    begun_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT page_session_check CHECK ((expires_at > begun_at))
);
CREATE TABLE public."position" (
    topic text NOT NULL COLLATE pg_catalog."C",
    partition integer NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    CONSTRAINT position_next_offset_check CHECK ((next_offset >= 0)),
    CONSTRAINT position_partition_check CHECK ((partition >= 0))
);
CREATE TABLE public.related_party (
    id text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    other text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    documents jsonb NOT NULL,
    CONSTRAINT related_party_status_check CHECK ((status = ANY (ARRAY['related'::text, 'unrelated'::text]))),
    CONSTRAINT related_party_two CHECK ((subject < other))
);
CREATE TABLE public.suspension (
    id text NOT NULL COLLATE pg_catalog."C",
    rule text NOT NULL COLLATE pg_catalog."C",
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    reason text NOT NULL,
    CONSTRAINT suspension_period CHECK ((until_at > from_at))
);
CREATE TABLE public.worker_run (
    id bigint NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ending text COLLATE pg_catalog."C",
    reason text,
    CONSTRAINT worker_run_check CHECK (((ended_at IS NULL) = (ending IS NULL))),
    CONSTRAINT worker_run_ending_check CHECK ((ending = ANY (ARRAY['stopped'::text, 'halted'::text, 'failed'::text])))
);
ALTER TABLE public.worker_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.worker_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO public.act VALUES
	('9b238da114d849c581ed74e3330c79e2', 'eligibility', 20, '2026-06-01 00:00:23.000005+00', 'key of bureau', NULL, '778382d5ff73285caf047a8a569e1f8c664086a3c7336b83748a52b653dcab41'),
	('f3e73f989df14c4a8e983e46ec6e6baa', 'decision', 21, '2026-06-01 00:00:24.000005+00', 'key of bureau', 'k0', 'ec46f12bbfe6f6bd91fbaa7744cfbd94a52341feaf844af941137ef7c01beb7a'),
	('2519acbeb9e844daa348617e77b7f5ac', 'decision', 22, '2026-06-01 00:00:25.000005+00', 'key of bureau', 'k1', 'cd40f30d8b93ecd0f227986a39543712ff86ff5c985d6ff6d1e9a954bdc50ce8'),
	('6bd8a18f5725411f983d9a50143c77f4', 'decision', 23, '2026-06-01 00:00:26.000005+00', 'key of bureau2', 'k2', 'b7cdecf3f93bba04a46c35da5e68d0d23893bca53dac9f06413e30597f373ef7'),
	('93ded749c0c84c528a002fa5bb44dc0d', 'decision', 24, '2026-06-01 00:00:27.000005+00', 'key of bureau', 'k3', '6eb9e28a7f02065544acfd6f0a1447d2162d2053256ffbfc1a1971b686827262'),
	('54e8c52276f94f5c9d3374a69f22147e', 'decision', 25, '2026-06-01 00:00:28.000005+00', 'key of bureau2', 'k4', '78b05ef085d3890518cad6de12096a5910c80820c16130e0758fc3884b0cc2d6'),
	('63237e5409234abbb38401d456152310', 'eligibility', 26, '2026-06-01 00:00:29.000005+00', 'key of bureau', NULL, '2dbaa37f1e32d052e71a359fbe3c8f707b68fde9e5ccfd6d59f882c767b5cf5e'),
	('5a0d0a135b1c4733ab130185a0a1cddd', 'decision', 27, '2026-06-01 00:00:30.000005+00', 'key of bureau', 'k5', 'e27ba973a42b5c0888f9a9a82cf6dcce9de766f1cdb6319d2121cdec8d9b8475'),
	('4463b44b0d284867a5f3d6d358eaaf82', 'decision', 28, '2026-06-01 00:00:31.000005+00', 'key of bureau', 'k6', '81e545f7a49148bde0b1b6bf312d5e0644ed6fe26d7366776f2ea97a8c67f554'),
	('7956e7c299f64c7cbf72d53aa6c04581', 'decision', 29, '2026-06-01 00:00:32.000005+00', 'key of bureau2', 'k7', '6d9879aa65d9de5c1f43695217839d06194d6860a89e48523880714bc25a3629'),
	('05bb039017a34928a5e5ac1cd709e0a3', 'decision', 30, '2026-06-01 00:00:33.000005+00', 'key of bureau', 'k8', '30db5e02413bf7bb28bdb89acc978ebc34f7854ff44cdf6a64d9e688dfce8376'),
	('f1d0954b4734407e88281683ef9d1aed', 'decision', 31, '2026-06-01 00:00:34.000005+00', 'key of bureau2', 'k9', '04b410c8576ad602b027bc8cbab81afcff5a95c71cf80399263e21a6bf0c8198'),
	('382b4c30dfe8460eaa0eab571500f23d', 'eligibility', 32, '2026-06-01 00:00:35.000005+00', 'key of bureau', NULL, '89f8a2d9af817b652a155997bc1c7773572d8811b8ca440d21760da262ccb357'),
	('2aaa1508e5f84dba903648b8ceda00a5', 'decision', 33, '2026-06-01 00:00:36.000005+00', 'key of bureau', 'k10', 'dbfbb3447fec6138bf5786876aa81e4093a57583c3914fda8f4b5dca13fe4ebe'),
	('0d745dc2c077489ca3e23d77f67d318e', 'decision', 34, '2026-06-01 00:00:37.000005+00', 'key of bureau', 'k11', 'eb646d9dfa8cb55f8f452d7f596e011f2a61ca841336a362a02c1c68987fb924'),
	('235da8268b3845a988ee5483d3fc7720', 'decision', 35, '2026-06-01 00:00:38.000005+00', 'key of bureau2', 'k12', 'bf7e9a13fff58c40addc52782ea3553aef63d7f485832bb6b997593be8292672'),
	('c22e3b06ec6c4feca564a90a6b8e8476', 'decision', 36, '2026-06-01 00:00:39.000005+00', 'key of bureau', 'k13', 'd81102436205bd4d001086cb79a20c6b2dd8b539d191020dff7cd562f798b063'),
	('55a86d5ff41a4bd68af4ce38a290db2a', 'decision', 37, '2026-06-01 00:00:40.000005+00', 'key of bureau2', 'k14', '8292e4ff5e3d752f06e29f2581e1f9cb362d09f889a0a81659d71a96f99507f4'),
	('04c1f16110fe4eb3ba26279208725446', 'decision', 38, '2026-06-01 00:00:41.000005+00', 'key of bureau', 'k15', 'f5c3aad609ed8eec81fb253fbe30d35ab14157e9673c4342e21232455bbc09ad'),
	('fd536da488dc4f6b8280daf334b4a4ee', 'decision', 39, '2026-06-01 00:00:42.000005+00', 'key of bureau', 'k16', '9ab04eedd51cb895a123a1724682be6c496b6ef5f470513ef317b7895d8ead87'),
	('02c6233df6bb47a982f2aa749f2ae78e', 'hold', 40, '2026-06-01 00:00:43.000005+00', 'key of bureau', NULL, '8d67579ce5dca494f1ad57012210cc5cf277313bd3217ae4e59d853a825dfc58'),
	('ad7055899b4b4348a1edb5ed0a8374a0', 'hold', 41, '2026-06-01 00:00:44.000005+00', 'key of bureau', NULL, 'ffd381d808d1e9a163a32815ca0ebf24987507d93ab5f5a88d7c70cb34e72a9c'),
	('6933e8ba95574dfb95a56ec621e7b02d', 'release', 42, '2026-06-01 00:00:45.000005+00', 'key of bureau', NULL, 'acf4b26f794f029ad31f13a23aa427287afd797c7fc4bd8b53c328b12218dd36'),
	('1e2bb7a8f448478ab30e1f28eb8fd2d2', 'suspension', 43, '2026-06-01 00:00:46.000005+00', 'key of bureau', NULL, '246a0e8563e5e253b1cdda47fcf67cb82fe51477f50c67c16d5e0e20965c29e4'),
	('b5d298cd947e4c8fb5156ee870dade68', 'other_grant', 44, '2026-06-01 00:00:47.000005+00', 'key of bureau', NULL, '53ab0988da14df947abbc33d2b47096d725f7b7a429c3cbc49ab6bd8f6bcc26d'),
	('ca0e534d62f24da5a25dded78984d098', 'other_grant', 45, '2026-06-01 00:00:48.000005+00', 'key of bureau', NULL, 'a83fed10ae1a94684a8642d1b0bf37b47b2182bdc162a2807308b7c8d47b82a0'),
	('2d35658f66af4424b0a90626ad539a29', 'decision', 46, '2026-06-01 00:00:49.000005+00', 'key of bureau', 'k17', '97997125777c5216972297521da20a96288f028e753febef538461f6d0817cd4');
INSERT INTO public.alembic_version VALUES
	('0011');
INSERT INTO public.award_current VALUES
	('first_listing/uscc:91530000000000003T', 2, '2026-06-01 00:00:19+00', 'uscc:91530000000000003T', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000003T', '虚构主体3', 'dcdex', 2025, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 12, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}', '{dcdex,kmdex}'),
	('exchange_tiers/kmdex/2025', 0, '2026-06-01 00:00:21+00', 'exchange/kmdex', 'exchange_tiers', '(六) 2', 'kunming-2025-14', 1, 'uscc:91530100MAXKMDEX0C', '虚构甲数据交易所运营有限公司 / Fictional Operator A', 'kmdex', 2025, 12344999950, NULL, 100000000, 100000000, 100000000, NULL, '{}', '[{"seq": 28, "fact": "facts.annual-total.v1/r1/exchange/kmdex/2025", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}', '{kmdex}'),
	('first_purchase/uscc:91530000000000072Y', 0, '2026-06-01 00:00:50.000005+00', 'uscc:91530000000000072Y', 'first_purchase', '(四) 2', 'kunming-2025-14', 1, 'uscc:91530000000000072Y', '虚构秘密乙', 'dcdex', 2026, 77777777, 0.05, 20000000, 3888888, 3888888, NULL, '{}', '[{"seq": 32, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000072Y", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}', '{dcdex}'),
	('first_purchase/uscc:91530000000000000H', 1, '2026-06-01 00:00:21+00', 'uscc:91530000000000000H', 'first_purchase', '(四) 2', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'dcdex', 2025, 0, 0.05, 20000000, 0, 0, NULL, '{}', '[{"seq": 28, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000000H", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}', '{dcdex}'),
	('exchange_tiers/dcdex/2025', 0, '2026-06-01 00:00:22+00', 'exchange/dcdex', 'exchange_tiers', '(六) 2', 'kunming-2025-14', 1, 'uscc:91530100MAXDCDEX07', '虚构乙数据交易中心运营有限公司 / Fictional Operator B', 'dcdex', 2025, 500100000000, NULL, 500000000, 500000000, 500000000, NULL, '{}', '[{"seq": 30, "fact": "facts.annual-total.v1/r1/exchange/dcdex/2025", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}', '{dcdex}'),
	('first_listing/uscc:91530000000000001L', 1, '2026-06-01 00:00:22.000002+00', 'uscc:91530000000000001L', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', 'dcdex', 2025, 0, NULL, 2000000, 2000000, 0, 'revenue_growth/uscc:91530000000000001L/2025/R-2025', '{}', '[{"seq": 9, "fact": "facts.first-listing.v1/r1/uscc:91530000000000001L", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}', '{dcdex}'),
	('revenue_growth/uscc:91530000000000001L/2025/R-2025', 0, '2026-06-01 00:00:22.000002+00', 'uscc:91530000000000001L', 'revenue_growth', '(十三)', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', NULL, 2025, 10000000000, NULL, 20000000, 20000000, 20000000, NULL, '{}', '[{"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "exchanges": [], "generation": 1}]', '{}', '{}'),
	('compute_voucher/uscc:91530000000000002P/2026/V-1', 1, '2026-06-01 00:00:22.000005+00', 'uscc:91530000000000002P', 'compute_voucher', '(十四)', 'kunming-2025-14', 1, 'uscc:91530000000000002P', '虚构主体2', NULL, 2026, 10000001, 0.30, 30000000, 3000000, 0, 'compute_voucher/uscc:91530000000000002P/2026/V-2', '{}', '[{"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "exchanges": [], "generation": 1}]', '{}', '{}'),
	('compute_voucher/uscc:91530000000000002P/2026/V-2', 0, '2026-06-01 00:00:22.000005+00', 'uscc:91530000000000002P', 'compute_voucher', '(十四)', 'kunming-2025-14', 1, 'uscc:91530000000000002P', '虚构主体2', NULL, 2026, 200000000, 0.30, 30000000, 27000000, 27000000, NULL, '{}', '[{"seq": 5, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-2", "exchanges": [], "generation": 1}, {"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "exchanges": [], "generation": 1}]', '{}', '{}'),
	('revenue_growth/uscc:91530000000000001L/2026/R-2026', 1, '2026-06-01 00:00:47.000005+00', 'uscc:91530000000000001L', 'revenue_growth', '(十三)', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', NULL, 2026, 60000000000, NULL, 30000000, 10000000, 0, 'other_grant/b5d298cd947e4c8fb5156ee870dade68', '{}', '[{"seq": 3, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026", "exchanges": [], "generation": 1}, {"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "exchanges": [], "generation": 1}]', '{}', '{}'),
	('first_listing/uscc:91530000000000000H', 5, '2026-06-01 00:00:48.000005+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'kmdex', 2025, 0, NULL, 2000000, 2000000, 0, 'other_grant/ca0e534d62f24da5a25dded78984d098', '{}', '[{"seq": 11, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}', '{dcdex,kmdex}');
INSERT INTO public.award_version VALUES
	('first_listing/uscc:91530000000000000H', 0, '2026-06-01 00:00:04+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'dcdex', 2026, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 2, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('first_listing/uscc:91530000000000003T', 0, '2026-06-01 00:00:07+00', 'uscc:91530000000000003T', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000003T', '虚构主体3', 'kmdex', 2025, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 3, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_listing/uscc:91530000000000003T', 1, '2026-06-01 00:00:10+00', 'uscc:91530000000000003T', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000003T', '虚构主体3', 'kmdex', 2026, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 6, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_listing/uscc:91530000000000000H', 1, '2026-06-01 00:00:12+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'dcdex', 2026, 0, NULL, 2000000, 0, 0, NULL, '{}', '[{"seq": 9, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('first_listing/uscc:91530000000000001L', 0, '2026-06-01 00:00:12+00', 'uscc:91530000000000001L', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', 'dcdex', 2025, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 9, "fact": "facts.first-listing.v1/r1/uscc:91530000000000001L", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('first_listing/uscc:91530000000000000H', 2, '2026-06-01 00:00:14+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'kmdex', 2025, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 11, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_listing/uscc:91530000000000000H', 3, '2026-06-01 00:00:16+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'kmdex', 2025, 0, NULL, 2000000, 2000000, 0, 'first_purchase/uscc:91530000000000000H', '{}', '[{"seq": 11, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_purchase/uscc:91530000000000000H', 0, '2026-06-01 00:00:16+00', 'uscc:91530000000000000H', 'first_purchase', '(四) 2', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'dcdex', 2025, 50000000, 0.05, 20000000, 2500000, 2500000, NULL, '{}', '[{"seq": 21, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000000H", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('first_listing/uscc:91530000000000003T', 2, '2026-06-01 00:00:19+00', 'uscc:91530000000000003T', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000003T', '虚构主体3', 'dcdex', 2025, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 12, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('exchange_tiers/kmdex/2025', 0, '2026-06-01 00:00:21+00', 'exchange/kmdex', 'exchange_tiers', '(六) 2', 'kunming-2025-14', 1, 'uscc:91530100MAXKMDEX0C', '虚构甲数据交易所运营有限公司 / Fictional Operator A', 'kmdex', 2025, 12344999950, NULL, 100000000, 100000000, 100000000, NULL, '{}', '[{"seq": 28, "fact": "facts.annual-total.v1/r1/exchange/kmdex/2025", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_listing/uscc:91530000000000000H', 4, '2026-06-01 00:00:21+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'kmdex', 2025, 0, NULL, 2000000, 2000000, 2000000, NULL, '{}', '[{"seq": 11, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_purchase/uscc:91530000000000000H', 1, '2026-06-01 00:00:21+00', 'uscc:91530000000000000H', 'first_purchase', '(四) 2', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'dcdex', 2025, 0, 0.05, 20000000, 0, 0, NULL, '{}', '[{"seq": 28, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000000H", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('exchange_tiers/dcdex/2025', 0, '2026-06-01 00:00:22+00', 'exchange/dcdex', 'exchange_tiers', '(六) 2', 'kunming-2025-14', 1, 'uscc:91530100MAXDCDEX07', '虚构乙数据交易中心运营有限公司 / Fictional Operator B', 'dcdex', 2025, 500100000000, NULL, 500000000, 500000000, 500000000, NULL, '{}', '[{"seq": 30, "fact": "facts.annual-total.v1/r1/exchange/dcdex/2025", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('first_listing/uscc:91530000000000001L', 1, '2026-06-01 00:00:22.000002+00', 'uscc:91530000000000001L', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', 'dcdex', 2025, 0, NULL, 2000000, 2000000, 0, 'revenue_growth/uscc:91530000000000001L/2025/R-2025', '{}', '[{"seq": 9, "fact": "facts.first-listing.v1/r1/uscc:91530000000000001L", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}'),
	('revenue_growth/uscc:91530000000000001L/2025/R-2025', 0, '2026-06-01 00:00:22.000002+00', 'uscc:91530000000000001L', 'revenue_growth', '(十三)', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', NULL, 2025, 10000000000, NULL, 20000000, 20000000, 20000000, NULL, '{}', '[{"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "exchanges": [], "generation": 1}]', '{}'),
	('revenue_growth/uscc:91530000000000001L/2026/R-2026', 0, '2026-06-01 00:00:22.000003+00', 'uscc:91530000000000001L', 'revenue_growth', '(十三)', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', NULL, 2026, 60000000000, NULL, 30000000, 10000000, 10000000, NULL, '{}', '[{"seq": 3, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026", "exchanges": [], "generation": 1}, {"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "exchanges": [], "generation": 1}]', '{}'),
	('compute_voucher/uscc:91530000000000002P/2026/V-1', 0, '2026-06-01 00:00:22.000004+00', 'uscc:91530000000000002P', 'compute_voucher', '(十四)', 'kunming-2025-14', 1, 'uscc:91530000000000002P', '虚构主体2', NULL, 2026, 10000001, 0.30, 30000000, 3000000, 3000000, NULL, '{}', '[{"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "exchanges": [], "generation": 1}]', '{}'),
	('compute_voucher/uscc:91530000000000002P/2026/V-1', 1, '2026-06-01 00:00:22.000005+00', 'uscc:91530000000000002P', 'compute_voucher', '(十四)', 'kunming-2025-14', 1, 'uscc:91530000000000002P', '虚构主体2', NULL, 2026, 10000001, 0.30, 30000000, 3000000, 0, 'compute_voucher/uscc:91530000000000002P/2026/V-2', '{}', '[{"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "exchanges": [], "generation": 1}]', '{}'),
	('compute_voucher/uscc:91530000000000002P/2026/V-2', 0, '2026-06-01 00:00:22.000005+00', 'uscc:91530000000000002P', 'compute_voucher', '(十四)', 'kunming-2025-14', 1, 'uscc:91530000000000002P', '虚构主体2', NULL, 2026, 200000000, 0.30, 30000000, 27000000, 27000000, NULL, '{}', '[{"seq": 5, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-2", "exchanges": [], "generation": 1}, {"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "exchanges": [], "generation": 1}]', '{}'),
	('revenue_growth/uscc:91530000000000001L/2026/R-2026', 1, '2026-06-01 00:00:47.000005+00', 'uscc:91530000000000001L', 'revenue_growth', '(十三)', 'kunming-2025-14', 1, 'uscc:91530000000000001L', '虚构主体1', NULL, 2026, 60000000000, NULL, 30000000, 10000000, 0, 'other_grant/b5d298cd947e4c8fb5156ee870dade68', '{}', '[{"seq": 3, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026", "exchanges": [], "generation": 1}, {"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "exchanges": [], "generation": 1}]', '{}'),
	('first_listing/uscc:91530000000000000H', 5, '2026-06-01 00:00:48.000005+00', 'uscc:91530000000000000H', 'first_listing', '(四) 1', 'kunming-2025-14', 1, 'uscc:91530000000000000H', '虚构主体0', 'kmdex', 2025, 0, NULL, 2000000, 2000000, 0, 'other_grant/ca0e534d62f24da5a25dded78984d098', '{}', '[{"seq": 11, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "exchanges": ["kmdex"], "generation": 1}]', '{kmdex}'),
	('first_purchase/uscc:91530000000000072Y', 0, '2026-06-01 00:00:50.000005+00', 'uscc:91530000000000072Y', 'first_purchase', '(四) 2', 'kunming-2025-14', 1, 'uscc:91530000000000072Y', '虚构秘密乙', 'dcdex', 2026, 77777777, 0.05, 20000000, 3888888, 3888888, NULL, '{}', '[{"seq": 32, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000072Y", "exchanges": ["dcdex"], "generation": 1}]', '{dcdex}');
INSERT INTO public.decision VALUES
	('f3e73f989df14c4a8e983e46ec6e6baa', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 'apply', 'estimated', 'applied', 0, 'compute_voucher', 'uscc:91530000000000002P', 2026, NULL, '[]', NULL, NULL, NULL),
	('2519acbeb9e844daa348617e77b7f5ac', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 1, 'review', 'applied', 'reviewed', 0, 'compute_voucher', 'uscc:91530000000000002P', 2026, NULL, '[]', NULL, NULL, NULL),
	('6bd8a18f5725411f983d9a50143c77f4', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 2, 'joint_review', 'reviewed', 'joint_reviewed', 0, 'compute_voucher', 'uscc:91530000000000002P', 2026, NULL, '[]', NULL, NULL, NULL),
	('93ded749c0c84c528a002fa5bb44dc0d', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 3, 'publish', 'joint_reviewed', 'published', 0, 'compute_voucher', 'uscc:91530000000000002P', 2026, NULL, '[]', '2026-01-30 16:00:00+00', NULL, NULL),
	('54e8c52276f94f5c9d3374a69f22147e', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 4, 'approve', 'published', 'approved', 27000000, 'compute_voucher', 'uscc:91530000000000002P', 2026, NULL, '[]', NULL, NULL, NULL),
	('5a0d0a135b1c4733ab130185a0a1cddd', 'exchange_tiers/dcdex/2025', 0, 'apply', 'estimated', 'applied', 0, 'exchange_tiers', 'uscc:91530100MAXDCDEX07', 2025, NULL, '[]', NULL, NULL, NULL),
	('4463b44b0d284867a5f3d6d358eaaf82', 'exchange_tiers/dcdex/2025', 1, 'review', 'applied', 'reviewed', 0, 'exchange_tiers', 'uscc:91530100MAXDCDEX07', 2025, NULL, '[]', NULL, NULL, NULL),
	('7956e7c299f64c7cbf72d53aa6c04581', 'exchange_tiers/dcdex/2025', 2, 'joint_review', 'reviewed', 'joint_reviewed', 0, 'exchange_tiers', 'uscc:91530100MAXDCDEX07', 2025, NULL, '[]', NULL, NULL, NULL),
	('05bb039017a34928a5e5ac1cd709e0a3', 'exchange_tiers/dcdex/2025', 3, 'publish', 'joint_reviewed', 'published', 0, 'exchange_tiers', 'uscc:91530100MAXDCDEX07', 2025, NULL, '[]', '2026-01-30 16:00:00+00', NULL, NULL),
	('f1d0954b4734407e88281683ef9d1aed', 'exchange_tiers/dcdex/2025', 4, 'approve', 'published', 'approved', 500000000, 'exchange_tiers', 'uscc:91530100MAXDCDEX07', 2025, NULL, '[]', NULL, NULL, NULL),
	('2aaa1508e5f84dba903648b8ceda00a5', 'first_listing/uscc:91530000000000000H', 0, 'apply', 'estimated', 'applied', 0, 'first_listing', 'uscc:91530000000000000H', 2025, NULL, '[]', NULL, NULL, NULL),
	('0d745dc2c077489ca3e23d77f67d318e', 'first_listing/uscc:91530000000000000H', 1, 'review', 'applied', 'reviewed', 0, 'first_listing', 'uscc:91530000000000000H', 2025, NULL, '[]', NULL, NULL, NULL),
	('235da8268b3845a988ee5483d3fc7720', 'first_listing/uscc:91530000000000000H', 2, 'joint_review', 'reviewed', 'joint_reviewed', 0, 'first_listing', 'uscc:91530000000000000H', 2025, NULL, '[]', NULL, NULL, NULL),
	('c22e3b06ec6c4feca564a90a6b8e8476', 'first_listing/uscc:91530000000000000H', 3, 'publish', 'joint_reviewed', 'published', 0, 'first_listing', 'uscc:91530000000000000H', 2025, NULL, '[]', '2026-01-30 16:00:00+00', NULL, NULL),
	('55a86d5ff41a4bd68af4ce38a290db2a', 'first_listing/uscc:91530000000000000H', 4, 'approve', 'published', 'approved', 2000000, 'first_listing', 'uscc:91530000000000000H', 2025, NULL, '[]', NULL, NULL, NULL),
	('04c1f16110fe4eb3ba26279208725446', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 5, 'pay', 'approved', 'paid', 27000000, 'compute_voucher', 'uscc:91530000000000002P', 2026, NULL, '[]', NULL, 'V-1', '2026-05-31'),
	('fd536da488dc4f6b8280daf334b4a4ee', 'exchange_tiers/kmdex/2025', 0, 'apply', 'estimated', 'applied', 0, 'exchange_tiers', 'uscc:91530100MAXKMDEX0C', 2025, NULL, '[]', NULL, NULL, NULL),
	('2d35658f66af4424b0a90626ad539a29', 'first_listing/uscc:91530000000000000H', 5, 'return', 'approved', 'approved', 1, 'first_listing', 'uscc:91530000000000000H', 2025, 'r', '[]', NULL, NULL, NULL);
INSERT INTO public.eligibility VALUES
	('9b238da114d849c581ed74e3330c79e2', 'uscc:91530000000000002P', 'verified', NULL, NULL, '企业', '{"credit": true}', '[]'),
	('63237e5409234abbb38401d456152310', 'uscc:91530100MAXDCDEX07', 'verified', NULL, NULL, '企业', '{"credit": true}', '[]'),
	('382b4c30dfe8460eaa0eab571500f23d', 'uscc:91530000000000000H', 'verified', NULL, NULL, '企业', '{"credit": true}', '[]');
INSERT INTO public."extract" VALUES
	('fc18e8b0648a4c3dbe82ed2e64845a06', 'key of exchange:kmdex', 'exchange:kmdex', '{"from": null, "role": "exchange:kmdex", "as_of": null, "rules": [], "since": null, "until": null, "evidence": "awards", "exchange": null, "subjects": []}', 48, 'ready', 1, 1, NULL, '2026-06-01 00:00:50.000005+00', '2026-11-30 00:42:05.369217+00', '2026-12-07 00:42:05.369217+00', 103824, '01518ac7a9cc39a7d049ab3e9d5c0c90ae729bf29f71f889a9739d10107d31bb');
INSERT INTO public.extract_access OVERRIDING SYSTEM VALUE VALUES
	(1, 'fc18e8b0648a4c3dbe82ed2e64845a06', '2026-06-01 00:00:50.000005+00', 'key of exchange:kmdex', 'exchange:kmdex', 'requested');
INSERT INTO public.fact OVERRIDING SYSTEM VALUE VALUES
	(1, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000000H/2027', 'uscc:91530000000000000H', 1, 2, '\x7b2267656e65726174696f6e223a312c22736571223a322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c2279656172223a323032372c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6972726f726564222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d5d7d7d7d', 0, 0, '2026-05-28 20:26:40+00', '2026-06-01 00:00:02+00'),
	(2, 'facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2027', 'uscc:91530000000000000H', 1, 2, '\x7b2267656e65726174696f6e223a312c22736571223a322c227375626a656374223a22757363633a393135333030303030303030303030303048222c2279656172223a323032372c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 1, '2026-05-28 20:26:40+00', '2026-06-01 00:00:02+00'),
	(3, 'facts.annual-total.v1', 'r1/exchange/kmdex/2025', 'exchange/kmdex', 1, 4, '\x7b2267656e65726174696f6e223a312c22736571223a342c2265786368616e6765223a226b6d646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31355431363a30303a30302e3030303030302b30383a3030227d5d7d', 0, 2, '2026-05-28 20:26:40+00', '2026-06-01 00:00:03+00'),
	(4, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 4, '\x7b2267656e65726174696f6e223a312c22736571223a342c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303458222c226e616d65223a22e8999ae69e84e4b8bbe4bd9334227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31355431363a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d7d7d', 0, 3, '2026-05-28 20:26:40+00', '2026-06-01 00:00:03+00'),
	(5, 'facts.sign.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 4, '\x7b2267656e65726174696f6e223a312c22736571223a342c227375626a656374223a22757363633a393135333030303030303030303030303458222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 4, '2026-05-28 20:26:40+00', '2026-06-01 00:00:03+00'),
	(6, 'facts.first-listing.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 2, '\x7b2267656e65726174696f6e223a312c22736571223a322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c226669727374223a7b2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c32222c227265766973696f6e223a312c226c69737465645f6174223a22323032362d31322d33315432333a35393a35392e3030303030302b30383a3030227d7d', 0, 5, '2026-05-28 20:26:40+00', '2026-06-01 00:00:04+00'),
	(7, 'facts.annual-total.v1', 'r1/exchange/dcdex/2025', 'exchange/dcdex', 1, 6, '\x7b2267656e65726174696f6e223a312c22736571223a362c2265786368616e6765223a226463646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 6, '2026-05-28 20:26:40+00', '2026-06-01 00:00:05+00'),
	(8, 'facts.annual-total.v1', 'r1/provider/uscc:915300000000000051/2025', 'uscc:915300000000000051', 1, 6, '\x7b2267656e65726174696f6e223a312c22736571223a362c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303531222c226e616d65223a22e8999ae69e84e4b8bbe4bd9335227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6f6465222c22616d6f756e74223a22302e3030222c22747261646573223a317d5d7d7d7d', 0, 7, '2026-05-28 20:26:40+00', '2026-06-01 00:00:05+00'),
	(9, 'facts.sign.v1', 'r1/provider/uscc:915300000000000051/2025', 'uscc:915300000000000051', 1, 6, '\x7b2267656e65726174696f6e223a312c22736571223a362c227375626a656374223a22757363633a393135333030303030303030303030303531222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 8, '2026-05-28 20:26:40+00', '2026-06-01 00:00:05+00'),
	(10, 'facts.annual-total.v1', 'r1/exchange/kmdex/2027', 'exchange/kmdex', 1, 8, '\x7b2267656e65726174696f6e223a312c22736571223a382c2265786368616e6765223a226b6d646578222c2279656172223a323032372c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032372d30312d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032372d30322d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032372d30312d30315430303a30303a30302e3030303030302b30383a3030227d5d7d', 0, 9, '2026-05-28 20:26:40+00', '2026-06-01 00:00:06+00'),
	(11, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000002P/2026', 'uscc:91530000000000002P', 1, 8, '\x7b2267656e65726174696f6e223a312c22736571223a382c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303250222c226e616d65223a22e8999ae69e84e4b8bbe4bd9332227d2c2279656172223a323032362c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a2263616e63656c6c6564222c22616d6f756e74223a22302e3030222c22747261646573223a317d5d7d7d7d', 0, 10, '2026-05-28 20:26:40+00', '2026-06-01 00:00:06+00'),
	(12, 'facts.first-purchase.v1', 'r1/uscc:91530000000000002P', 'uscc:91530000000000002P', 1, 8, '\x7b2267656e65726174696f6e223a312c22736571223a382c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303250222c226e616d65223a22e8999ae69e84e4b8bbe4bd9332227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c2274726164655f6e6f223a22543132222c227265766973696f6e223a312c22636f6d706c657465645f6174223a22323032372d30312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732353030302e3030222c22726566756e646564223a2236313732353030302e3030222c2270726f7669646572223a7b2269645f736368656d65223a226f76657273656173222c226964223a22582d31222c226e616d65223a22e8999ae69e84e5a283e5a496e4b8bbe4bd93227d7d7d', 0, 11, '2026-05-28 20:26:40+00', '2026-06-01 00:00:06+00'),
	(13, 'facts.sign.v1', 'r1/provider/uscc:91530000000000002P/2026', 'uscc:91530000000000002P', 1, 8, '\x7b2267656e65726174696f6e223a312c22736571223a382c227375626a656374223a22757363633a393135333030303030303030303030303250222c2279656172223a323032362c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 12, '2026-05-28 20:26:40+00', '2026-06-01 00:00:06+00'),
	(14, 'facts.first-listing.v1', 'r1/uscc:91530000000000003T', 'uscc:91530000000000003T', 1, 3, '\x7b2267656e65726174696f6e223a312c22736571223a332c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c34222c227265766973696f6e223a332c226c69737465645f6174223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030227d7d', 0, 13, '2026-05-28 20:26:40+00', '2026-06-01 00:00:07+00'),
	(15, 'facts.annual-total.v1', 'r1/exchange/kmdex/2025', 'exchange/kmdex', 1, 10, '\x7b2267656e65726174696f6e223a312c22736571223a31302c2265786368616e6765223a226b6d646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a322c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 14, '2026-05-28 20:26:40+00', '2026-06-01 00:00:08+00'),
	(16, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 10, '\x7b2267656e65726174696f6e223a312c22736571223a31302c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d7d7d', 0, 15, '2026-05-28 20:26:40+00', '2026-06-01 00:00:08+00'),
	(17, 'facts.first-purchase.v1', 'r1/uscc:91530000000000002P', 'uscc:91530000000000002P', 1, 10, '\x7b2267656e65726174696f6e223a312c22736571223a31302c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303250222c226e616d65223a22e8999ae69e84e4b8bbe4bd9332227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c2274726164655f6e6f223a225433222c227265766973696f6e223a312c22636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22353030302e3030222c22726566756e646564223a22353030302e3030222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d7d7d', 0, 16, '2026-05-28 20:26:40+00', '2026-06-01 00:00:08+00'),
	(18, 'facts.sign.v1', 'r1/buyer/uscc:91530000000000002P', 'uscc:91530000000000002P', 1, 10, '\x7b2267656e65726174696f6e223a312c22736571223a31302c227375626a656374223a22757363633a393135333030303030303030303030303250222c226669727374223a6e756c6c2c226772656174657374223a6e756c6c7d', 0, 17, '2026-05-28 20:26:40+00', '2026-06-01 00:00:08+00'),
	(19, 'facts.sign.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 10, '\x7b2267656e65726174696f6e223a312c22736571223a31302c227375626a656374223a22757363633a39313533303030303030303030303030314c222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030303250222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 18, '2026-05-28 20:26:40+00', '2026-06-01 00:00:08+00'),
	(20, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 11, '\x7b2267656e65726174696f6e223a312c22736571223a31312c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6972726f726564222c22616d6f756e74223a223530303030302e3030222c22747261646573223a317d5d7d7d7d', 0, 19, '2026-05-28 20:26:40+00', '2026-06-01 00:00:09+00'),
	(21, 'facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 11, '\x7b2267656e65726174696f6e223a312c22736571223a31312c227375626a656374223a22757363633a393135333030303030303030303030303048222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 20, '2026-05-28 20:26:40+00', '2026-06-01 00:00:09+00'),
	(22, 'facts.first-listing.v1', 'r1/uscc:91530000000000003T', 'uscc:91530000000000003T', 1, 6, '\x7b2267656e65726174696f6e223a312c22736571223a362c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c34222c227265766973696f6e223a342c226c69737465645f6174223a22323032362d31322d33315432333a35393a35392e3030303030302b30383a3030227d7d', 0, 21, '2026-05-28 20:26:40+00', '2026-06-01 00:00:10+00'),
	(23, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 14, '\x7b2267656e65726174696f6e223a312c22736571223a31342c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a2263616e63656c6c6564222c22616d6f756e74223a22353030302e3030222c22747261646573223a317d5d7d2c226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d7d7d', 0, 22, '2026-05-28 20:26:40+00', '2026-06-01 00:00:11+00'),
	(24, 'facts.sign.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 14, '\x7b2267656e65726174696f6e223a312c22736571223a31342c227375626a656374223a22757363633a39313533303030303030303030303030314c222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030303250222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 23, '2026-05-28 20:26:40+00', '2026-06-01 00:00:11+00'),
	(25, 'facts.first-listing.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 9, '\x7b2267656e65726174696f6e223a312c22736571223a392c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c226669727374223a6e756c6c7d', 0, 24, '2026-05-28 20:26:40+00', '2026-06-01 00:00:12+00'),
	(26, 'facts.first-listing.v1', 'r1/uscc:91530000000000001L', 'uscc:91530000000000001L', 1, 9, '\x7b2267656e65726174696f6e223a312c22736571223a392c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c226669727374223a7b2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c33222c227265766973696f6e223a312c226c69737465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d7d', 0, 25, '2026-05-28 20:26:40+00', '2026-06-01 00:00:12+00'),
	(27, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000003T/2026', 'uscc:91530000000000003T', 1, 17, '\x7b2267656e65726174696f6e223a312c22736571223a31372c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c2279656172223a323032362c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a2263616e63656c6c6564222c22616d6f756e74223a22343939392e3530222c22747261646573223a317d5d7d7d7d', 0, 26, '2026-05-28 20:26:40+00', '2026-06-01 00:00:13+00'),
	(28, 'facts.sign.v1', 'r1/provider/uscc:91530000000000003T/2026', 'uscc:91530000000000003T', 1, 17, '\x7b2267656e65726174696f6e223a312c22736571223a31372c227375626a656374223a22757363633a393135333030303030303030303030303354222c2279656172223a323032362c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 27, '2026-05-28 20:26:40+00', '2026-06-01 00:00:13+00'),
	(29, 'facts.first-listing.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 11, '\x7b2267656e65726174696f6e223a312c22736571223a31312c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c32222c227265766973696f6e223a342c226c69737465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030227d7d', 0, 28, '2026-05-28 20:26:40+00', '2026-06-01 00:00:14+00'),
	(30, 'facts.annual-total.v1', 'r1/exchange/kmdex/2025', 'exchange/kmdex', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c2265786368616e6765223a226b6d646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430303a30303a30302e3030303030302b30383a3030227d2c7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a322c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 29, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(31, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a2263616e63656c6c6564222c22616d6f756e74223a22353030302e3030222c22747261646573223a317d5d7d2c226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b7b22726561736f6e223a226d6972726f726564222c22616d6f756e74223a223530303030302e3030222c22747261646573223a317d5d7d7d7d', 0, 30, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(32, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000002P/2025', 'uscc:91530000000000002P', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303250222c226e616d65223a22e8999ae69e84e4b8bbe4bd9332227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6f6465222c22616d6f756e74223a22302e3030222c22747261646573223a317d5d7d7d7d', 0, 31, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(33, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000003T/2026', 'uscc:91530000000000003T', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c2279656172223a323032362c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b7d7d', 0, 32, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(34, 'facts.sign.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c227375626a656374223a22757363633a39313533303030303030303030303030314c222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030303250222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 33, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(35, 'facts.sign.v1', 'r1/provider/uscc:91530000000000002P/2025', 'uscc:91530000000000002P', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c227375626a656374223a22757363633a393135333030303030303030303030303250222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 34, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(36, 'facts.sign.v1', 'r1/provider/uscc:91530000000000003T/2026', 'uscc:91530000000000003T', 1, 20, '\x7b2267656e65726174696f6e223a312c22736571223a32302c227375626a656374223a22757363633a393135333030303030303030303030303354222c2279656172223a323032362c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 35, '2026-05-28 20:26:40+00', '2026-06-01 00:00:15+00'),
	(37, 'facts.annual-total.v1', 'r1/exchange/dcdex/2025', 'exchange/dcdex', 1, 21, '\x7b2267656e65726174696f6e223a312c22736571223a32312c2265786368616e6765223a226463646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d2c7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223530303030302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 36, '2026-05-28 20:26:40+00', '2026-06-01 00:00:16+00'),
	(38, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 21, '\x7b2267656e65726174696f6e223a312c22736571223a32312c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303458222c226e616d65223a22e8999ae69e84e4b8bbe4bd9334227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223530303030302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d2c226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31355431363a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d7d7d', 0, 37, '2026-05-28 20:26:40+00', '2026-06-01 00:00:16+00'),
	(39, 'facts.first-purchase.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 21, '\x7b2267656e65726174696f6e223a312c22736571223a32312c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c226669727374223a7b2265786368616e6765223a226463646578222c2274726164655f6e6f223a225437222c227265766973696f6e223a322c22636f6d706c657465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223530303030302e3030222c22726566756e646564223a22302e3030222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303458222c226e616d65223a22e8999ae69e84e4b8bbe4bd9334227d7d7d', 0, 38, '2026-05-28 20:26:40+00', '2026-06-01 00:00:16+00'),
	(40, 'facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 21, '\x7b2267656e65726174696f6e223a312c22736571223a32312c227375626a656374223a22757363633a393135333030303030303030303030303048222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 39, '2026-05-28 20:26:40+00', '2026-06-01 00:00:16+00'),
	(41, 'facts.sign.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 21, '\x7b2267656e65726174696f6e223a312c22736571223a32312c227375626a656374223a22757363633a393135333030303030303030303030303458222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a2236323232343939392e3530222c22747261646573223a327d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d2c7b227375626a656374223a22757363633a393135333030303030303030303030303048222c22736f6c64223a7b22616d6f756e74223a223530303030302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 40, '2026-05-28 20:26:40+00', '2026-06-01 00:00:16+00'),
	(42, 'facts.annual-total.v1', 'r1/exchange/kmdex/2025', 'exchange/kmdex', 1, 22, '\x7b2267656e65726174696f6e223a312c22736571223a32322c2265786368616e6765223a226b6d646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a322c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d2c7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a322c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 41, '2026-05-28 20:26:40+00', '2026-06-01 00:00:17+00'),
	(43, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000003T/2025', 'uscc:91530000000000003T', 1, 22, '\x7b2267656e65726174696f6e223a312c22736571223a32322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d7d7d', 0, 42, '2026-05-28 20:26:40+00', '2026-06-01 00:00:17+00'),
	(44, 'facts.first-purchase.v1', 'r1/uscc:91530000000000004X', 'uscc:91530000000000004X', 1, 22, '\x7b2267656e65726174696f6e223a312c22736571223a32322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303458222c226e616d65223a22e8999ae69e84e4b8bbe4bd9334227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c2274726164655f6e6f223a225434222c227265766973696f6e223a332c22636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22353030302e3030222c22726566756e646564223a22353030302e3030222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d7d7d', 0, 43, '2026-05-28 20:26:40+00', '2026-06-01 00:00:17+00'),
	(45, 'facts.sign.v1', 'r1/provider/uscc:91530000000000003T/2025', 'uscc:91530000000000003T', 1, 22, '\x7b2267656e65726174696f6e223a312c22736571223a32322c227375626a656374223a22757363633a393135333030303030303030303030303354222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030303458222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 44, '2026-05-28 20:26:40+00', '2026-06-01 00:00:17+00'),
	(46, 'facts.sign.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 22, '\x7b2267656e65726174696f6e223a312c22736571223a32322c227375626a656374223a22757363633a393135333030303030303030303030303458222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a2236323232343939392e3530222c22747261646573223a327d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d2c7b227375626a656374223a22757363633a393135333030303030303030303030303048222c22736f6c64223a7b22616d6f756e74223a223530303030302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 45, '2026-05-28 20:26:40+00', '2026-06-01 00:00:17+00'),
	(47, 'facts.annual-total.v1', 'r1/exchange/dcdex/2025', 'exchange/dcdex', 1, 23, '\x7b2267656e65726174696f6e223a312c22736571223a32332c2265786368616e6765223a226463646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d2c7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22313030303030302e3030222c22747261646573223a322c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430303a30303a30302e3030303030302b30383a3030227d5d7d', 0, 46, '2026-05-28 20:26:40+00', '2026-06-01 00:00:18+00'),
	(48, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000003T/2025', 'uscc:91530000000000003T', 1, 23, '\x7b2267656e65726174696f6e223a312c22736571223a32332c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223530303030302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430303a30303a30302e3030303030302b30383a3030227d5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b5d7d2c226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b5d7d7d7d', 0, 47, '2026-05-28 20:26:40+00', '2026-06-01 00:00:18+00'),
	(49, 'facts.sign.v1', 'r1/buyer/uscc:91530000000000004X', 'uscc:91530000000000004X', 1, 23, '\x7b2267656e65726174696f6e223a312c22736571223a32332c227375626a656374223a22757363633a393135333030303030303030303030303458222c226669727374223a7b2265786368616e6765223a226b6d646578222c2274726164655f6e6f223a225434222c22636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030227d2c226772656174657374223a7b2265786368616e6765223a226463646578222c2274726164655f6e6f223a225432222c22636f6d706c657465645f6174223a22323032352d31302d31365430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223530303030302e3030227d7d', 0, 48, '2026-05-28 20:26:40+00', '2026-06-01 00:00:18+00'),
	(50, 'facts.sign.v1', 'r1/provider/uscc:91530000000000003T/2025', 'uscc:91530000000000003T', 1, 23, '\x7b2267656e65726174696f6e223a312c22736571223a32332c227375626a656374223a22757363633a393135333030303030303030303030303354222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a223530303030302e3030222c22747261646573223a327d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030303458222c22736f6c64223a7b22616d6f756e74223a223530303030302e3030222c22747261646573223a327d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 49, '2026-05-28 20:26:40+00', '2026-06-01 00:00:18+00');
INSERT INTO public.fact OVERRIDING SYSTEM VALUE VALUES
	(51, 'facts.sign.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 23, '\x7b2267656e65726174696f6e223a312c22736571223a32332c227375626a656374223a22757363633a393135333030303030303030303030303458222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a2236323232343939392e3530222c22747261646573223a327d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d2c7b227375626a656374223a22757363633a393135333030303030303030303030303048222c22736f6c64223a7b22616d6f756e74223a223530303030302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 50, '2026-05-28 20:26:40+00', '2026-06-01 00:00:18+00'),
	(52, 'facts.first-listing.v1', 'r1/uscc:91530000000000003T', 'uscc:91530000000000003T', 1, 12, '\x7b2267656e65726174696f6e223a312c22736571223a31322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c226669727374223a7b2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c32222c227265766973696f6e223a342c226c69737465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030227d7d', 0, 51, '2026-05-28 20:26:40+00', '2026-06-01 00:00:19+00'),
	(53, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 27, '\x7b2267656e65726174696f6e223a312c22736571223a32372c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6972726f726564222c22616d6f756e74223a22313030303030302e3030222c22747261646573223a327d5d7d7d7d', 0, 52, '2026-05-28 20:26:40+00', '2026-06-01 00:00:20+00'),
	(54, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000000H/2027', 'uscc:91530000000000000H', 1, 27, '\x7b2267656e65726174696f6e223a312c22736571223a32372c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c2279656172223a323032372c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b7d7d', 0, 53, '2026-05-28 20:26:40+00', '2026-06-01 00:00:20+00'),
	(55, 'facts.annual-total.v1', 'r1/provider/uscc:915300000000000051/2025', 'uscc:915300000000000051', 1, 27, '\x7b2267656e65726174696f6e223a312c22736571223a32372c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303531222c226e616d65223a22e8999ae69e84e4b8bbe4bd9335227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6972726f726564222c22616d6f756e74223a22353030303030303030302e3030222c22747261646573223a317d2c7b22726561736f6e223a226d6f6465222c22616d6f756e74223a22302e3030222c22747261646573223a317d5d7d7d7d', 0, 54, '2026-05-28 20:26:40+00', '2026-06-01 00:00:20+00'),
	(56, 'facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 27, '\x7b2267656e65726174696f6e223a312c22736571223a32372c227375626a656374223a22757363633a393135333030303030303030303030303048222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 55, '2026-05-28 20:26:40+00', '2026-06-01 00:00:20+00'),
	(57, 'facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2027', 'uscc:91530000000000000H', 1, 27, '\x7b2267656e65726174696f6e223a312c22736571223a32372c227375626a656374223a22757363633a393135333030303030303030303030303048222c2279656172223a323032372c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 56, '2026-05-28 20:26:40+00', '2026-06-01 00:00:20+00'),
	(58, 'facts.sign.v1', 'r1/provider/uscc:915300000000000051/2025', 'uscc:915300000000000051', 1, 27, '\x7b2267656e65726174696f6e223a312c22736571223a32372c227375626a656374223a22757363633a393135333030303030303030303030303531222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 57, '2026-05-28 20:26:40+00', '2026-06-01 00:00:20+00'),
	(59, 'facts.annual-total.v1', 'r1/exchange/kmdex/2025', 'exchange/kmdex', 1, 28, '\x7b2267656e65726174696f6e223a312c22736571223a32382c2265786368616e6765223a226b6d646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732353030302e3030222c22747261646573223a332c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d2c7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732343939392e3530222c22747261646573223a322c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 58, '2026-05-28 20:26:40+00', '2026-06-01 00:00:21+00'),
	(60, 'facts.first-purchase.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 28, '\x7b2267656e65726174696f6e223a312c22736571223a32382c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c226669727374223a7b2265786368616e6765223a226b6d646578222c2274726164655f6e6f223a225436222c227265766973696f6e223a322c22636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a2236313732353030302e3030222c22726566756e646564223a22302e3030222c2270726f7669646572223a7b2269645f736368656d65223a226f76657273656173222c226964223a22582d31222c226e616d65223a22e8999ae69e84e5a283e5a496e4b8bbe4bd93227d7d7d', 0, 59, '2026-05-28 20:26:40+00', '2026-06-01 00:00:21+00'),
	(61, 'facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 28, '\x7b2267656e65726174696f6e223a312c22736571223a32382c227375626a656374223a22757363633a393135333030303030303030303030303048222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d2c22636f756e74657270617274696573223a5b5d2c227265706561746564223a5b5d7d', 0, 60, '2026-05-28 20:26:40+00', '2026-06-01 00:00:21+00'),
	(62, 'facts.annual-total.v1', 'r1/exchange/dcdex/2025', 'exchange/dcdex', 1, 30, '\x7b2267656e65726174696f6e223a312c22736571223a33302c2265786368616e6765223a226463646578222c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032352d31302d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030227d2c7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22353030313030303030302e3030222c22747261646573223a332c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d7d', 0, 61, '2026-05-28 20:26:40+00', '2026-06-01 00:00:22+00'),
	(63, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 30, '\x7b2267656e65726174696f6e223a312c22736571223a33302c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c2279656172223a323032352c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22353030303030303030302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b7b22726561736f6e223a2263616e63656c6c6564222c22616d6f756e74223a22353030302e3030222c22747261646573223a317d5d7d2c226b6d646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b7b2266726f6d223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032352d31312d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030227d5d2c226f74686572223a5b7b22726561736f6e223a226d6972726f726564222c22616d6f756e74223a223530303030302e3030222c22747261646573223a317d5d7d7d7d', 0, 62, '2026-05-28 20:26:40+00', '2026-06-01 00:00:22+00'),
	(64, 'facts.sign.v1', 'r1/buyer/uscc:91530000000000004X', 'uscc:91530000000000004X', 1, 30, '\x7b2267656e65726174696f6e223a312c22736571223a33302c227375626a656374223a22757363633a393135333030303030303030303030303458222c226669727374223a7b2265786368616e6765223a226b6d646578222c2274726164655f6e6f223a225434222c22636f6d706c657465645f6174223a22323032352d31302d31345430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22302e3030227d2c226772656174657374223a7b2265786368616e6765223a226463646578222c2274726164655f6e6f223a225439222c22636f6d706c657465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a22353030303030303030302e3030227d7d', 0, 63, '2026-05-28 20:26:40+00', '2026-06-01 00:00:22+00'),
	(65, 'facts.sign.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 30, '\x7b2267656e65726174696f6e223a312c22736571223a33302c227375626a656374223a22757363633a39313533303030303030303030303030314c222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a22353030303030303030302e3030222c22747261646573223a327d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030303458222c22736f6c64223a7b22616d6f756e74223a22353030303030303030302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d2c7b227375626a656374223a22757363633a393135333030303030303030303030303250222c22736f6c64223a7b22616d6f756e74223a22302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 64, '2026-05-28 20:26:40+00', '2026-06-01 00:00:22+00'),
	(66, 'facts.sign.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 30, '\x7b2267656e65726174696f6e223a312c22736571223a33302c227375626a656374223a22757363633a393135333030303030303030303030303458222c2279656172223a323032352c22736f6c64223a7b22616d6f756e74223a2236323232343939392e3530222c22747261646573223a327d2c22636f756e74657270617274696573223a5b7b227375626a656374223a226f766572736561733a582d31222c22736f6c64223a7b22616d6f756e74223a2236313732343939392e3530222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d2c7b227375626a656374223a22757363633a393135333030303030303030303030303048222c22736f6c64223a7b22616d6f756e74223a223530303030302e3030222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 65, '2026-05-28 20:26:40+00', '2026-06-01 00:00:22+00'),
	(67, 'declared', 'bureau/uscc:91530000000000080R/outbound_transfer/2024/O-1', 'uscc:91530000000000080R', 1, 1, '\x7b226174223a22323032362d30362d30315430383a30303a32322e3030303030312b30383a3030222c226279223a226b6579206f6620627572656175222c22646f63756d656e7473223a5b5d2c226561726e65645f6f6e223a22323032342d30342d3031222c2265786368616e6765223a6e756c6c2c2267656e65726174696f6e223a312c226974656d223a224f2d31222c226d656173757265223a7b7d2c227061727479223a7b226964223a22393135333030303030303030303030383052222c2269645f736368656d65223a2275736363222c226e616d65223a22393135333030303030303030303030383052227d2c2272756c65223a226f7574626f756e645f7472616e73666572222c22736571223a312c2277697468647261776e223a66616c73657d', 0, 1, '2026-06-01 00:00:22.000001+00', '2026-06-01 00:00:22.000001+00'),
	(68, 'declared', 'bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025', 'uscc:91530000000000001L', 1, 2, '\x7b226174223a22323032362d30362d30315430383a30303a32322e3030303030322b30383a3030222c226279223a226b6579206f6620627572656175222c22646f63756d656e7473223a5b5d2c226561726e65645f6f6e223a22323032352d31322d3331222c2265786368616e6765223a6e756c6c2c2267656e65726174696f6e223a312c226974656d223a22522d32303235222c226d656173757265223a7b22726576656e7565223a223130303030303030302e3030227d2c227061727479223a7b226964223a2239313533303030303030303030303030314c222c2269645f736368656d65223a2275736363222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c2272756c65223a22726576656e75655f67726f777468222c22736571223a322c2277697468647261776e223a66616c73657d', 0, 2, '2026-06-01 00:00:22.000002+00', '2026-06-01 00:00:22.000002+00'),
	(69, 'declared', 'bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026', 'uscc:91530000000000001L', 1, 3, '\x7b226174223a22323032362d30362d30315430383a30303a32322e3030303030332b30383a3030222c226279223a226b6579206f6620627572656175222c22646f63756d656e7473223a5b5d2c226561726e65645f6f6e223a22323032362d30352d3331222c2265786368616e6765223a6e756c6c2c2267656e65726174696f6e223a312c226974656d223a22522d32303236222c226d656173757265223a7b22726576656e7565223a223630303030303030302e3030227d2c227061727479223a7b226964223a2239313533303030303030303030303030314c222c2269645f736368656d65223a2275736363222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c2272756c65223a22726576656e75655f67726f777468222c22736571223a332c2277697468647261776e223a66616c73657d', 0, 3, '2026-06-01 00:00:22.000003+00', '2026-06-01 00:00:22.000003+00'),
	(70, 'declared', 'bureau/uscc:91530000000000002P/compute_voucher/2026/V-1', 'uscc:91530000000000002P', 1, 4, '\x7b226174223a22323032362d30362d30315430383a30303a32322e3030303030342b30383a3030222c226279223a226b6579206f6620627572656175222c22646f63756d656e7473223a5b5d2c226561726e65645f6f6e223a22323032362d30332d3031222c2265786368616e6765223a6e756c6c2c2267656e65726174696f6e223a312c226974656d223a22562d31222c226d656173757265223a7b22736574746c6564223a223130303030302e3031227d2c227061727479223a7b226964223a22393135333030303030303030303030303250222c2269645f736368656d65223a2275736363222c226e616d65223a22e8999ae69e84e4b8bbe4bd9332227d2c2272756c65223a22636f6d707574655f766f7563686572222c22736571223a342c2277697468647261776e223a66616c73657d', 0, 4, '2026-06-01 00:00:22.000004+00', '2026-06-01 00:00:22.000004+00'),
	(71, 'declared', 'bureau/uscc:91530000000000002P/compute_voucher/2026/V-2', 'uscc:91530000000000002P', 1, 5, '\x7b226174223a22323032362d30362d30315430383a30303a32322e3030303030352b30383a3030222c226279223a226b6579206f6620627572656175222c22646f63756d656e7473223a5b5d2c226561726e65645f6f6e223a22323032362d30342d3031222c2265786368616e6765223a6e756c6c2c2267656e65726174696f6e223a312c226974656d223a22562d32222c226d656173757265223a7b22736574746c6564223a22323030303030302e3030227d2c227061727479223a7b226964223a22393135333030303030303030303030303250222c2269645f736368656d65223a2275736363222c226e616d65223a22e8999ae69e84e4b8bbe4bd9332227d2c2272756c65223a22636f6d707574655f766f7563686572222c22736571223a352c2277697468647261776e223a66616c73657d', 0, 5, '2026-06-01 00:00:22.000005+00', '2026-06-01 00:00:22.000005+00'),
	(72, 'facts.annual-total.v1', 'r1/exchange/dcdex/2026', 'exchange/dcdex', 1, 32, '\x7b2267656e65726174696f6e223a312c22736571223a33322c2265786368616e6765223a226463646578222c2279656172223a323032362c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c226275636b657473223a5b7b2266726f6d223a22323032362d30332d30315430303a30303a30302e3030303030302b30383a3030222c22756e74696c223a22323032362d30342d30315430303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223737373737372e3737222c22747261646573223a312c226c6173745f636f6d706c657465645f6174223a22323032362d30332d30315431303a30303a30302e3030303030302b30383a3030227d5d7d', 0, 66, '2026-05-28 20:26:40+00', '2026-06-01 00:00:50.000005+00'),
	(73, 'facts.annual-total.v1', 'r1/provider/uscc:91530000000000071U/2026', 'uscc:91530000000000071U', 1, 32, '\x7b2267656e65726174696f6e223a312c22736571223a33322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030373155222c226e616d65223a22e8999ae69e84e7a798e5af86e794b2227d2c2279656172223a323032362c226375745f6174223a5b22323032352d31302d3135222c22323032382d31302d3135222c22323032382d31302d3136225d2c2262795f65786368616e6765223a7b226463646578223a7b22636f756e746564223a5b5d2c22756e6d617463686564223a5b5d2c226f74686572223a5b7b22726561736f6e223a226d6f6465222c22616d6f756e74223a223737373737372e3737222c22747261646573223a317d5d7d7d7d', 0, 67, '2026-05-28 20:26:40+00', '2026-06-01 00:00:50.000005+00'),
	(74, 'facts.first-purchase.v1', 'r1/uscc:91530000000000072Y', 'uscc:91530000000000072Y', 1, 32, '\x7b2267656e65726174696f6e223a312c22736571223a33322c227061727479223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030373259222c226e616d65223a22e8999ae69e84e7a798e5af86e4b999227d2c226669727374223a7b2265786368616e6765223a226463646578222c2274726164655f6e6f223a22542d736563726574222c227265766973696f6e223a312c22636f6d706c657465645f6174223a22323032362d30332d30315431303a30303a30302e3030303030302b30383a3030222c22616d6f756e74223a223737373737372e3737222c22726566756e646564223a22302e3030222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030373155222c226e616d65223a22e8999ae69e84e7a798e5af86e794b2227d7d7d', 0, 68, '2026-05-28 20:26:40+00', '2026-06-01 00:00:50.000005+00'),
	(75, 'facts.sign.v1', 'r1/provider/uscc:91530000000000071U/2026', 'uscc:91530000000000071U', 1, 32, '\x7b2267656e65726174696f6e223a312c22736571223a33322c227375626a656374223a22757363633a393135333030303030303030303030373155222c2279656172223a323032362c22736f6c64223a7b22616d6f756e74223a223737373737372e3737222c22747261646573223a317d2c22636f756e74657270617274696573223a5b7b227375626a656374223a22757363633a393135333030303030303030303030373259222c22736f6c64223a7b22616d6f756e74223a223737373737372e3737222c22747261646573223a317d2c22626f75676874223a7b22616d6f756e74223a22302e3030222c22747261646573223a307d7d5d2c227265706561746564223a5b5d7d', 0, 69, '2026-05-28 20:26:40+00', '2026-06-01 00:00:50.000005+00');
INSERT INTO public.fact_current VALUES
	('facts.annual-total.v1', 'r1/exchange/kmdex/2027', 'exchange/kmdex', 1, 8, 10),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000002P/2026', 'uscc:91530000000000002P', 1, 8, 11),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000002P/2026', 'uscc:91530000000000002P', 1, 8, 13),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2027', 'uscc:91530000000000000H', 1, 27, 57),
	('facts.first-purchase.v1', 'r1/uscc:91530000000000002P', 'uscc:91530000000000002P', 1, 10, 17),
	('facts.sign.v1', 'r1/buyer/uscc:91530000000000002P', 'uscc:91530000000000002P', 1, 10, 18),
	('facts.sign.v1', 'r1/provider/uscc:915300000000000051/2025', 'uscc:915300000000000051', 1, 27, 58),
	('facts.annual-total.v1', 'r1/exchange/kmdex/2025', 'exchange/kmdex', 1, 28, 59),
	('facts.first-purchase.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 28, 60),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 28, 61),
	('facts.first-listing.v1', 'r1/uscc:91530000000000001L', 'uscc:91530000000000001L', 1, 9, 26),
	('facts.first-listing.v1', 'r1/uscc:91530000000000000H', 'uscc:91530000000000000H', 1, 11, 29),
	('facts.annual-total.v1', 'r1/exchange/dcdex/2025', 'exchange/dcdex', 1, 30, 62),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000002P/2025', 'uscc:91530000000000002P', 1, 20, 32),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000003T/2026', 'uscc:91530000000000003T', 1, 20, 33),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000002P/2025', 'uscc:91530000000000002P', 1, 20, 35),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000003T/2026', 'uscc:91530000000000003T', 1, 20, 36),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 30, 63),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 21, 38),
	('facts.sign.v1', 'r1/buyer/uscc:91530000000000004X', 'uscc:91530000000000004X', 1, 30, 64),
	('facts.first-purchase.v1', 'r1/uscc:91530000000000004X', 'uscc:91530000000000004X', 1, 22, 44),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000001L/2025', 'uscc:91530000000000001L', 1, 30, 65),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000003T/2025', 'uscc:91530000000000003T', 1, 23, 48),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000003T/2025', 'uscc:91530000000000003T', 1, 23, 50),
	('facts.first-listing.v1', 'r1/uscc:91530000000000003T', 'uscc:91530000000000003T', 1, 12, 52),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000000H/2025', 'uscc:91530000000000000H', 1, 27, 53),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000000H/2027', 'uscc:91530000000000000H', 1, 27, 54),
	('facts.annual-total.v1', 'r1/provider/uscc:915300000000000051/2025', 'uscc:915300000000000051', 1, 27, 55),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000004X/2025', 'uscc:91530000000000004X', 1, 30, 66),
	('declared', 'bureau/uscc:91530000000000080R/outbound_transfer/2024/O-1', 'uscc:91530000000000080R', 1, 1, 67),
	('declared', 'bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025', 'uscc:91530000000000001L', 1, 2, 68),
	('declared', 'bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026', 'uscc:91530000000000001L', 1, 3, 69),
	('declared', 'bureau/uscc:91530000000000002P/compute_voucher/2026/V-1', 'uscc:91530000000000002P', 1, 4, 70),
	('declared', 'bureau/uscc:91530000000000002P/compute_voucher/2026/V-2', 'uscc:91530000000000002P', 1, 5, 71),
	('facts.annual-total.v1', 'r1/exchange/dcdex/2026', 'exchange/dcdex', 1, 32, 72),
	('facts.annual-total.v1', 'r1/provider/uscc:91530000000000071U/2026', 'uscc:91530000000000071U', 1, 32, 73),
	('facts.first-purchase.v1', 'r1/uscc:91530000000000072Y', 'uscc:91530000000000072Y', 1, 32, 74),
	('facts.sign.v1', 'r1/provider/uscc:91530000000000071U/2026', 'uscc:91530000000000071U', 1, 32, 75);
INSERT INTO public.hold VALUES
	('02c6233df6bb47a982f2aa749f2ae78e', 'exchange_tiers/kmdex/2025', 'manual', 'r'),
	('ad7055899b4b4348a1edb5ed0a8374a0', 'exchange_tiers/kmdex/2025', 'objection', 'r');
INSERT INTO public.hold_release VALUES
	('6933e8ba95574dfb95a56ec621e7b02d', '02c6233df6bb47a982f2aa749f2ae78e', 'r');
INSERT INTO public.known_to VALUES
	('dcdex', 'uscc:91530100MAXDCDEX07'),
	('kmdex', 'uscc:91530100MAXKMDEX0C'),
	('dcdex', 'uscc:91530000000000000H'),
	('kmdex', 'exchange/kmdex'),
	('kmdex', 'uscc:91530000000000004X'),
	('dcdex', 'uscc:915300000000000051'),
	('dcdex', 'exchange/dcdex'),
	('kmdex', 'uscc:91530000000000002P'),
	('kmdex', 'uscc:91530000000000003T'),
	('kmdex', 'uscc:91530000000000001L'),
	('dcdex', 'uscc:91530000000000001L'),
	('kmdex', 'uscc:91530000000000000H'),
	('dcdex', 'uscc:91530000000000004X'),
	('dcdex', 'uscc:91530000000000003T'),
	('dcdex', 'uscc:91530000000000072Y'),
	('dcdex', 'uscc:91530000000000071U');
INSERT INTO public.ledger_entry VALUES
	(0, 0, 'policy:first_listing:2026', 2000000, 0),
	(0, 1, 'entitlement:uscc:91530000000000000H:first_listing/uscc:91530000000000000H:2026', 0, 2000000),
	(1, 0, 'policy:first_listing:2025', 2000000, 0),
	(1, 1, 'entitlement:uscc:91530000000000003T:first_listing/uscc:91530000000000003T:2025', 0, 2000000),
	(2, 0, 'entitlement:uscc:91530000000000003T:first_listing/uscc:91530000000000003T:2025', 2000000, 0),
	(2, 1, 'policy:first_listing:2025', 0, 2000000),
	(2, 2, 'policy:first_listing:2026', 2000000, 0),
	(2, 3, 'entitlement:uscc:91530000000000003T:first_listing/uscc:91530000000000003T:2026', 0, 2000000),
	(3, 0, 'entitlement:uscc:91530000000000000H:first_listing/uscc:91530000000000000H:2026', 2000000, 0),
	(3, 1, 'policy:first_listing:2026', 0, 2000000),
	(4, 0, 'policy:first_listing:2025', 2000000, 0),
	(4, 1, 'entitlement:uscc:91530000000000001L:first_listing/uscc:91530000000000001L:2025', 0, 2000000),
	(5, 0, 'policy:first_listing:2025', 2000000, 0),
	(5, 1, 'entitlement:uscc:91530000000000000H:first_listing/uscc:91530000000000000H:2025', 0, 2000000),
	(6, 0, 'policy:first_purchase:2025', 2500000, 0),
	(6, 1, 'entitlement:uscc:91530000000000000H:first_purchase/uscc:91530000000000000H:2025', 0, 2500000),
	(7, 0, 'entitlement:uscc:91530000000000003T:first_listing/uscc:91530000000000003T:2026', 2000000, 0),
	(7, 1, 'policy:first_listing:2026', 0, 2000000),
	(7, 2, 'policy:first_listing:2025', 2000000, 0),
	(7, 3, 'entitlement:uscc:91530000000000003T:first_listing/uscc:91530000000000003T:2025', 0, 2000000),
	(8, 0, 'policy:exchange_tiers:2025', 100000000, 0),
	(8, 1, 'entitlement:uscc:91530100MAXKMDEX0C:exchange_tiers/kmdex/2025:2025', 0, 100000000),
	(9, 0, 'entitlement:uscc:91530000000000000H:first_purchase/uscc:91530000000000000H:2025', 2500000, 0),
	(9, 1, 'policy:first_purchase:2025', 0, 2500000),
	(10, 0, 'policy:exchange_tiers:2025', 500000000, 0),
	(10, 1, 'entitlement:uscc:91530100MAXDCDEX07:exchange_tiers/dcdex/2025:2025', 0, 500000000),
	(13, 0, 'policy:revenue_growth:2025', 20000000, 0),
	(13, 1, 'entitlement:uscc:91530000000000001L:revenue_growth/uscc:91530000000000001L/2025/R-2025:2025', 0, 20000000),
	(15, 0, 'policy:revenue_growth:2026', 10000000, 0),
	(15, 1, 'entitlement:uscc:91530000000000001L:revenue_growth/uscc:91530000000000001L/2026/R-2026:2026', 0, 10000000),
	(17, 0, 'policy:compute_voucher:2026', 3000000, 0),
	(17, 1, 'entitlement:uscc:91530000000000002P:compute_voucher/uscc:91530000000000002P/2026/V-1:2026', 0, 3000000),
	(19, 0, 'policy:compute_voucher:2026', 27000000, 0),
	(19, 1, 'entitlement:uscc:91530000000000002P:compute_voucher/uscc:91530000000000002P/2026/V-2:2026', 0, 27000000),
	(25, 0, 'budget:2026', 27000000, 0),
	(25, 1, 'approved:uscc:91530000000000002P:compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 27000000),
	(31, 0, 'budget:2025', 500000000, 0),
	(31, 1, 'approved:uscc:91530100MAXDCDEX07:exchange_tiers/dcdex/2025', 0, 500000000),
	(37, 0, 'budget:2025', 2000000, 0),
	(37, 1, 'approved:uscc:91530000000000000H:first_listing/uscc:91530000000000000H', 0, 2000000),
	(38, 0, 'paid:uscc:91530000000000002P:compute_voucher/uscc:91530000000000002P/2026/V-2', 27000000, 0),
	(38, 1, 'treasury', 0, 27000000),
	(46, 0, 'treasury', 1, 0),
	(46, 1, 'returned:uscc:91530000000000000H:first_listing/uscc:91530000000000000H', 0, 1),
	(47, 0, 'policy:first_purchase:2026', 3888888, 0),
	(47, 1, 'entitlement:uscc:91530000000000072Y:first_purchase/uscc:91530000000000072Y:2026', 0, 3888888);
INSERT INTO public.ledger_settings OVERRIDING SYSTEM VALUE VALUES
	(1, 0, '2026-06-01 00:00:01+00', 'kunming-2025-14', 1, '5bc011d34f4a072fd8792c1a95c15b89f0bac5d7ea4f1f6077539abb433269fe', '# 昆政发〔2025〕14号,按本系统的理解写成的数据 / the policy as this system reads it, as data.
#
# Every value that a calculation uses stands here, with its article. A new reading of a value is a new `revision` of
# this file and no change to code. Days are in Shanghai; `until` is the first day after. Amounts are yuan in quotes.
#
# mark: T the text itself says so; L other law says so; J a judgement of ours. What is marked L or J names what else
# could be read (`alternative`). `reading` names what the code computes; another reading may need code.
# The order of the rules decides which of two equal rewards is payable (G6).

id: kunming-2025-14
revision: 1
document_no: 昆政发〔2025〕14号
title:
  zh: 昆明市推动数字经济高质量跨越式发展若干政策措施(试行)
  en: Kunming measures for the digital economy (trial)
issued: 2025-10-15

general:
  in_force:
    clause: G1
    article: 结尾第2段
    from: 2025-10-15
    until: 2028-10-16
    mark: L
    basis: 民法典第201、202条(类推) / Civil Code 201-202, by analogy
    reading: through_the_day_of_the_same_date
    says:
      zh: 印发当日起满三年，末日为2028年10月15日，当日仍有效
      en: three years from the day of issue, 15 October 2028 included
    alternative:
      from: 2025-10-15
      until: 2028-10-15
      zh: 印发当日计入三年，末日为2028年10月14日
      en: the day of issue is the first of the three years, so 14 October 2028 is the last day
  first:
    clause: G2
    article: (四) 1、(四) 2、(六) 2
    mark: J
    reading: whole_known_life
    says:
      zh: “首次”看主体全部已知历史，政策之前的也算；只看交易场所在名录期内的记录
      en: first over the whole known life of the entity, before the policy too, within the exchange''s time on the list
    alternative:
      zh: 只看政策有效期内的第一次
      en: first within the policy''s life
  attribution:
    clause: G3
    article: (四)、(六)
    mark: J
    reading: completed_at_and_listed_at
    says:
      zh: 交易按完成时间归属，挂牌按挂牌时间归属
      en: a trade belongs to the instant of its completion, a listing to the instant of its listing
    alternative:
      zh: 按合同签订或付款时间归属
      en: the instant of contract or of payment
  base:
    clause: G4
    article: (四)、(六)
    mark: J
    reading: net_of_refunds_in_the_original_year
    says:
      zh: 以扣除退款后的交易金额计算，退款冲减原交易、原年度
      en: amounts net of refunds; a refund restates the original trade in its original year
    alternative:
      zh: 退款冲减退款发生的年度，或不扣退款
      en: a refund lowers the year in which it is made, or nothing
  rounding:
    clause: G5
    article: (四)
    mark: J
    reading: down_to_the_fen_once_at_the_end
    says:
      zh: 每项奖励算完后一次性舍去不足一分的部分
      en: down to the fen, once, at the end of a rule
    alternative:
      zh: 四舍五入到分，或按元、按万元取整
      en: half up to the fen, or to whole yuan or 10,000 yuan
  highest_only:
    clause: G6
    article: 结尾第1段
    mark: J
    reading: one_subject_one_year_all_rewards
    says:
      zh: 同一主体同一年度的各项奖励只兑现最高一项，市级其他政策的奖励一并比较；相等时本文件排在前面的规则优先
      en: of all rewards of one subject in one year the highest alone is payable, other municipal grants included
    alternative:
      zh: 只有同一事项的奖励才相互比较
      en: only rewards for the same matter compete
  budget:
    clause: G7
    article: 结尾第1段
    annual: "100000000.00"
    mark: J
    reading: year_of_the_reward
    says:
      zh: 按奖励所属年度计入当年预算；放不下的暂缓，不自动按比例折减
      en: counted by the reward''s year; what does not fit is held and never prorated by itself
    alternative:
      zh: 按核定或拨付的年度计入
      en: counted by the year of approval or payment
  related_parties:
    clause: G10
    article: (四)
    mark: J
    reading: flag_and_never_deny
    says:
      zh: 关联方之间的交易只作提示，不自动剔除；买卖双方为同一主体的不是交易
      en: trades between related parties are flagged and still count; one entity on both sides is no trade
    alternative:
      zh: 关联交易一律不计
      en: trades between related parties do not count
  period_closing:
    clause: 细则5 / details 5
    article: (四) 3、(六) 2
    day: "03-31"
    mark: J
    reading: provisional_until_the_day_is_over
    says:
      zh: 年度奖励在次年3月31日结束前为暂定
      en: a year''s reward is provisional until 31 March of the next year is over
    alternative:
      zh: 由实施细则另定结账日
      en: another day, once implementing rules name one

# 供人查看的迹象(G10)/ signs that a person should look at: they flag an award and change no amount. From which numbers
# on is ours to say; what is measured of trades, and within which bounds, says facts.sign.v1.
signs:
  - sign: late_burst
    clause: G10
    article: (四) 3、(六) 2
    name: {zh: 年末冲量, en: a late burst}
    says:
      zh: 合计刚过门槛或档位，且其中相当部分在12月成交
      en: the total is just over its threshold or step, and a good part of it was traded in December
    numbers: {over_by: "0.05", december: "0.30"}

  - sign: round_trip
    clause: G10
    article: (四) 3
    name: {zh: 对敲往返, en: there and back}
    says:
      zh: 售给某一对方的同时又从其买回，买回占售出的相当部分
      en: what was sold to one party came back from it, for a good part of the amount, in the same year
    numbers: {sold: "1000000.00", back: "0.50"}

  - sign: same_amount
    clause: G10
    article: (四) 3
    name: {zh: 同额反复, en: the same amount again and again}
    says:
      zh: 同一净额反复成交，买方很少，且占全年售出的相当部分
      en: one net amount many times, to few buyers, for a good part of what was sold in the year
    numbers: {trades: 10, buyers: 2, share: "0.50"}

  - sign: small_first
    clause: G10
    article: (四) 2
    name: {zh: 小额首单, en: a small first purchase}
    says:
      zh: 首单金额很小，不久即有大额购买
      en: the first purchase is small, and a large one follows soon
    numbers: {first_below: "1000.00", later: "100000.00", days: 90}

  - sign: own_exchange
    clause: G10
    article: (六) 2
    name: {zh: 运营主体自购, en: an operator''s own purchases}
    says:
      zh: 运营主体在自己的交易场所购买，占当年合计的相当部分
      en: the operator bought on its own exchange, for a good part of the year''s total
    numbers: {share: "0.01"}

  - sign: split_purchases
    clause: G10
    article: (四) 2
    name: {zh: 贴顶拆单, en: first purchases split around the cap}
    says:
      zh: 多家主体在短期内从同一提供方首单，金额都贴近封顶所需
      en: several entities'' first purchases from one provider within a short time, each about as large as the cap needs
    numbers: {near: "0.05", purchases: 3, days: 30}

  - sign: related_parties
    clause: G10
    article: (四) 2、(四) 3
    name: {zh: 关联方交易, en: trades between related parties}
    says:
      zh: 首单的提供方，或全年售出中相当部分的买方，在主管部门的关联方名单上
      en: the provider of the first purchase, or buyers of a good part of the year''s sales, are on the bureau''s list
    numbers: {share: "0.10"}

rules:
  - rule: first_listing
    article: (四) 1
    name: {zh: 首次挂牌奖励, en: first listing}
    subject: provider
    earned: once
    amount: "20000.00"
    readings:
      - mark: J
        reading: one_for_all_products
        says:
          zh: 每个提供方一次，数据产品和服务不分种类合并看首次
          en: once for each provider, over all kinds of products and services together
        alternative:
          zh: 每个产品的首次挂牌各算一次
          en: the first listing of each product

  - rule: first_purchase
    article: (四) 2
    name: {zh: 首单购买奖励, en: first purchase}
    subject: buyer
    earned: once
    rate: "0.05"
    cap: "200000.00"
    readings:
      - mark: J
        reading: any_kind_and_mode
        says:
          zh: 不论产品种类和交易方式，第一笔完成的购买即为首单
          en: the first completed purchase, whatever the kind of product and the mode of trade
        alternative:
          zh: 只有数据产品的购买才算
          en: only purchases of data products

  - rule: annual_listed_trading
    article: (四) 3
    name: {zh: 年度挂牌交易奖励, en: annual listed trading}
    subject: provider
    earned: yearly
    at_least: "10000000.00"
    rate: "0.02"
    cap: "500000.00"
    readings:
      - mark: J
        reading: provider_receives
        says:
          zh: 奖励给提供方
          en: the provider is the one rewarded
        alternative:
          zh: 奖励给购买方，或交易双方
          en: the buyer, or both sides
      - mark: J
        reading: at_least_means_ge
        says:
          zh: “达到”含本数
          en: a total that equals the threshold reaches it
        alternative:
          zh: “达到”不含本数
          en: the total must be more than the threshold
      - mark: J
        reading: listing_of_the_same_provider_before_the_trade
        says:
          zh: 挂牌交易须对应同一提供方、未作废、挂牌时间不晚于成交时间的挂牌；已下架和互认的挂牌也可
          en: a listed trade needs a listing of its provider that is not annulled and not later than the trade
        alternative:
          zh: 以交易场所申报的交易方式为准
          en: the mode of trade as the exchange states it
      - mark: J
        reading: part_of_the_year_in_force
        says:
          zh: 2025年和2028年只计有效期内的部分
          en: for 2025 and 2028 the part in force is the total
        alternative:
          zh: 计整个日历年度
          en: the whole calendar year

  - rule: exchange_tiers
    article: (六) 2
    name: {zh: 交易场所晋级奖励, en: exchange tiers}
    subject: operator
    earned: each_step_once
    tiers:
      - {over: "100000000.00", amount: "1000000.00"}
      - {over: "500000000.00", amount: "3000000.00"}
      - {over: "1000000000.00", amount: "5000000.00"}
    readings:
      - mark: L
        basis: 民法典第1259条 / Civil Code 1259
        reading: over_means_gt
        says:
          zh: “超过”不含本数
          en: a total that equals the threshold is not over it
        alternative:
          zh: “超过”含本数
          en: a total that equals the threshold is enough
      - mark: J
        reading: passed_by_a_trade_in_force_and_never_before
        says:
          zh: 当年累计额由有效期内的交易越过该档，且此前年度、当年政策之前均未越过
          en: the year''s running total goes over the step by a trade in force, and never did before
        alternative:
          zh: 只看有效期内的累计额，或只看以前年度是否越过
          en: only the total in force is looked at, or only earlier years
      - mark: J
        reading: less_what_was_earned_under_this_policy
        says:
          zh: 只扣减该交易场所按本政策已得的奖励；政策之前越过的档次未曾发放，不扣
          en: less what this exchange earned under this policy; what was passed before it brought nothing to deduct
        alternative:
          zh: 政策之前越过的档次也按其金额扣减
          en: the amounts of steps passed before the policy are deducted too
      - mark: J
        reading: each_exchange_has_its_own
        says:
          zh: 运营多家交易场所的，每家各算上限；核定合计不超过最高一档
          en: an operator of several exchanges has a ceiling for each; approvals together stay within the highest step
        alternative:
          zh: 同一运营主体的各交易场所合并计算
          en: all exchanges of an operator are counted as one

# What no event drives: the bureau declares each reward with its documents, and the same calculation, ledger and G6
# follow. What is declared (`measure`) and what it is worth is data: amount, amounts by grade, steps, or a rate.
#
# earned: once; first (once over the whole known life, G2); yearly; by_difference (each step once, less what was earned
# before); recorded (the text names no amount). `per` says of what: the subject, or the matter declared (`item`).
# What limits several rewards together stands under `limits`, a sum set apart for a year under `pools`.

declared:
  readings:
    - mark: J
      reading: limits_used_in_order_of_days
      says:
        zh: 限额按取得日期先后使用；同日按本文件的规则顺序，再按事项编号
        en: limits are used up in order of the days, then of the rules in this file, then of the items'' numbers
      alternative:
        zh: 按申报先后使用，或由主管部门指定
        en: in the order of declaration, or as the bureau says
    - mark: J
      reading: the_day_it_was_earned_on
      says:
        zh: 按取得之日(认定、通过、发布、结算等)判断有效期和年度
        en: the day on which it was earned (recognised, passed, published, settled) decides period and year
      alternative:
        zh: 按申报或评定之日
        en: the day of declaration or assessment

  limits:
    - limit: standards_a_year
      article: (七)
      says: {zh: 标准类奖励, en: rewards for standards}
      per: subject_year
      most: "500000.00"
    - limit: ai_models
      article: (十一)
      says: {zh: 人工智能模型备案奖励, en: rewards for registered AI models}
      per: subject
      most: "500000.00"
    - limit: compute_vouchers_a_year
      article: (十四)
      says: {zh: 算力券, en: compute vouchers}
      per: subject_year
      most: "300000.00"
    - limit: compute_vouchers_overseas_a_year
      article: (十四)
      says: {zh: 用于跨境出海的算力券, en: compute vouchers for use overseas}
      per: subject_year
      most: "500000.00"
    - limit: loan_interest
      article: (十五)
      says: {zh: 贷款贴息, en: interest subsidies}
      per: subject
      most: "2000000.00"
    - limit: clusters
      article: (十六)
      says: {zh: 产业集聚区奖励, en: rewards for industrial clusters}
      per: item
      most: "5000000.00"

  pools:
    - pool: compute_vouchers
      article: (十四)
      says: {zh: 算力券年度额度, en: compute vouchers of a year}
      annual: "10000000.00"

  rules:
    - rule: computing_centre
      article: (一)
      name: {zh: 智算中心奖励, en: computing centre}
      subject: entity
      earned: once
      per: subject
      measure: {name: pue, zh: 电能利用效率, en: power usage effectiveness}
      amount: "10000000.00"
      at_most: "1.25"
      readings:
        - mark: J
          reading: once_for_each_subject
          says:
            zh: 每个主体一次
            en: once for each subject
          alternative:
            zh: 每个项目一次
            en: once for each project

    - rule: data_circulation_facility
      article: (二)
      name: {zh: 数据流通利用设施奖励, en: data-circulation facility}
      subject: entity
      earned: once
      per: item
      amount: "5000000.00"

    - rule: international_communications
      article: (三)
      name: {zh: 国际通信业务出入口局建设, en: international communications}
      subject: entity
      earned: recorded
      per: item

    - rule: data_assets
      article: (四) 4
      name: {zh: 数据资产首次入表奖励, en: data resources first on the balance sheet}
      subject: entity
      earned: first
      per: subject
      amount: "200000.00"

    - rule: data_services
      article: (五)
      name: {zh: 数据专业服务奖励, en: data services provider}
      subject: entity
      earned: once
      per: item
      amount: "500000.00"
      readings:
        - mark: J
          reading: once_for_each_item
          says:
            zh: 每次综合评定各算一次
            en: each assessment is one
          alternative:
            zh: 每个服务商一次
            en: once for each provider

    - rule: mutual_recognition
      article: (六) 1
      name: {zh: 交易机构互认奖励, en: mutual recognition of exchanges}
      subject: operator
      earned: once
      per: subject
      amount: "200000.00"
      readings:
        - mark: J
          reading: once_for_each_subject
          says:
            zh: 每个运营主体一次
            en: once for each operator
          alternative:
            zh: 每家交易场所一次
            en: once for each exchange

    - rule: standards
      article: (七)
      name: {zh: 标准制定奖励, en: standards}
      subject: entity
      earned: once
      per: item
      measure: {name: role, zh: 标准与角色, en: kind of standard and role}
      amounts:
        - {grade: international_led, zh: 主导国际标准, en: led an international standard, amount: "300000.00"}
        - {grade: international_took_part, zh: 参与国际标准, en: took part in an international one, amount: "100000.00"}
        - {grade: national_led, zh: 主导国家标准, en: led a national standard, amount: "200000.00"}
        - {grade: industry_led, zh: 主导行业标准, en: led an industry standard, amount: "100000.00"}
      limits: [standards_a_year]

    - rule: outbound_transfer
      article: (八)
      name: {zh: 数据合规出境首次奖励, en: first compliant outbound transfer}
      subject: entity
      earned: first
      per: subject
      amount: "100000.00"

    - rule: contest
      article: (九)
      name: {zh: “数据要素×”大赛奖励, en: data contest}
      subject: entity
      earned: once
      per: item
      measure: {name: prize, zh: 奖次, en: prize}
      amounts:
        - {grade: provincial_first, zh: 省级一等奖, en: first prize of the province, amount: "50000.00"}
        - {grade: provincial_second, zh: 省级二等奖, en: second prize of the province, amount: "30000.00"}
        - {grade: provincial_third, zh: 省级三等奖, en: third prize of the province, amount: "20000.00"}
        - {grade: national_first, zh: 全国一等奖, en: first prize of the nation, amount: "100000.00"}
        - {grade: national_second, zh: 全国二等奖, en: second prize of the nation, amount: "80000.00"}
        - {grade: national_third, zh: 全国三等奖, en: third prize of the nation, amount: "50000.00"}

    - rule: public_data_scenario
      article: (十)
      name: {zh: 公共数据典型应用场景奖励, en: public-data scenario}
      subject: entity
      earned: once
      per: item
      amount: "200000.00"

    - rule: ai_scenario
      article: (十一)
      name: {zh: “人工智能+”应用场景奖励, en: AI scenario}
      subject: entity
      earned: once
      per: item
      amount: "1000000.00"

    - rule: ai_model
      article: (十一)
      name: {zh: 人工智能模型备案奖励, en: registered AI model}
      subject: entity
      earned: once
      per: item
      amount: "200000.00"
      limits: [ai_models]

    - rule: startup_park
      article: (十二)
      name: {zh: 数字经济科创园奖励, en: digital start-up park}
      subject: entity
      earned: once
      per: subject
      amount: "500000.00"
      readings:
        - mark: J
          reading: once_for_each_subject
          says:
            zh: 每个运营主体一次
            en: once for each subject that runs one
          alternative:
            zh: 每个园区一次
            en: once for each park

    - rule: revenue_growth
      article: (十三)
      name: {zh: 营业收入晋级奖励, en: revenue for the first time}
      subject: entity
      earned: by_difference
      per: subject
      measure: {name: revenue, zh: 年度营业收入, en: revenue of the year}
      steps:
        - {at_least: "100000000.00", amount: "200000.00"}
        - {at_least: "500000000.00", amount: "300000.00"}
        - {at_least: "1000000000.00", amount: "500000.00"}
        - {at_least: "5000000000.00", amount: "1000000.00"}
        - {at_least: "10000000000.00", amount: "2000000.00"}
      readings:
        - mark: J
          reading: less_what_was_earned_under_this_policy
          says:
            zh: 只扣减按本政策已得的奖励；政策之前已达到的档次不再奖励，也不作扣减
            en: less what was earned under this policy; a step reached before it earns nothing and deducts nothing
          alternative:
            zh: 政策之前达到的档次也按其金额扣减
            en: the amounts of steps reached before the policy are deducted too

    - rule: compute_voucher
      article: (十四)
      name: {zh: 算力券, en: compute voucher}
      subject: entity
      earned: once
      per: item
      measure: {name: settled, zh: 合同最终结算金额, en: settled amount of the contract}
      rate: "0.30"
      at_least: "10000.00"
      limits: [compute_vouchers_a_year]
      pool: compute_vouchers
      readings:
        - mark: J
          reading: minimum_before_limits
          says:
            zh: 不低于1万元指按比例算得的金额，限额的余额可以更小
            en: what the rate yields must be at least the minimum; what a limit leaves may be less
          alternative:
            zh: 限额余额不足1万元的不再发放
            en: nothing where a limit leaves less than the minimum

    - rule: compute_voucher_overseas
      article: (十四)
      name: {zh: 跨境出海算力券, en: compute voucher for use overseas}
      subject: entity
      earned: once
      per: item
      measure: {name: settled, zh: 合同最终结算金额, en: settled amount of the contract}
      rate: "0.30"
      at_least: "10000.00"
      limits: [compute_vouchers_overseas_a_year]
      pool: compute_vouchers
      readings:
        - mark: J
          reading: minimum_before_limits
          says:
            zh: 不低于1万元指按比例算得的金额，限额的余额可以更小
            en: what the rate yields must be at least the minimum; what a limit leaves may be less
          alternative:
            zh: 限额余额不足1万元的不再发放
            en: nothing where a limit leaves less than the minimum
        - mark: J
          reading: a_limit_of_its_own
          says:
            zh: 跨境出海用途另有限额，与其他用途各自计算
            en: use overseas has a limit of its own beside that of other uses
          alternative:
            zh: 两种用途合计不超过50万元
            en: both uses together stay within the higher limit

    - rule: loan_interest
      article: (十五)
      name: {zh: 贷款贴息, en: interest subsidy}
      subject: entity
      earned: yearly
      per: item
      measure: {name: loan, zh: 实际贷款金额, en: amount of the loan}
      rate: "0.02"
      years: 3
      limits: [loan_interest]
      readings:
        - mark: J
          reading: rate_for_each_year
          says:
            zh: 每笔贷款每年按贷款金额的2%计，至多三年
            en: the rate of each loan is earned for each year, over three years at most
          alternative:
            zh: 每笔贷款只计一次2%
            en: the rate of a loan is earned once
        - mark: J
          reading: calendar_years_from_the_first
          says:
            zh: 三年指自首次贴息年度起的三个日历年度
            en: three calendar years, the first with a subsidy included
          alternative:
            zh: 任意三个有贴息的年度
            en: any three years with a subsidy

    - rule: cluster_recognition
      article: (十六)
      name: {zh: 产业集聚区认定奖励, en: recognised cluster}
      subject: entity
      earned: by_difference
      per: item
      measure: {name: level, zh: 认定级别, en: level of recognition}
      amounts:
        - {grade: city, zh: 市级, en: by the city, amount: "500000.00"}
        - {grade: province, zh: 省级, en: by the province, amount: "1000000.00"}
        - {grade: nation, zh: 国家级, en: by the nation, amount: "2000000.00"}
      limits: [clusters]
      readings:
        - mark: J
          reading: less_what_was_earned_under_this_policy
          says:
            zh: 只扣减按本政策已得的奖励；政策之前已达到的档次不再奖励，也不作扣减
            en: less what was earned under this policy; a step reached before it earns nothing and deducts nothing
          alternative:
            zh: 政策之前达到的档次也按其金额扣减
            en: the amounts of steps reached before the policy are deducted too

    - rule: cluster_revenue
      article: (十六)
      name: {zh: 产业集聚区规模奖励, en: revenue of a cluster}
      subject: entity
      earned: by_difference
      per: item
      measure: {name: revenue, zh: 数字经济核心产业营业收入, en: core revenue of the cluster}
      steps:
        - {at_least: "20000000000.00", amount: "1000000.00"}
        - {at_least: "30000000000.00", amount: "2000000.00"}
        - {at_least: "50000000000.00", amount: "4000000.00"}
      limits: [clusters]
      readings:
        - mark: J
          reading: less_what_was_earned_under_this_policy
          says:
            zh: 只扣减按本政策已得的奖励；政策之前已达到的档次不再奖励，也不作扣减
            en: less what was earned under this policy; a step reached before it earns nothing and deducts nothing
          alternative:
            zh: 政策之前达到的档次也按其金额扣减
            en: the amounts of steps reached before the policy are deducted too

    - rule: talent_project
      article: (十七)
      name: {zh: 人才创业项目资助, en: "talent: start-up project"}
      subject: entity
      earned: once
      per: item
      amount: "500000.00"

    - rule: talent_flexible_post
      article: (十七)
      name: {zh: 柔性引进人才资助, en: "talent: flexible post"}
      subject: entity
      earned: once
      per: item
      amount: "100000.00"

    - rule: talent_living_allowance
      article: (十七)
      name: {zh: 青年人才生活补贴, en: "talent: living allowance"}
      subject: entity
      earned: once
      per: item
      amount: "50000.00"
', '8f44fd1a849b9323c5c5ecda4830cb1c31ebc4c323c043f36ab40f920e90f294', '{"exchanges": [{"id": "dcdex", "from": "2019-01-01", "name": "虚构乙数据交易中心 / Fictional Exchange B", "until": null, "operators": [{"from": "2019-01-01", "name": "虚构乙数据交易中心运营有限公司 / Fictional Operator B", "uscc": "91530100MAXDCDEX07", "until": null}], "approved_by": "虚构批文第2号 / fictional approval no. 2"}, {"id": "kmdex", "from": "2019-01-01", "name": "虚构甲数据交易所 / Fictional Exchange A", "until": null, "operators": [{"from": "2019-01-01", "name": "虚构甲数据交易所运营有限公司 / Fictional Operator A", "uscc": "91530100MAXKMDEX0C", "until": null}], "approved_by": "虚构批文第1号 / fictional approval no. 1"}]}', NULL);
INSERT INTO public.ledger_transaction VALUES
	(0, '2026-06-01 00:00:04+00', 'entitlement', 'first_listing/uscc:91530000000000000H', 2000000, 2, 'uscc:91530000000000000H', 2026, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "首次测算，上限 20000.00 元 / first earned, ceiling 20000.00 yuan", "facts": [{"seq": 2, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "generation": 1}]}', NULL, NULL),
	(1, '2026-06-01 00:00:07+00', 'entitlement', 'first_listing/uscc:91530000000000003T', 2000000, 2, 'uscc:91530000000000003T', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "首次测算，上限 20000.00 元 / first earned, ceiling 20000.00 yuan", "facts": [{"seq": 3, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "generation": 1}]}', NULL, NULL),
	(2, '2026-06-01 00:00:10+00', 'entitlement', 'first_listing/uscc:91530000000000003T', 0, 4, 'uscc:91530000000000003T', 2026, NULL, 2025, 'kunming-2025-14', 1, '(四) 1', '{"text": "年度由 2025 变为 2026，上限仍为 20000.00 元 / year 2025 becomes 2026, ceiling stays 20000.00 yuan", "facts": [{"seq": 6, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "generation": 1}]}', NULL, NULL),
	(3, '2026-06-01 00:00:12+00', 'entitlement', 'first_listing/uscc:91530000000000000H', -2000000, 2, 'uscc:91530000000000000H', 2026, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "上限由 20000.00 元变为 0.00 元 / ceiling 20000.00 becomes 0.00 yuan", "facts": [{"seq": 9, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "generation": 1}]}', NULL, NULL),
	(4, '2026-06-01 00:00:12+00', 'entitlement', 'first_listing/uscc:91530000000000001L', 2000000, 2, 'uscc:91530000000000001L', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "首次测算，上限 20000.00 元 / first earned, ceiling 20000.00 yuan", "facts": [{"seq": 9, "fact": "facts.first-listing.v1/r1/uscc:91530000000000001L", "generation": 1}]}', NULL, NULL),
	(5, '2026-06-01 00:00:14+00', 'entitlement', 'first_listing/uscc:91530000000000000H', 2000000, 2, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "年度由 2026 变为 2025，上限由 0.00 元变为 20000.00 元 / year 2026 becomes 2025, ceiling 0.00 becomes 20000.00 yuan", "facts": [{"seq": 11, "fact": "facts.first-listing.v1/r1/uscc:91530000000000000H", "generation": 1}]}', NULL, NULL),
	(6, '2026-06-01 00:00:16+00', 'entitlement', 'first_purchase/uscc:91530000000000000H', 2500000, 2, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 2', '{"text": "首次测算，上限 25000.00 元 / first earned, ceiling 25000.00 yuan", "facts": [{"seq": 21, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000000H", "generation": 1}]}', NULL, NULL),
	(7, '2026-06-01 00:00:19+00', 'entitlement', 'first_listing/uscc:91530000000000003T', 0, 4, 'uscc:91530000000000003T', 2025, NULL, 2026, 'kunming-2025-14', 1, '(四) 1', '{"text": "年度由 2026 变为 2025，上限仍为 20000.00 元 / year 2026 becomes 2025, ceiling stays 20000.00 yuan", "facts": [{"seq": 12, "fact": "facts.first-listing.v1/r1/uscc:91530000000000003T", "generation": 1}]}', NULL, NULL),
	(8, '2026-06-01 00:00:21+00', 'entitlement', 'exchange_tiers/kmdex/2025', 100000000, 2, 'uscc:91530100MAXKMDEX0C', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "首次测算，上限 1000000.00 元 / first earned, ceiling 1000000.00 yuan", "facts": [{"seq": 28, "fact": "facts.annual-total.v1/r1/exchange/kmdex/2025", "generation": 1}]}', NULL, NULL),
	(9, '2026-06-01 00:00:21+00', 'entitlement', 'first_purchase/uscc:91530000000000000H', -2500000, 2, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 2', '{"text": "上限由 25000.00 元变为 0.00 元 / ceiling 25000.00 becomes 0.00 yuan", "facts": [{"seq": 28, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000000H", "generation": 1}]}', NULL, NULL),
	(10, '2026-06-01 00:00:22+00', 'entitlement', 'exchange_tiers/dcdex/2025', 500000000, 2, 'uscc:91530100MAXDCDEX07', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "首次测算，上限 5000000.00 元 / first earned, ceiling 5000000.00 yuan", "facts": [{"seq": 30, "fact": "facts.annual-total.v1/r1/exchange/dcdex/2025", "generation": 1}]}', NULL, NULL),
	(11, '2026-06-01 00:00:22.000001+00', 'decision', 'outbound_transfer/uscc:91530000000000080R/2024/O-1', 0, 0, 'uscc:91530000000000080R', 2024, NULL, NULL, 'kunming-2025-14', 1, '(八)', '{"text": "主管部门申报 / declared by the bureau", "facts": [{"seq": 1, "fact": "declared/bureau/uscc:91530000000000080R/outbound_transfer/2024/O-1", "generation": 1}]}', 'declared/1', 'f6d7e0a9c407d515d693af7954fc2ffcf4c2842aea6fbece2b0d12ddbdd769f1'),
	(12, '2026-06-01 00:00:22.000002+00', 'decision', 'revenue_growth/uscc:91530000000000001L/2025/R-2025', 0, 0, 'uscc:91530000000000001L', 2025, NULL, NULL, 'kunming-2025-14', 1, '(十三)', '{"text": "主管部门申报 / declared by the bureau", "facts": [{"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "generation": 1}]}', 'declared/2', '85274a88f18306769a49191664f26c6232aafaee2f5fd1f01472ab4aa24ae227'),
	(13, '2026-06-01 00:00:22.000002+00', 'entitlement', 'revenue_growth/uscc:91530000000000001L/2025/R-2025', 20000000, 2, 'uscc:91530000000000001L', 2025, NULL, NULL, 'kunming-2025-14', 1, '(十三)', '{"text": "首次测算，上限 200000.00 元 / first earned, ceiling 200000.00 yuan", "facts": [{"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "generation": 1}]}', NULL, NULL),
	(14, '2026-06-01 00:00:22.000003+00', 'decision', 'revenue_growth/uscc:91530000000000001L/2026/R-2026', 0, 0, 'uscc:91530000000000001L', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十三)', '{"text": "主管部门申报 / declared by the bureau", "facts": [{"seq": 3, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026", "generation": 1}]}', 'declared/3', 'a3e9bcfe581d125a906473186c3b180c0d21c58e11feb765c88a7146b094fd01'),
	(15, '2026-06-01 00:00:22.000003+00', 'entitlement', 'revenue_growth/uscc:91530000000000001L/2026/R-2026', 10000000, 2, 'uscc:91530000000000001L', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十三)', '{"text": "首次测算，上限 100000.00 元 / first earned, ceiling 100000.00 yuan", "facts": [{"seq": 3, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2026/R-2026", "generation": 1}, {"seq": 2, "fact": "declared/bureau/uscc:91530000000000001L/revenue_growth/2025/R-2025", "generation": 1}]}', NULL, NULL),
	(16, '2026-06-01 00:00:22.000004+00', 'decision', 'compute_voucher/uscc:91530000000000002P/2026/V-1', 0, 0, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "主管部门申报 / declared by the bureau", "facts": [{"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "generation": 1}]}', 'declared/4', '04c42983ca63ab3c91f9943e4625a9669fb1830f9ec4a5949421d246b8bfa3fe'),
	(17, '2026-06-01 00:00:22.000004+00', 'entitlement', 'compute_voucher/uscc:91530000000000002P/2026/V-1', 3000000, 2, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "首次测算，上限 30000.00 元 / first earned, ceiling 30000.00 yuan", "facts": [{"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "generation": 1}]}', NULL, NULL),
	(18, '2026-06-01 00:00:22.000005+00', 'decision', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 0, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "主管部门申报 / declared by the bureau", "facts": [{"seq": 5, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-2", "generation": 1}]}', 'declared/5', '5cfbc2c21af202e54f9ca98cd67a35c8084c12270258d3996482426412d0a58c'),
	(19, '2026-06-01 00:00:22.000005+00', 'entitlement', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 27000000, 2, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "首次测算，上限 270000.00 元 / first earned, ceiling 270000.00 yuan", "facts": [{"seq": 5, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-2", "generation": 1}, {"seq": 4, "fact": "declared/bureau/uscc:91530000000000002P/compute_voucher/2026/V-1", "generation": 1}]}', NULL, NULL),
	(20, '2026-06-01 00:00:23.000005+00', 'decision', NULL, 0, 0, 'uscc:91530000000000002P', NULL, NULL, NULL, 'kunming-2025-14', 1, '结尾第2段', '{"text": "资格审核通过 / eligibility verified", "facts": []}', '9b238da114d849c581ed74e3330c79e2', '0f63f46b7779cd33b238415fb2d96601fb65b6fa14645710fa1624f1ece60c66'),
	(21, '2026-06-01 00:00:24.000005+00', 'decision', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 0, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "申报 / applied for", "facts": []}', 'f3e73f989df14c4a8e983e46ec6e6baa', 'b0b716df7a00b2d62ffc4de990975a3d44d9bd5c3857b67c937d3e84ad87099f'),
	(22, '2026-06-01 00:00:25.000005+00', 'decision', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 0, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "初审 / reviewed", "facts": []}', '2519acbeb9e844daa348617e77b7f5ac', 'ff80526661aa19c0c5c10610d98f701b7f993f0b9038aaf7e1ddfe024fa9ca4c'),
	(23, '2026-06-01 00:00:26.000005+00', 'decision', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 0, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "联合审核 / jointly reviewed", "facts": []}', '6bd8a18f5725411f983d9a50143c77f4', '504d1dc8aed9b9915334dffb504d3d88d85a392ad1c600840d49c5cf26249c40'),
	(24, '2026-06-01 00:00:27.000005+00', 'decision', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 0, 0, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "公示 / published", "facts": []}', '93ded749c0c84c528a002fa5bb44dc0d', '2785ebb3bf449ba33ccfa67a4569bd5fcab3b9ead2162b0be0af349172fb81b2'),
	(25, '2026-06-01 00:00:28.000005+00', 'approval', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 27000000, 2, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "核定 270000.00 元 / approved 270000.00 yuan", "facts": []}', '54e8c52276f94f5c9d3374a69f22147e', '7a71cfe385d4ef34cb7172cc627d7e73b3062ca5c4a947a4b74436042af118d4'),
	(26, '2026-06-01 00:00:29.000005+00', 'decision', NULL, 0, 0, 'uscc:91530100MAXDCDEX07', NULL, NULL, NULL, 'kunming-2025-14', 1, '结尾第2段', '{"text": "资格审核通过 / eligibility verified", "facts": []}', '63237e5409234abbb38401d456152310', '0e32d58398faec5b444f2632b3c9077b8f251db8b02d09d1be2ed724cf7a37a7'),
	(27, '2026-06-01 00:00:30.000005+00', 'decision', 'exchange_tiers/dcdex/2025', 0, 0, 'uscc:91530100MAXDCDEX07', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "申报 / applied for", "facts": []}', '5a0d0a135b1c4733ab130185a0a1cddd', '2d0847b08c0276f8a44a1ec9a5659831fda4f2cec9040d58a8d7183292432b75'),
	(28, '2026-06-01 00:00:31.000005+00', 'decision', 'exchange_tiers/dcdex/2025', 0, 0, 'uscc:91530100MAXDCDEX07', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "初审 / reviewed", "facts": []}', '4463b44b0d284867a5f3d6d358eaaf82', '2f5b4034af84370a280d0980ce4aa08ce54d51ded8a9043f47097ac821fa5211'),
	(29, '2026-06-01 00:00:32.000005+00', 'decision', 'exchange_tiers/dcdex/2025', 0, 0, 'uscc:91530100MAXDCDEX07', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "联合审核 / jointly reviewed", "facts": []}', '7956e7c299f64c7cbf72d53aa6c04581', 'd83da3739d991aa0469c9f2810a6df35331a911b2421249ae6bf3ab576cb7887'),
	(30, '2026-06-01 00:00:33.000005+00', 'decision', 'exchange_tiers/dcdex/2025', 0, 0, 'uscc:91530100MAXDCDEX07', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "公示 / published", "facts": []}', '05bb039017a34928a5e5ac1cd709e0a3', 'ebdcc5d044b4e6b4988e0fbf85ba7f11de1ad5d663de47ee4ce3cae4a594ce0d'),
	(31, '2026-06-01 00:00:34.000005+00', 'approval', 'exchange_tiers/dcdex/2025', 500000000, 2, 'uscc:91530100MAXDCDEX07', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "核定 5000000.00 元 / approved 5000000.00 yuan", "facts": []}', 'f1d0954b4734407e88281683ef9d1aed', '339fa8bc7912f144b8b9ab53a13828d4f8a40161e957db946f3d076f331594d8'),
	(32, '2026-06-01 00:00:35.000005+00', 'decision', NULL, 0, 0, 'uscc:91530000000000000H', NULL, NULL, NULL, 'kunming-2025-14', 1, '结尾第2段', '{"text": "资格审核通过 / eligibility verified", "facts": []}', '382b4c30dfe8460eaa0eab571500f23d', 'bb29514a45778eb78c2395bf0e0702bdcab76b522f9139bba7e639c4722e09ec'),
	(33, '2026-06-01 00:00:36.000005+00', 'decision', 'first_listing/uscc:91530000000000000H', 0, 0, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "申报 / applied for", "facts": []}', '2aaa1508e5f84dba903648b8ceda00a5', '37a1cd6710c39c83fa66a7a4e30d4c054938dedd35ad7da8a5b7384ae347f68a'),
	(34, '2026-06-01 00:00:37.000005+00', 'decision', 'first_listing/uscc:91530000000000000H', 0, 0, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "初审 / reviewed", "facts": []}', '0d745dc2c077489ca3e23d77f67d318e', 'cecd8f5eac7a016f7f33d93ed4cbde331c0e3097391aef12c7c25967000bfc08'),
	(35, '2026-06-01 00:00:38.000005+00', 'decision', 'first_listing/uscc:91530000000000000H', 0, 0, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "联合审核 / jointly reviewed", "facts": []}', '235da8268b3845a988ee5483d3fc7720', 'c401a63232024f248076e7d0bba68295a3be58263dd55b191f2ffb31777b8415'),
	(36, '2026-06-01 00:00:39.000005+00', 'decision', 'first_listing/uscc:91530000000000000H', 0, 0, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "公示 / published", "facts": []}', 'c22e3b06ec6c4feca564a90a6b8e8476', 'b164b9249f3c755a11a91de1e81e2651ebae9e32f3da4fb88b800ec8ac216293'),
	(37, '2026-06-01 00:00:40.000005+00', 'approval', 'first_listing/uscc:91530000000000000H', 2000000, 2, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "核定 20000.00 元 / approved 20000.00 yuan", "facts": []}', '55a86d5ff41a4bd68af4ce38a290db2a', '5bcc3366076bc14f2bb9bea96544b76c268515cd873bc7384f31b411cb96b667'),
	(38, '2026-06-01 00:00:41.000005+00', 'payment', 'compute_voucher/uscc:91530000000000002P/2026/V-2', 27000000, 2, 'uscc:91530000000000002P', 2026, NULL, NULL, 'kunming-2025-14', 1, '(十四)', '{"text": "拨付 270000.00 元 / paid 270000.00 yuan", "facts": []}', '04c1f16110fe4eb3ba26279208725446', '9d89ae8f697c3237dab8ef80866c4b4fc9dba8030d31071becf99f7f1f8a78dd'),
	(39, '2026-06-01 00:00:42.000005+00', 'decision', 'exchange_tiers/kmdex/2025', 0, 0, 'uscc:91530100MAXKMDEX0C', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "申报 / applied for", "facts": []}', 'fd536da488dc4f6b8280daf334b4a4ee', '3cd076aab40eae72de3ad42c5475ce1c8be40791d78b4d69b02c942420e70dfe'),
	(40, '2026-06-01 00:00:43.000005+00', 'decision', 'exchange_tiers/kmdex/2025', 0, 0, 'uscc:91530100MAXKMDEX0C', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "人工暂缓 / held by hand", "facts": []}', '02c6233df6bb47a982f2aa749f2ae78e', '44d56e9ede4710bd0e779618baa42c6ed0c3bd5ab1f2f18bb1e2a2f80cbd1974'),
	(41, '2026-06-01 00:00:44.000005+00', 'decision', 'exchange_tiers/kmdex/2025', 0, 0, 'uscc:91530100MAXKMDEX0C', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "因异议暂缓 / held for an objection", "facts": []}', 'ad7055899b4b4348a1edb5ed0a8374a0', '50742070965b3d00b86e4f9fc869aad5da88ec80c1f9563a51b9df4de25b610e'),
	(42, '2026-06-01 00:00:45.000005+00', 'decision', 'exchange_tiers/kmdex/2025', 0, 0, 'uscc:91530100MAXKMDEX0C', 2025, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "解除暂缓 / released from a hold", "facts": []}', '6933e8ba95574dfb95a56ec621e7b02d', '2999ce1873d090c0b00c980719dedb2db3613dae5cfea9dede65028db6950d9a'),
	(43, '2026-06-01 00:00:46.000005+00', 'decision', NULL, 0, 0, NULL, NULL, NULL, NULL, 'kunming-2025-14', 1, '(六) 2', '{"text": "暂停 exchange_tiers / exchange_tiers is suspended", "facts": []}', '1e2bb7a8f448478ab30e1f28eb8fd2d2', '0f4874fe8371bb03820e9bc09bfafc07b4f0262268d37d774fdca774d22a35a8'),
	(44, '2026-06-01 00:00:47.000005+00', 'decision', NULL, 0, 0, 'uscc:91530000000000001L', 2026, NULL, NULL, 'kunming-2025-14', 1, '结尾第1段', '{"text": "市级其他政策奖补 9000000000.00 元 / granted under another municipal policy: 9000000000.00 yuan", "facts": []}', 'b5d298cd947e4c8fb5156ee870dade68', '3c1d47b59d65676d3c4c86528e428f78e08f5a984aca56e022335373d8b24d29'),
	(45, '2026-06-01 00:00:48.000005+00', 'decision', NULL, 0, 0, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '结尾第1段', '{"text": "市级其他政策奖补 9000000000.00 元 / granted under another municipal policy: 9000000000.00 yuan", "facts": []}', 'ca0e534d62f24da5a25dded78984d098', '6ccd993ce7ce09870f6ca5e781f2acc230a66c787ec43488385d834294398f2e'),
	(46, '2026-06-01 00:00:49.000005+00', 'return', 'first_listing/uscc:91530000000000000H', 1, 2, 'uscc:91530000000000000H', 2025, NULL, NULL, 'kunming-2025-14', 1, '(四) 1', '{"text": "追缴 0.01 元 / returned 0.01 yuan", "facts": []}', '2d35658f66af4424b0a90626ad539a29', 'd253b91c29d1b2b8a1968b8e1370907cdb5f962c633a7ba4dafdd9383d63e184'),
	(47, '2026-06-01 00:00:50.000005+00', 'entitlement', 'first_purchase/uscc:91530000000000072Y', 3888888, 2, 'uscc:91530000000000072Y', 2026, NULL, NULL, 'kunming-2025-14', 1, '(四) 2', '{"text": "首次测算，上限 38888.88 元 / first earned, ceiling 38888.88 yuan", "facts": [{"seq": 32, "fact": "facts.first-purchase.v1/r1/uscc:91530000000000072Y", "generation": 1}]}', NULL, NULL);
INSERT INTO public.log_checkpoint OVERRIDING SYSTEM VALUE VALUES
	(1, 0, '\x', 1, '2026-06-01 00:00:00+00', 'example.org/tests/ledger
0
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

— example.org/tests/ledger P/7GKcIsQDKs9xOddq9dftaZBOax2GIdFqNPsReiv0OGJ925qsS+Hn/3T/FcBnFycHlON7CrtYdRdboxTfEA8octBgQ=
'),
	(2, 1, '\x002c3c725f511b9fb8e83605b4e88debe00e34a3d8f477b1a32e8af95440bbea', 1, '2026-06-01 00:00:04+00', 'example.org/tests/ledger
1
ACw8cl9RG5+46DYFtOiN6+AONKPY9Hexoy6K+VRAu+o=

— example.org/tests/ledger P/7GKXdnZQ8vKZMAobF0ypiA8zzA5lkruJHg5nvkKxqXn45Gw6NRsZr/KXs/saDbxZBf4ywXSehQ7mDS+ljjaN0b2Qw=
'),
	(3, 2, '\xe1477aadfb4d3ed0845c3621922b07d2fb14f259d38fc44707e749b537586d61', 1, '2026-06-01 00:00:07+00', 'example.org/tests/ledger
2
4Ud6rftNPtCEXDYhkisH0vsU8lnTj8RHB+dJtTdYbWE=

— example.org/tests/ledger P/7GKdlrmlMvAkvR7Lgu5XFAcXhUS7OpkPleH5OBhRrwfpJXEepzSVh7t3A7HFDw0xy7oNGqkz91IikV8SmXMcUhdgc=
'),
	(4, 3, '\xe1477aadfb4d3ed0845c3621922b07d2fb14f259d38fc44707e749b537586d61ad53a6d8de367a808a3504b2b2192865250d9c4fc3fbcd6a5880b3263720f4d0', 1, '2026-06-01 00:00:10+00', 'example.org/tests/ledger
3
jiVdFv+r1pwehFYUCeSQdt3VjfiUEuLD+5oCKhnYjE8=

— example.org/tests/ledger P/7GKUPjDfRkqEyoi2plmkMVu6LFIE2JhzEMH4XISnwnqTZOlXIxKs9Y/FPqZqyepoDiJvLEUO8GOO8O2Ew5VGEykwQ=
'),
	(5, 5, '\xb3bdc90e518d138fd6b6e46e3d2e33cc2b5ef127b90841526b7f85fb0c5fac60bc28201bee2c8452ca6d0ff3ab7bd87463fd5a1749cf3be29f24a42cb5ee0a7c', 1, '2026-06-01 00:00:12+00', 'example.org/tests/ledger
5
d046E7xwzFBPfHr68M1VpQqobDwMIFHJB+RxHcGVdlI=

— example.org/tests/ledger P/7GKdqrHV+IpKUV8kYs77jP0fVyfl8FIfzG7KZP/KfkaS9yJay0O3KgztS7pXEkAfl+7rsUF9M6F2EacdpAweolcAU=
'),
	(6, 6, '\xb3bdc90e518d138fd6b6e46e3d2e33cc2b5ef127b90841526b7f85fb0c5fac60159360c79098f79fc6ce4062e41ba08ffcf2105863fc27600c5498bff1fa8bee', 1, '2026-06-01 00:00:14+00', 'example.org/tests/ledger
6
IfwkUZQMF0Ut5Tcs1U8NMvUUVE7DAdg/fvYVzgmSgGg=

— example.org/tests/ledger P/7GKQ+4mY0S/5g6/uuDFcAStgBQnzfVtI31KY9RlC8Nb32V9pYm5M4ZyH3w7fi/yFfKdgBR9BEKqp0fbfZiPV76KwI=
'),
	(7, 7, '\xb3bdc90e518d138fd6b6e46e3d2e33cc2b5ef127b90841526b7f85fb0c5fac60159360c79098f79fc6ce4062e41ba08ffcf2105863fc27600c5498bff1fa8bee043cbe44d809e5621f656ffc756c71da663bafb6184772fc1503825043d472e5', 1, '2026-06-01 00:00:16+00', 'example.org/tests/ledger
7
h+0UKJeEYgQhb4wcp+GCHYsnk5FTsGzGPmLrGZdke+s=

— example.org/tests/ledger P/7GKQsANWylntnxxG/hD0t9lOwvznDhFdDFX1D+mlRUCkUI619PzVtmF5g4NOj1HDz9kIA1a5uRXc0LVGUTomrmlQo=
'),
	(8, 8, '\x521ac235ded212865e5c2f56e958d07645c5da3c07c30c505e55d368e986ec02', 1, '2026-06-01 00:00:19+00', 'example.org/tests/ledger
8
UhrCNd7SEoZeXC9W6VjQdkXF2jwHwwxQXlXTaOmG7AI=

— example.org/tests/ledger P/7GKXX+ZWs+tO68xm7NTuSaWOqy9GDMMpk4kIrtHeY0+516R/kpP9NyGv5huoShyqrhP4DW3GOGAwloPU2gTl67IAE=
'),
	(9, 10, '\x521ac235ded212865e5c2f56e958d07645c5da3c07c30c505e55d368e986ec02a6b22c61c342238303530aef524ab02d7bf0710c8b71e958a4a5c42da3292f6c', 1, '2026-06-01 00:00:21+00', 'example.org/tests/ledger
10
7DwtGG0jn2hSSRFMWXOHYBKAtLvSd8ztMQ6auskCt+g=

— example.org/tests/ledger P/7GKdHWlDZ2nY9GjRysnqlg7HCi3BxropxoV8Ji1Qhlle0glxBhu5VHyTbBmrsNU72nfgtqUmpVEPham3GhvCGFHwo=
'),
	(10, 11, '\x521ac235ded212865e5c2f56e958d07645c5da3c07c30c505e55d368e986ec02a6b22c61c342238303530aef524ab02d7bf0710c8b71e958a4a5c42da3292f6cb2e1047c0d490fc4a7dd9ca23162de20ff4ffa01c3ab8fbd2138166ef2f16735', 1, '2026-06-01 00:00:22+00', 'example.org/tests/ledger
11
U0gGXlVIZYvoOyj3cwvMdJDgfoa++cJN7nbBpCFK+nY=

— example.org/tests/ledger P/7GKZ1a7ErZ5nyDSgVxuek3OHajFhbpfDYeb9h/D/OVaGfK6EaA/ZEzmO1Tm1SrLP2DrC6Gw7eNvPjWQlD5WyR3oAU=
'),
	(11, 12, '\x521ac235ded212865e5c2f56e958d07645c5da3c07c30c505e55d368e986ec0243d7727ac944fadd368a050a2d833a837100ac2a8127ef2b69c26e97faec20b0', 1, '2026-06-01 00:00:22+00', 'example.org/tests/ledger
12
u1fzXPUd7o1ZEa18vtxbeI18wWcV/4Zu60NPlYK6UrQ=

— example.org/tests/ledger P/7GKXBshvu3AdiYRosTwsRI1UEuPI5Ndd57Y2nr2eF6KB6+Bo+9hKurJH2sLYLP/DzKFthg9J/CXK+hN781ioZ2Xgs=
'),
	(12, 14, '\x521ac235ded212865e5c2f56e958d07645c5da3c07c30c505e55d368e986ec0243d7727ac944fadd368a050a2d833a837100ac2a8127ef2b69c26e97faec20b0ea23b76d13161d5404a3567f795660f2e88d9ce4cdf801e6e59045e820631976', 1, '2026-06-01 00:00:22+00', 'example.org/tests/ledger
14
hCBXAAsX7Ew0TILjeGo4iBs74B/f9VyLq5+6ctcIcq4=

— example.org/tests/ledger P/7GKWJ8z/xw8HFrgTpqqMhOFz2ecVBRAtXVnOpYpUlxZO28UU7db5YwicFDZEYIYVVpIxTK1O1snmhcbNCBqYPXnwA=
'),
	(13, 16, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c', 1, '2026-06-01 00:00:22+00', 'example.org/tests/ledger
16
QxO4zyUBaotdgIJ0ol10GCYNxChagGjrqI4z2NZFf0w=

— example.org/tests/ledger P/7GKetA0BV+In40a/5KBV9ypNIb5kcNbRDpO+eNFtdWm43GZhwsgzYiwvXCIyJqb4uLinOqRcidpJLJxYCRBT9PKwA=
'),
	(14, 18, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ad5197579eaf8e8fd83f027870c95260c0887f85bd915ecb3f03ed0312416f7', 1, '2026-06-01 00:00:22+00', 'example.org/tests/ledger
18
d1+rWJ9dSUD9i91Vq+JInPLSVyKXf9blpaAoDXp2i3Q=

— example.org/tests/ledger P/7GKYCsacsQCWHcLI5iZRNr4kdKGJwIvcDRNIRRL8TR9U5KH+Z+gh0e69pAkdzOBOhA5X4YGdJ0B0OLWgVwRkU8NQc=
'),
	(15, 20, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c4e5c6eafdf41567246838633b5e189b985618ef1146adee467214b5d78378af3', 1, '2026-06-01 00:00:22+00', 'example.org/tests/ledger
20
2SMf1rKWf6S+O8yIxLpPjRr5CB9Wy9X/9I+TRkBJbQQ=

— example.org/tests/ledger P/7GKZQW31q2eIKoBCwqyU3V196n3jBXEnZUpilKIuf70pd4vzA+wcWnRDU45a7Pm+HVt6Ilx56Ru2qY5oZSEjosogs=
'),
	(16, 21, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c4e5c6eafdf41567246838633b5e189b985618ef1146adee467214b5d78378af3da68f9f5079cd47087025c9c679cb30bfe4c84ba9e21ac62068dd424df94e5c6', 1, '2026-06-01 00:00:23.000005+00', 'example.org/tests/ledger
21
OpObZnakzvJN+Kq5Yj+PTEEL8A5EAtykz3vLlgIhITU=

— example.org/tests/ledger P/7GKVfSTKveiYShQtkeltxPpr1jZW3ZJglBHBLVEf+w8eTZq9Xj242I4Meic5NBv5q5fl2h3i5S6cPSRhm7tOUwVQ8=
'),
	(17, 22, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c4e5c6eafdf41567246838633b5e189b985618ef1146adee467214b5d78378af35caeeec43e148aa6ca6a590b38a0a776fd1f4e607172aeebcb6b42243ee0ef19', 1, '2026-06-01 00:00:24.000005+00', 'example.org/tests/ledger
22
zd7djncf8xs0Ae0laKLRzO6oeGtfaBcnLDHCUDDAaFg=

— example.org/tests/ledger P/7GKbmrtkaWfzYLbcPZrSH/BtuvW8WJ3jAnFHbVgyyTuNSvLe47ovxr48cbEO5Kkt/GocXOIKQZN0o7FXhb51KVHAY=
'),
	(18, 23, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c4e5c6eafdf41567246838633b5e189b985618ef1146adee467214b5d78378af35caeeec43e148aa6ca6a590b38a0a776fd1f4e607172aeebcb6b42243ee0ef19473dba9dcf60044cb85d84d18187a8dec555f257556d17864a1420e0b9c8dccf', 1, '2026-06-01 00:00:25.000005+00', 'example.org/tests/ledger
23
BGWR88A5KVbEW3G1qEQ37MCz+X7rOh1uqcI6zMUNbkU=

— example.org/tests/ledger P/7GKVPUZ7kMYJ3zMlrueo35rAGG4dxqfC+PxMLg8kNhbYS8gUydPrT0en3V3Yt5QuXyuP4SVeWZx5dZY+IwXV7H0Aw=
'),
	(19, 24, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15', 1, '2026-06-01 00:00:26.000005+00', 'example.org/tests/ledger
24
UCFIEOy8ZmRot7W9nNvdB4tZBi/fE+8KhZudhVQom3E=

— example.org/tests/ledger P/7GKYN5XAmVTLm9RZey9x8p1vhoHsIJS+hQp4tvTWSJbFJke+XBFYWvBH7YEC2PbHg3bG2O1H9Fn3B4rIQsVVcdwQM=
'),
	(20, 25, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea1536f4f78b9f9202ea19d760dbb6db76b045f2dba6efbe0e7f6df3ad47f6d4a207', 1, '2026-06-01 00:00:27.000005+00', 'example.org/tests/ledger
25
QfGQTF+Nuh4hr9VBon10n3xN/AJEQrpYjN+okDqEJFE=

— example.org/tests/ledger P/7GKW+Nw78CrUUsOK4d9eyPojyp1D+jnwAtYEXMCiWtT+DwUQR0wAYwV70pjk0vPV7Ff05/28RdcXgjX5XctTYNdAk=
'),
	(21, 26, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15126d71f7091bdfecd9de01e04da4876ea90b1efcb207000bec9ed0a350858747', 1, '2026-06-01 00:00:28.000005+00', 'example.org/tests/ledger
26
aPodV8uqpc2693z4AToOWk/3/CB+4RNbIbiJs8ANwIA=

— example.org/tests/ledger P/7GKcXQi1LsODZqh51MOoLfdwHULoOi4ML5d/hGZla5GcFx+wTRSV6t6Jt7Xa+YMhhEU2vxm2g4zOWzSn6HUYOMlg4=
'),
	(22, 27, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15126d71f7091bdfecd9de01e04da4876ea90b1efcb207000bec9ed0a3508587475d011b3dc1671d37ddf05f3b3b58510e9e077857e35577169a60f611f3d01b64', 1, '2026-06-01 00:00:29.000005+00', 'example.org/tests/ledger
27
oUm1IBHaWBuoRsfU+31QU5GkIcEuq8MTfKZk2GXgQmU=

— example.org/tests/ledger P/7GKULYY4c6vbYZ3iKeqhYVWLHnF6ZuoxTxOiuaCoBD2Ej27jcHyM6k36y85x03kVelW22GoLggrqpWqsADErj2KAU=
'),
	(23, 28, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15d9bc38e7c9ca703bc386f5a47e3a43f72fe94736cd1a4318cf963688965c66ee', 1, '2026-06-01 00:00:30.000005+00', 'example.org/tests/ledger
28
mStOBxfWkPBSJlC8UkCEUS1L89qLYKIR5JALQdK5xL8=

— example.org/tests/ledger P/7GKbV81+mfKaKG+TmGZllgMPRiUvT1pZmdVwn5VnQ/kX23F8j2oZhNRPNwGFKvmh1hEhULI7ovesIxStDb0/XGdwE=
'),
	(24, 29, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15d9bc38e7c9ca703bc386f5a47e3a43f72fe94736cd1a4318cf963688965c66eebeb96bf55fd783bd85850f3dda4d661d563ba20305d11fae14d45370dbcdf033', 1, '2026-06-01 00:00:31.000005+00', 'example.org/tests/ledger
29
CVOkW3mRDGV+4XzUTpRde1NX9dz86fTJReyMClhIVFc=

— example.org/tests/ledger P/7GKQkEFuSecwOJsG3AKnomP1h6gvdXI7vG4VFRjqtbQWswS+Xpz59aVsq7NnxJOWvwrae750bhfCPn/adFyFKcEgY=
'),
	(25, 30, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15d9bc38e7c9ca703bc386f5a47e3a43f72fe94736cd1a4318cf963688965c66ee5b5ff3319de926812e39ec65ed6dd115a78ce9dc06fd4f95fa1342fa59d8e39c', 1, '2026-06-01 00:00:32.000005+00', 'example.org/tests/ledger
30
yCoznF8MPFAEWDNXm2EprvvvRRyydE0EKz/4vayUee8=

— example.org/tests/ledger P/7GKZcePoEfuP9+r3/Zp/r7gDjRCoS8W1AnwGvBOpOptqSoV9mOfQrAyzsr/j07wTh6L1/TcLA9un95ZJ5qo/uDwg4=
'),
	(26, 31, '\x4313b8cf25016a8b5d808274a25d7418260dc4285a8068eba88e33d8d6457f4c0ec9e715d08018ec5b4629d13c06415d02a289634a722fcb89c44366e213ea15d9bc38e7c9ca703bc386f5a47e3a43f72fe94736cd1a4318cf963688965c66ee5b5ff3319de926812e39ec65ed6dd115a78ce9dc06fd4f95fa1342fa59d8e39ce819163dc3da502bdc8da09d1e302d56926a15323aa4da6cfb8ec87c0a448a7e', 1, '2026-06-01 00:00:33.000005+00', 'example.org/tests/ledger
31
DKuR2iG5xO5Pu6Hdr7iA5EU0saeI/SpFKnOCVbXf4y4=

— example.org/tests/ledger P/7GKScGTMV5GqX3ROo6wq8eIYYHjPYi/B8GUoZxzDsyQW6s0l2FKKLLCBpzEFjCnHX1mMMTlCEWlD7tEgQgRjpzDg4=
'),
	(27, 32, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c', 1, '2026-06-01 00:00:34.000005+00', 'example.org/tests/ledger
32
RhvgsWwnZT7lzp0/BNdGD0Y1XIB/1aEqPYhmFcsKfFw=

— example.org/tests/ledger P/7GKZgviOBdL44JdcugM/NBiCjyWo2X1VM8LLJBLipsx4RWz3guXFNwB+ZLgstaMgtBwAu+IFGFkrck83S83ntsDwM=
'),
	(28, 33, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5cd23207a8c687b7120440ab9aface462498314e7a8340b193b958dc3218a4f813', 1, '2026-06-01 00:00:35.000005+00', 'example.org/tests/ledger
33
Ow9ONOM/Sq52Dx8KEG5sStaPZ0WJt6F4CscBl2wdlAw=

— example.org/tests/ledger P/7GKcBN7IhahPx8HDkMbAjPKVT3tiq3SOYVYaKuayVNaR8Oh/qldMHb64M9WQFLGommlEG1Ik9EbZ2acmaSGXGsRg8=
'),
	(29, 34, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5cc79ae40bd6ee641154b194a41171b42ee93ced10c71f94ab5737b17b4eb94cd4', 1, '2026-06-01 00:00:36.000005+00', 'example.org/tests/ledger
34
booV7lDRdek4IAXkMv/0smgzxc/c+GilP4qc1R35+pU=

— example.org/tests/ledger P/7GKS5DXi/Pdk84oGajqhDGR+0VSK50x5qFc6G7olydYD46rt+CREGKvJ+653vAE97dkmnCH5TcDB1gLjDDxdIgHAw=
'),
	(30, 35, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5cc79ae40bd6ee641154b194a41171b42ee93ced10c71f94ab5737b17b4eb94cd4193aa5a3d0e1d79d9fa9f5582f2d8a7e069734e30093e72452540c152ed31615', 1, '2026-06-01 00:00:37.000005+00', 'example.org/tests/ledger
35
KK7XsYIqtwak25s/rQPTvVHHtKJJtGxHbRPC1mHplTk=

— example.org/tests/ledger P/7GKYEhUpwTXfhB1b8Y3lyBZFRUmEaH3mvrqbb8eRA8s+RQAFxYksiSLH+j7x4FfMo/2rvtgmKxHl1erKaO/t2DMQY=
'),
	(31, 36, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c9d4e00aed34116ec6b11da2e950bcbdadf7ad16f06712c393d4e255f8d2e779b', 1, '2026-06-01 00:00:38.000005+00', 'example.org/tests/ledger
36
nmSvkA5fb0nYqhX89PK3FyenJ70KTRDqrm2+aEKj62g=

— example.org/tests/ledger P/7GKdIzEbQBZ+wjBTS1CG8KvmLTR4MG9kS2nT0YYmZJHccYDFVVPNcoNHFEcOMyRQK+Gle5eaEHDtZCkdgk5pauIAU=
'),
	(32, 37, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c9d4e00aed34116ec6b11da2e950bcbdadf7ad16f06712c393d4e255f8d2e779b408adc3005af85ca68bdca587dfac79f899d3570c737786f621d302bc27a40e1', 1, '2026-06-01 00:00:39.000005+00', 'example.org/tests/ledger
37
BO+LzVgCZF2vtJ+FU0GLHfMjH2yHLTpYYb/tOUrhGls=

— example.org/tests/ledger P/7GKTWc3Z7UAxlOZuZHPW+P83F8O6l1CkRQgxWoriO11rylQp+E1574yLghhnbeEDAyqsnSNzXs/9txtbi1VmQGLgA=
'),
	(33, 38, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c9d4e00aed34116ec6b11da2e950bcbdadf7ad16f06712c393d4e255f8d2e779b05841fe6f3e773d6b8badd23bdd159d135a070a2c5a663d8d1fde8dbf054fc04', 1, '2026-06-01 00:00:40.000005+00', 'example.org/tests/ledger
38
ih0l4DaYUfb2uo/BrP6xCFZA1caUn9HkaNvf/mr8ZxM=

— example.org/tests/ledger P/7GKdwMldXTm0eV5Twza/qXqmuHP4VmRfdKHXGiGf34M3nXuFHrGmdLVBZZdYmadQZ/ibkUkELZb8OsG+EBATD5fQ8=
'),
	(34, 39, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c9d4e00aed34116ec6b11da2e950bcbdadf7ad16f06712c393d4e255f8d2e779b05841fe6f3e773d6b8badd23bdd159d135a070a2c5a663d8d1fde8dbf054fc04583250b670907108e3fde3a788c09a38d47318b33ab76b35d868518f3ffbe4af', 1, '2026-06-01 00:00:41.000005+00', 'example.org/tests/ledger
39
NvpV5ZiG8cJz1/pQrrky9Ef6bu8w2/KBaxyKetnSPho=

— example.org/tests/ledger P/7GKZ01t7cFrFphSAAKEjdWnyv3p09/zjAJeHrDhu4OTvPOWtq2Dgj43bQzSunuCF11oQP8zyZWSQFRyVgI7njaZg4=
'),
	(35, 40, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a5', 1, '2026-06-01 00:00:42.000005+00', 'example.org/tests/ledger
40
qoWOg0+h0r4ESDhQYzykgYKJ//gJSw9EHU54Za0S91o=

— example.org/tests/ledger P/7GKQr5OmwvQRhqdDTYB5vIe0E4qslpPIxj/KOwzTl3x8iSFuss4WAIh3XijlAKQVLAwWNlK2yYhGa9Tqbg7R9PJw4=
'),
	(36, 41, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a59615263004bf826cf8912e51a164843bcbc88ecb83d897300ab3623d3be4b354', 1, '2026-06-01 00:00:43.000005+00', 'example.org/tests/ledger
41
NS24CQNBeBeSzdZ7DZIgF5IxwfWepbF6t5zu08QqfZM=

— example.org/tests/ledger P/7GKadItMZt31RrQ8x1dKjU23qk/nLCnpsW1MqS0gvshi7gXnuRjO4lPzlnVZk1c+/AZSV3CDww1LGS1qCJbUw0KA8=
'),
	(37, 42, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a5f4ce958d6a28cfe780f0f883fd386267fad763b36c18cfc190549d92376689f8', 1, '2026-06-01 00:00:44.000005+00', 'example.org/tests/ledger
42
ptnexbUroojSwqreCpnojUpDSB9wf/Qg6+pAROgNrEw=

— example.org/tests/ledger P/7GKam+fYaZS+LZJc2b12634DFJ0a4gWEETxfxmvcWO3anuP1ul/3yAublh0E19HOym9pzQZaCpJhQ9BCOTywWByw0=
'),
	(38, 43, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a5f4ce958d6a28cfe780f0f883fd386267fad763b36c18cfc190549d92376689f817b1cd62a31e391816de779e702eb699fc62687cdf3b57a38e4cb8076e55cb42', 1, '2026-06-01 00:00:45.000005+00', 'example.org/tests/ledger
43
C23eoekhaNjm2T9HiOrXzA6werJ/hZ2fdNXPA9oMDN0=

— example.org/tests/ledger P/7GKWmHckWLkRxXRb1Bmo9HfW7xphvzmrKb8L6Md80szGeZbw0EXaswxjagqKzOdE1RsUu+pMfH0A8JYjHcVRZp5gM=
'),
	(39, 44, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a530712d76215f1f1918288fef7f80e296affcf093469bc359c67336c791f12b5d', 1, '2026-06-01 00:00:46.000005+00', 'example.org/tests/ledger
44
PWafzwbYOxIrimHzkC0p7/iEkNwWF5IhOWFwT70xOWY=

— example.org/tests/ledger P/7GKdD3JNza4N0UrbRXWWT6B5v4nO2/lEfmUsQ2nk+SKynINa2msSUnxXdOqyW3TbLJEfx30LMdn6Eghws2M+xdlww=
'),
	(40, 45, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a530712d76215f1f1918288fef7f80e296affcf093469bc359c67336c791f12b5da7a804428dd47d8c96b802c7e4d9132d5b8f8aaebcaf3a261858881b0f58d97c', 1, '2026-06-01 00:00:47.000005+00', 'example.org/tests/ledger
45
etcIWzQc866IDNqIf23EWHbe/QAwZxwMx2Kisq56w8M=

— example.org/tests/ledger P/7GKQLxrW4o+6GfOrZMN/OjLNFNjxTDqNUFXvLWNs2jPAn2+HA93kOT0+H2WmHcfZ+9log2sxeDOfLDS64gVXzt1A4=
'),
	(41, 46, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a530712d76215f1f1918288fef7f80e296affcf093469bc359c67336c791f12b5d68b81c4337ad94b95fb13c7ce8d408bc18753356292b57a354f452e15645268d', 1, '2026-06-01 00:00:48.000005+00', 'example.org/tests/ledger
46
w/WC1Dzl2+4eybZhEHoMGSHYxIQdGJ5HjvEtP4Ew2Sk=

— example.org/tests/ledger P/7GKZr5jy6VbKq/zkys5dt/bVoCeDmaUSu5QlCxMSyKTuR+JyT8dmLyxQn5bLCxM1Bzatt/4tgZWp6bQm9bDojPWQs=
'),
	(42, 47, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5c52aa4e203516817de406f7ab3bc233bec56370110134ef72644874bf8f3c46a530712d76215f1f1918288fef7f80e296affcf093469bc359c67336c791f12b5d68b81c4337ad94b95fb13c7ce8d408bc18753356292b57a354f452e15645268d6f6b68e377337738af528f10c0f8b0f694438aff25f6d5f873aa435bc34853a0', 1, '2026-06-01 00:00:49.000005+00', 'example.org/tests/ledger
47
IaCd8U/XtL2QERhM+xnM34N/hIzzuZI3LMQkUO5NBoI=

— example.org/tests/ledger P/7GKZ9g6pJtJGv9qdQ0r4F9LAucjsVucBZKeIE8crjqe+2817N0Qp3BKBLBmWI+gDML0NtjeHfsSTupVaqqWPPF4Ak=
'),
	(43, 48, '\x461be0b16c27653ee5ce9d3f04d7460f46355c807fd5a12a3d886615cb0a7c5ca84e6a358766fd385ba767e6fa320635e3f5134ff5bb127d503e58b6ff05fc1f', 1, '2026-06-01 00:00:50.000005+00', 'example.org/tests/ledger
48
p88bMVInn/KN2IpXbrSLDn86/AAoLGMMPFrXTk9bOTk=

— example.org/tests/ledger P/7GKZzCg5h4LKAIGRhN70r2A6PiH2KW/xjpJeIz5priGvfGQzDvye+XfzJ8ATJuuDn72OupwJgPw1I3Ob8Tec3zDgY=
');
--
-- Data for Name: log_hash; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.log_hash VALUES
	(0, 0, '\x002c3c725f511b9fb8e83605b4e88debe00e34a3d8f477b1a32e8af95440bbea'),
	(0, 1, '\xdb52139c60d36a8f4821d65a295b9ed11ab5a07e1435f9bfb95df97d75c119b7'),
	(0, 2, '\xad53a6d8de367a808a3504b2b2192865250d9c4fc3fbcd6a5880b3263720f4d0'),
	(0, 3, '\x10d2c3bbdabe1acb78fa13280810a18ff5d48eb4da18d4f5c8796009f859ccddbc28201bee2c8452ca6d0ff3ab7bd87463fd5a1749cf3be29f24a42cb5ee0a7c'),
	(0, 5, '\xb6b23cd5654e66dde5008da669a9fb9a3ae05c34a9de54a56128e65bc781806c'),
	(0, 6, '\x043cbe44d809e5621f656ffc756c71da663bafb6184772fc1503825043d472e5'),
	(0, 7, '\xad5e4b0716fdde27d631a72bfdf65919218aad19967590e2e35c49784e552891'),
	(0, 8, '\x2af30905b143bd2186beb437fd5c30f467421c65a9170accb04643c1498d699a5fa04dd804a37ea6cd71858688ffc34d3159a41c868e25b395b4ea7e8dcd27e1'),
	(0, 10, '\xb2e1047c0d490fc4a7dd9ca23162de20ff4ffa01c3ab8fbd2138166ef2f16735'),
	(0, 11, '\xd1a70b8a06feb382682fb55d792851debc37691b2390c4a9713af35d47df1324'),
	(0, 12, '\x53421646b9ce60cd7e9a7e8268cd8fecf4ca94b8bebd7a65612d62945bd70b0e33ae5b0e330eb540df41122ca7cd63c4e530b5509b8b6f8f4b749729607151cd'),
	(0, 14, '\xe68a7c88800900741bd3ff2c9af27c89d2744933afb67422bb44694b5974acedd6e8a979b291c6f20e8b6a0a95a513a0449ca82bda10fb221f2f54b9b86aec2d'),
	(0, 16, '\x749762558d4a5485f8d0b55ebfe35fae23bf0baefe173d6420ed70f1d162a94fb5d11028f7656106752286b7a44e8a18d76693454197f652e7e3c00a04696418'),
	(0, 18, '\x49a11ea2179e2b4e0b838887f342b9398f349efe712678236ab5cd6389ffba9f336d3c339ec25453345e18fd9011555d708e4d92e7ec57d62add158dba3a746e'),
	(0, 20, '\xda68f9f5079cd47087025c9c679cb30bfe4c84ba9e21ac62068dd424df94e5c6'),
	(0, 21, '\x264fc24d829f04eb8998c0855cbecc6c202f529ea98078b811bfe6316e91b599'),
	(0, 22, '\x473dba9dcf60044cb85d84d18187a8dec555f257556d17864a1420e0b9c8dccf'),
	(0, 23, '\xb0f7883e2b856c90e4139fc1df2858ff161353dacc163641ef1c392d20f6e111'),
	(0, 24, '\x36f4f78b9f9202ea19d760dbb6db76b045f2dba6efbe0e7f6df3ad47f6d4a207'),
	(0, 25, '\xf60de8e897508a123ce004a1e3ebf960ee3b2fb79ebd4bdc33683a42fb392187'),
	(0, 26, '\x5d011b3dc1671d37ddf05f3b3b58510e9e077857e35577169a60f611f3d01b64'),
	(0, 27, '\xe8f011f429abdccee869ed9e77c57fc59def61b7d159f65c8251dfd650c3510c'),
	(0, 28, '\xbeb96bf55fd783bd85850f3dda4d661d563ba20305d11fae14d45370dbcdf033'),
	(0, 29, '\xde4c5aa5a7afd974f98a784b655bd78e450842a51723c6a509a9b4e3a81b8593'),
	(0, 30, '\xe819163dc3da502bdc8da09d1e302d56926a15323aa4da6cfb8ec87c0a448a7e'),
	(0, 31, '\x57abfcc5fe36d6ed9a49ffd8d9301c81e0ac2d4b70fdb1468288fbf16a85ce55'),
	(0, 32, '\xd23207a8c687b7120440ab9aface462498314e7a8340b193b958dc3218a4f813'),
	(0, 33, '\x224246b9af2716dfe1453e6d8d4c9507f9e656dab7767047d7f6ab0e012eec60'),
	(0, 34, '\x193aa5a3d0e1d79d9fa9f5582f2d8a7e069734e30093e72452540c152ed31615'),
	(0, 35, '\x99d72967779e44d0eef32b542bdc85a2ae88ea5538a73f1ffe6b5fe241e6f858'),
	(0, 36, '\x408adc3005af85ca68bdca587dfac79f899d3570c737786f621d302bc27a40e1'),
	(0, 37, '\xeee3616dce7df472d872aa13d82cfe56db9d4080a3cfd2a33f2bac4cb90418ae'),
	(0, 38, '\x583250b670907108e3fde3a788c09a38d47318b33ab76b35d868518f3ffbe4af'),
	(0, 39, '\x200d3ffa25d98cfe39fab43948dd6708ef2f396592ec91b664266edbcbbe997c'),
	(0, 40, '\x9615263004bf826cf8912e51a164843bcbc88ecb83d897300ab3623d3be4b354'),
	(0, 41, '\x16eeaeb2694df8bf3990481d0fdf332416929e2704f2e8a5f4401903fa66a302'),
	(0, 42, '\x17b1cd62a31e391816de779e702eb699fc62687cdf3b57a38e4cb8076e55cb42'),
	(0, 43, '\x037c0e8f1fae6a0f51acabdf60c771e8994e619f9f6af5cbed11dea8f4e0dd54'),
	(0, 44, '\xa7a804428dd47d8c96b802c7e4d9132d5b8f8aaebcaf3a261858881b0f58d97c'),
	(0, 45, '\xa83adcb2de326f48754e9b6295fb42d9200192a7f80a1290a0dd577728d5127d'),
	(0, 46, '\x6f6b68e377337738af528f10c0f8b0f694438aff25f6d5f873aa435bc34853a0'),
	(0, 47, '\x5c6c95da172a0fb3237f16c700f89a871f7f319a0d497a3db70a41fea211bb17');
INSERT INTO public.log_key OVERRIDING SYSTEM VALUE VALUES
	(1, 'example.org/tests/ledger+3ffec629+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4');
INSERT INTO public.other_grant VALUES
	('b5d298cd947e4c8fb5156ee870dade68', 'uscc:91530000000000001L', '虚构市级奖补', 2026, 900000000000, '[]'),
	('ca0e534d62f24da5a25dded78984d098', 'uscc:91530000000000000H', '虚构市级奖补', 2025, 900000000000, '[]');
--
-- Data for Name: position; Type: TABLE DATA; Schema: public; Owner: -
--
--
-- Data for Name: suspension; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.suspension VALUES
	('1e2bb7a8f448478ab30e1f28eb8fd2d2', 'exchange_tiers', '2024-12-31 16:00:00+00', '2026-12-30 16:00:00+00', 'r');
--
-- Name: extract_access_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.extract_access_id_seq', 1, true);
SELECT pg_catalog.setval('public.fact_id_seq', 75, true);
SELECT pg_catalog.setval('public.ledger_settings_id_seq', 1, true);
SELECT pg_catalog.setval('public.log_checkpoint_id_seq', 43, true);
SELECT pg_catalog.setval('public.log_key_id_seq', 1, true);
SELECT pg_catalog.setval('public.worker_run_id_seq', 1, false);
ALTER TABLE ONLY public.act
    ADD CONSTRAINT act_once UNIQUE (person, request_key);
ALTER TABLE ONLY public.act
    ADD CONSTRAINT act_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.act
    ADD CONSTRAINT act_seq_key UNIQUE (seq);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.award_current
    ADD CONSTRAINT award_current_pkey PRIMARY KEY (award_id);
ALTER TABLE ONLY public.award_version
    ADD CONSTRAINT award_version_pkey PRIMARY KEY (award_id, version);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_one_after_the_other UNIQUE (award_id, number);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.eligibility
    ADD CONSTRAINT eligibility_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.extract_access
    ADD CONSTRAINT extract_access_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.extract_piece
    ADD CONSTRAINT extract_piece_pkey PRIMARY KEY (extract_id, number);
ALTER TABLE ONLY public."extract"
    ADD CONSTRAINT extract_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fact_current
    ADD CONSTRAINT fact_current_pkey PRIMARY KEY (topic, key);
ALTER TABLE ONLY public.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fact
    ADD CONSTRAINT fact_version UNIQUE (topic, key, generation, seq);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.hold_release
    ADD CONSTRAINT hold_release_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.hold_release
    ADD CONSTRAINT hold_released_once UNIQUE (hold_id);
ALTER TABLE ONLY public.known_to
    ADD CONSTRAINT known_to_pkey PRIMARY KEY (exchange, about);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (seq, line);
ALTER TABLE ONLY public.ledger_settings
    ADD CONSTRAINT ledger_settings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_transaction
    ADD CONSTRAINT ledger_transaction_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.log_checkpoint
    ADD CONSTRAINT log_checkpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.log_cosignature
    ADD CONSTRAINT log_cosignature_pkey PRIMARY KEY (checkpoint_id, vkey);
ALTER TABLE ONLY public.log_hash
    ADD CONSTRAINT log_hash_pkey PRIMARY KEY (level, first);
ALTER TABLE ONLY public.log_key
    ADD CONSTRAINT log_key_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.log_key
    ADD CONSTRAINT log_key_vkey_key UNIQUE (vkey);
ALTER TABLE ONLY public.other_grant
    ADD CONSTRAINT other_grant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.page_session
    ADD CONSTRAINT page_session_pkey PRIMARY KEY (token_sha256);
ALTER TABLE ONLY public."position"
    ADD CONSTRAINT position_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.related_party
    ADD CONSTRAINT related_party_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.suspension
    ADD CONSTRAINT suspension_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.worker_run
    ADD CONSTRAINT worker_run_pkey PRIMARY KEY (id);
CREATE INDEX award_current_about ON public.award_current USING btree (about);
CREATE INDEX award_current_exchange ON public.award_current USING btree (exchange, award_id);
CREATE INDEX award_current_first_purchase ON public.award_current USING btree (base_fen) WHERE (rule = 'first_purchase'::text);
CREATE INDEX award_current_named ON public.award_current USING gin (named);
CREATE INDEX award_current_subject ON public.award_current USING btree (subject, year);
CREATE INDEX award_version_first_purchase ON public.award_version USING btree (base_fen) WHERE (rule = 'first_purchase'::text);
CREATE INDEX award_version_recorded_at ON public.award_version USING btree (award_id, recorded_at, version);
CREATE INDEX decision_subject ON public.decision USING btree (subject, year);
CREATE INDEX decision_year ON public.decision USING btree (year, rule);
CREATE INDEX eligibility_subject ON public.eligibility USING btree (subject);
CREATE INDEX extract_expires ON public."extract" USING btree (expires_at) WHERE (state = 'ready'::text);
CREATE INDEX extract_unfinished ON public."extract" USING btree (requested_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX fact_current_about ON public.fact_current USING btree (about);
CREATE INDEX fact_recorded_at ON public.fact USING btree (topic, key, recorded_at);
CREATE INDEX hold_award ON public.hold USING btree (award_id);
CREATE INDEX ledger_entry_account ON public.ledger_entry USING btree (account, seq) INCLUDE (debit_fen, credit_fen);
CREATE INDEX ledger_transaction_award ON public.ledger_transaction USING btree (award_id, seq);
CREATE INDEX ledger_transaction_of_no_award ON public.ledger_transaction USING btree (seq) WHERE (award_id IS NULL);
CREATE INDEX ledger_transaction_posted_at ON public.ledger_transaction USING btree (posted_at, seq);
CREATE INDEX ledger_transaction_subject ON public.ledger_transaction USING btree (subject, seq);
CREATE INDEX ledger_transaction_subject_before ON public.ledger_transaction USING btree (subject_before, seq) WHERE (subject_before IS NOT NULL);
CREATE INDEX other_grant_subject ON public.other_grant USING btree (subject, year);
CREATE INDEX page_session_expires ON public.page_session USING btree (expires_at);
CREATE INDEX related_party_other ON public.related_party USING btree (other);
CREATE INDEX related_party_subject ON public.related_party USING btree (subject);
CREATE TRIGGER act_recorded AFTER INSERT ON public.act FOR EACH ROW EXECUTE FUNCTION public.act_recorded();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.act FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.award_version FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.decision FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.eligibility FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.extract_access FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.fact FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.hold FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.hold_release FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_settings FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_transaction FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.log_stays();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log_hash FOR EACH STATEMENT EXECUTE FUNCTION public.log_stays();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log_key FOR EACH STATEMENT EXECUTE FUNCTION public.log_stays();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.other_grant FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.related_party FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.suspension FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER award_recorded AFTER INSERT ON public.award_version REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.award_recorded();
CREATE TRIGGER decision_recorded AFTER INSERT ON public.decision FOR EACH ROW EXECUTE FUNCTION public.decision_recorded();
CREATE TRIGGER fact_recorded AFTER INSERT ON public.fact REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.fact_recorded();
CREATE CONSTRAINT TRIGGER ledger_decided_by AFTER INSERT ON public.ledger_transaction DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.decision_id IS NOT NULL)) EXECUTE FUNCTION public.ledger_decided_by();
CREATE TRIGGER ledger_entered AFTER INSERT ON public.ledger_entry REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_entered();
CREATE TRIGGER ledger_posted AFTER INSERT ON public.ledger_transaction REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_posted();
CREATE TRIGGER log_checkpoint_follows BEFORE INSERT ON public.log_checkpoint FOR EACH ROW EXECUTE FUNCTION public.log_checkpoint_follows();
CREATE TRIGGER log_hash_follows BEFORE INSERT ON public.log_hash FOR EACH ROW EXECUTE FUNCTION public.log_hash_follows();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON public.act DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON public.fact DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.topic = 'declared'::text)) EXECUTE FUNCTION public.log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON public.ledger_settings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT OR UPDATE ON public."position" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.log_is_whole();
CREATE TRIGGER settings_recorded AFTER INSERT ON public.ledger_settings FOR EACH ROW EXECUTE FUNCTION public.settings_recorded();
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE ONLY public.eligibility
    ADD CONSTRAINT eligibility_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE ONLY public.extract_piece
    ADD CONSTRAINT extract_piece_extract_id_fkey FOREIGN KEY (extract_id) REFERENCES public."extract"(id);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE ONLY public.hold_release
    ADD CONSTRAINT hold_release_hold_id_fkey FOREIGN KEY (hold_id) REFERENCES public.act(id);
ALTER TABLE ONLY public.hold_release
    ADD CONSTRAINT hold_release_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE ONLY public.log_checkpoint
    ADD CONSTRAINT log_checkpoint_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.log_key(id);
ALTER TABLE ONLY public.log_cosignature
    ADD CONSTRAINT log_cosignature_checkpoint_id_fkey FOREIGN KEY (checkpoint_id) REFERENCES public.log_checkpoint(id);
ALTER TABLE ONLY public.other_grant
    ADD CONSTRAINT other_grant_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE ONLY public.related_party
    ADD CONSTRAINT related_party_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE ONLY public.suspension
    ADD CONSTRAINT suspension_id_fkey FOREIGN KEY (id) REFERENCES public.act(id);
ALTER TABLE public.act ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.award_current ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.award_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.eligibility ENABLE ROW LEVEL SECURITY;
ALTER TABLE public."extract" ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.extract_piece ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.fact ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.fact_current ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.hold_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.known_to ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ledger_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ledger_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ledger_transaction ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_cosignature ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_hash ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.suspension ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON public.act FOR SELECT TO {viewer} USING (
CASE kind
    WHEN 'decision'::text THEN (EXISTS ( SELECT
       FROM public.decision s
      WHERE (s.id = act.id)))
    WHEN 'hold'::text THEN (EXISTS ( SELECT
       FROM public.hold s
      WHERE (s.id = act.id)))
    WHEN 'release'::text THEN (EXISTS ( SELECT
       FROM public.hold_release s
      WHERE (s.id = act.id)))
    WHEN 'eligibility'::text THEN (EXISTS ( SELECT
       FROM public.eligibility s
      WHERE (s.id = act.id)))
    WHEN 'suspension'::text THEN true
    ELSE false
END);
CREATE POLICY viewer ON public.award_current FOR SELECT TO {viewer} USING ((named @> (ARRAY[current_setting('jiangbu.viewer'::text, true)] COLLATE "C")));
CREATE POLICY viewer ON public.award_version FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public.award_current s
  WHERE (s.award_id = award_version.award_id))));
CREATE POLICY viewer ON public.decision FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public.award_current s
  WHERE (s.award_id = decision.award_id))));
CREATE POLICY viewer ON public.eligibility FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public.known_to k
  WHERE ((k.exchange = current_setting('jiangbu.viewer'::text, true)) AND (k.about = eligibility.subject)))));
CREATE POLICY viewer ON public."extract" FOR SELECT TO {viewer} USING ((role = concat('exchange:', current_setting('jiangbu.viewer'::text, true))));
CREATE POLICY viewer ON public.extract_piece FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public."extract" s
  WHERE (s.id = extract_piece.extract_id))));
CREATE POLICY viewer ON public.fact FOR SELECT TO {viewer} USING (((topic <> 'facts.sign.v1'::text) AND (EXISTS ( SELECT
   FROM public.known_to k
  WHERE ((k.exchange = current_setting('jiangbu.viewer'::text, true)) AND (k.about = fact.about))))));
CREATE POLICY viewer ON public.fact_current FOR SELECT TO {viewer} USING (((topic <> 'facts.sign.v1'::text) AND (EXISTS ( SELECT
   FROM public.known_to k
  WHERE ((k.exchange = current_setting('jiangbu.viewer'::text, true)) AND (k.about = fact_current.about))))));
CREATE POLICY viewer ON public.hold FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public.award_current s
  WHERE (s.award_id = hold.award_id))));
CREATE POLICY viewer ON public.hold_release FOR SELECT TO {viewer} USING (((EXISTS ( SELECT
   FROM public.hold s
  WHERE (s.id = hold_release.hold_id))) OR (EXISTS ( SELECT
   FROM public.suspension s
  WHERE (s.id = hold_release.hold_id)))));
CREATE POLICY viewer ON public.known_to FOR SELECT TO {viewer} USING ((exchange = current_setting('jiangbu.viewer'::text, true)));
CREATE POLICY viewer ON public.ledger_entry FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public.ledger_transaction s
  WHERE (s.seq = ledger_entry.seq))));
CREATE POLICY viewer ON public.ledger_settings FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.ledger_transaction FOR SELECT TO {viewer} USING ((EXISTS ( SELECT
   FROM public.award_version v
  WHERE ((v.award_id = ledger_transaction.award_id) AND (v.exchanges = (ARRAY[current_setting('jiangbu.viewer'::text, true)] COLLATE "C")))
 OFFSET 0)));
CREATE POLICY viewer ON public.log_checkpoint FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.log_cosignature FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.log_hash FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.log_key FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.suspension FOR SELECT TO {viewer} USING (true);
GRANT SELECT,INSERT ON TABLE public.act TO {role};
GRANT SELECT ON TABLE public.act TO {viewer};
GRANT SELECT ON TABLE public.alembic_version TO {role};
GRANT SELECT ON TABLE public.award_current TO {role};
GRANT SELECT ON TABLE public.award_current TO {viewer};
GRANT SELECT,INSERT ON TABLE public.award_version TO {role};
GRANT SELECT ON TABLE public.award_version TO {viewer};
GRANT SELECT,INSERT ON TABLE public.decision TO {role};
GRANT SELECT ON TABLE public.decision TO {viewer};
GRANT SELECT,INSERT ON TABLE public.eligibility TO {role};
GRANT SELECT(id) ON TABLE public.eligibility TO {viewer};
GRANT SELECT(subject) ON TABLE public.eligibility TO {viewer};
GRANT SELECT(status) ON TABLE public.eligibility TO {viewer};
GRANT SELECT(from_at) ON TABLE public.eligibility TO {viewer};
GRANT SELECT(until_at) ON TABLE public.eligibility TO {viewer};
GRANT SELECT,INSERT,UPDATE ON TABLE public."extract" TO {role};
GRANT SELECT ON TABLE public."extract" TO {viewer};
GRANT SELECT,INSERT ON TABLE public.extract_access TO {role};
GRANT SELECT,INSERT,DELETE ON TABLE public.extract_piece TO {role};
GRANT SELECT ON TABLE public.extract_piece TO {viewer};
GRANT SELECT,INSERT ON TABLE public.fact TO {role};
GRANT SELECT ON TABLE public.fact TO {viewer};
GRANT SELECT ON TABLE public.fact_current TO {role};
GRANT SELECT ON TABLE public.fact_current TO {viewer};
GRANT SELECT,INSERT ON TABLE public.hold TO {role};
GRANT SELECT ON TABLE public.hold TO {viewer};
GRANT SELECT,INSERT ON TABLE public.hold_release TO {role};
GRANT SELECT ON TABLE public.hold_release TO {viewer};
GRANT SELECT ON TABLE public.known_to TO {role};
GRANT SELECT ON TABLE public.known_to TO {viewer};
GRANT SELECT,INSERT ON TABLE public.ledger_entry TO {role};
GRANT SELECT ON TABLE public.ledger_entry TO {viewer};
GRANT SELECT,INSERT ON TABLE public.ledger_settings TO {role};
GRANT SELECT ON TABLE public.ledger_settings TO {viewer};
GRANT SELECT,INSERT ON TABLE public.ledger_transaction TO {role};
GRANT SELECT ON TABLE public.ledger_transaction TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_checkpoint TO {role};
GRANT SELECT ON TABLE public.log_checkpoint TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_cosignature TO {role};
GRANT SELECT ON TABLE public.log_cosignature TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_hash TO {role};
GRANT SELECT ON TABLE public.log_hash TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_key TO {role};
GRANT SELECT ON TABLE public.log_key TO {viewer};
GRANT SELECT,INSERT ON TABLE public.other_grant TO {role};
GRANT SELECT,INSERT,DELETE ON TABLE public.page_session TO {role};
GRANT SELECT,INSERT,UPDATE ON TABLE public."position" TO {role};
GRANT SELECT,INSERT ON TABLE public.related_party TO {role};
GRANT SELECT,INSERT ON TABLE public.suspension TO {role};
GRANT SELECT(id) ON TABLE public.suspension TO {viewer};
GRANT SELECT(rule) ON TABLE public.suspension TO {viewer};
GRANT SELECT(from_at) ON TABLE public.suspension TO {viewer};
GRANT SELECT(until_at) ON TABLE public.suspension TO {viewer};
GRANT SELECT,INSERT,UPDATE ON TABLE public.worker_run TO {role};
