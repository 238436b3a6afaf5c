-- Facts, awards, the ledger, the bureau's acts, extracts and page sessions, and what PostgreSQL enforces of them.
--
-- The tables belong to the role that migrates. The service's role may read all, insert where the service writes, and
-- change little else; triggers with the owner's rights write the projections. Triggers refuse changes to the owner as
-- well: only who disables them on purpose can change a posted row.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$;

-- Facts: every applied version of each, and the newest of each key.

CREATE TABLE fact (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    about        text COLLATE "C" NOT NULL, -- whose awards follow from it: `<scheme>:<id>` or `exchange/<id>`
    generation   bigint NOT NULL CHECK (generation >= 1),
    seq          bigint NOT NULL CHECK (seq >= 0),
    value        bytea NOT NULL,
    partition    integer NOT NULL,
    "offset"     bigint NOT NULL,
    received_at  timestamptz NOT NULL, -- the record's timestamp in Kafka
    recorded_at  timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    CONSTRAINT fact_version UNIQUE (topic, key, generation, seq)
);
CREATE INDEX fact_recorded_at ON fact (topic, key, recorded_at);

CREATE TABLE fact_current (
    topic        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    about        text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    seq          bigint NOT NULL,
    fact_id      bigint NOT NULL, -- written by the trigger below alone
    PRIMARY KEY (topic, key)
);
CREATE INDEX fact_current_about ON fact_current (about);

-- The subjects that an exchange may see, for ever: those that any fact names with it, and whoever operated it.
CREATE TABLE known_to (
    exchange  text COLLATE "C" NOT NULL,
    about     text COLLATE "C" NOT NULL,
    PRIMARY KEY (exchange, about)
);

CREATE FUNCTION fact_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER fact_recorded AFTER INSERT ON fact
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION fact_recorded();

-- Awards: every version, and the newest of each.

CREATE TABLE award_version (
    award_id         text COLLATE "C" NOT NULL,
    version          integer NOT NULL CHECK (version >= 0),
    recorded_at      timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    about            text COLLATE "C" NOT NULL,
    rule             text COLLATE "C" NOT NULL,
    article          text NOT NULL,
    policy_id        text COLLATE "C" NOT NULL,
    policy_revision  integer NOT NULL,
    subject          text COLLATE "C" NOT NULL,
    subject_name     text NOT NULL,
    exchange         text COLLATE "C",
    year             smallint NOT NULL,
    base_fen         bigint NOT NULL CHECK (base_fen >= 0),
    rate             numeric CHECK (rate > 0),
    cap_fen          bigint CHECK (cap_fen >= 0),
    ceiling_fen      bigint NOT NULL CHECK (ceiling_fen >= 0),
    payable_fen      bigint NOT NULL CHECK (payable_fen BETWEEN 0 AND ceiling_fen),
    suppressed_by    text COLLATE "C",
    flags            text[] NOT NULL,
    evidence         jsonb NOT NULL,
    exchanges        text[] COLLATE "C" NOT NULL,
    CHECK (suppressed_by IS NULL OR (payable_fen = 0 AND suppressed_by <> award_id)),
    CONSTRAINT award_once_over_zero CHECK (version > 0 OR ceiling_fen > 0),
    PRIMARY KEY (award_id, version)
);
CREATE INDEX award_version_recorded_at ON award_version (award_id, recorded_at, version);
CREATE INDEX award_version_first_purchase ON award_version (base_fen) WHERE rule = 'first_purchase';

CREATE TABLE award_current (
    award_id         text COLLATE "C" NOT NULL,
    version          integer NOT NULL CHECK (version >= 0),
    recorded_at      timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    about            text COLLATE "C" NOT NULL,
    rule             text COLLATE "C" NOT NULL,
    article          text NOT NULL,
    policy_id        text COLLATE "C" NOT NULL,
    policy_revision  integer NOT NULL,
    subject          text COLLATE "C" NOT NULL,
    subject_name     text NOT NULL,
    exchange         text COLLATE "C",
    year             smallint NOT NULL,
    base_fen         bigint NOT NULL CHECK (base_fen >= 0),
    rate             numeric CHECK (rate > 0),
    cap_fen          bigint CHECK (cap_fen >= 0),
    ceiling_fen      bigint NOT NULL CHECK (ceiling_fen >= 0),
    payable_fen      bigint NOT NULL CHECK (payable_fen BETWEEN 0 AND ceiling_fen),
    suppressed_by    text COLLATE "C",
    flags            text[] NOT NULL,
    evidence         jsonb NOT NULL,
    exchanges        text[] COLLATE "C" NOT NULL,
    named            text[] COLLATE "C" NOT NULL, -- every exchange that the evidence of any version names
    CHECK (suppressed_by IS NULL OR (payable_fen = 0 AND suppressed_by <> award_id)),
    CONSTRAINT award_once_over_zero CHECK (version > 0 OR ceiling_fen > 0),
    PRIMARY KEY (award_id)
);
CREATE INDEX award_current_about ON award_current (about);
CREATE INDEX award_current_subject ON award_current (subject, year);
CREATE INDEX award_current_exchange ON award_current (exchange, award_id);
CREATE INDEX award_current_named ON award_current USING gin (named);
CREATE INDEX award_current_first_purchase ON award_current (base_fen) WHERE rule = 'first_purchase';

CREATE FUNCTION award_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER award_recorded AFTER INSERT ON award_version
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION award_recorded();

-- The ledger: double entry, append-only.

CREATE TABLE ledger_transaction (
    seq              bigint PRIMARY KEY CHECK (seq >= 0),
    posted_at        timestamptz NOT NULL CHECK (isfinite(posted_at)),
    kind             text COLLATE "C" NOT NULL
                     CHECK (kind IN ('entitlement', 'approval', 'payment', 'return', 'decision')),
    award_id         text COLLATE "C", -- null for an act about a subject or a rule
    amount_fen       bigint NOT NULL,
    entries          smallint NOT NULL,
    subject          text COLLATE "C",
    year             smallint,
    subject_before   text COLLATE "C", -- if an award moves, from where: the filters find the move under both
    year_before      smallint,
    policy_id        text COLLATE "C" NOT NULL,
    policy_revision  integer NOT NULL,
    article          text NOT NULL,
    cause            jsonb NOT NULL CHECK (cause ? 'text' AND cause ? 'facts'),
    decision_id      text COLLATE "C",
    decision_sha256  text,
    CONSTRAINT ledger_decision_posts_nothing
        CHECK (CASE WHEN kind = 'decision' THEN entries = 0 AND amount_fen = 0 ELSE entries >= 2 END),
    CONSTRAINT ledger_amount_sign CHECK (kind IN ('entitlement', 'decision') OR amount_fen > 0),
    CONSTRAINT ledger_decided
        CHECK ((kind = 'entitlement') = (decision_id IS NULL) AND (decision_id IS NULL) = (decision_sha256 IS NULL)),
    CONSTRAINT ledger_moved CHECK (kind = 'entitlement' OR (subject_before IS NULL AND year_before IS NULL)),
    CONSTRAINT ledger_of_an_award
        CHECK (kind = 'decision' OR (award_id IS NOT NULL AND subject IS NOT NULL AND year IS NOT NULL))
);
CREATE INDEX ledger_transaction_posted_at ON ledger_transaction (posted_at, seq);
CREATE INDEX ledger_transaction_award ON ledger_transaction (award_id, seq);
CREATE INDEX ledger_transaction_subject ON ledger_transaction (subject, seq);
CREATE INDEX ledger_transaction_subject_before ON ledger_transaction (subject_before, seq)
    WHERE subject_before IS NOT NULL;
CREATE INDEX ledger_transaction_of_no_award ON ledger_transaction (seq) WHERE award_id IS NULL;

CREATE TABLE ledger_entry (
    seq         bigint NOT NULL, -- of a transaction: ledger_entered() checks a whole statement, a foreign key each row
    line        smallint NOT NULL CHECK (line >= 0),
    account     text COLLATE "C" NOT NULL,
    debit_fen   bigint NOT NULL CHECK (debit_fen >= 0),
    credit_fen  bigint NOT NULL CHECK (credit_fen >= 0),
    PRIMARY KEY (seq, line),
    CONSTRAINT ledger_entry_one_side CHECK ((debit_fen > 0) <> (credit_fen > 0))
);
CREATE INDEX ledger_entry_account ON ledger_entry (account, seq) INCLUDE (debit_fen, credit_fen);

-- A transaction and its entries are inserted by one statement; these triggers see both at its end.
CREATE TRIGGER ledger_posted AFTER INSERT ON ledger_transaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_posted();
CREATE FUNCTION ledger_entered() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
    IF FOUND THEN
        RAISE EXCEPTION 'account % would be below zero', overdrawn
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_not_below_zero';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entered AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_entered();

-- Policy, whitelist and registers in force from transaction `from_seq` on.
CREATE TABLE ledger_settings (
    id                integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_seq          bigint NOT NULL CHECK (from_seq >= 0),
    recorded_at       timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    policy_id         text COLLATE "C" NOT NULL,
    policy_revision   integer NOT NULL,
    policy_digest     text NOT NULL,
    policy_source     text NOT NULL, -- the file itself, for as-of answers and extracts
    whitelist_digest  text NOT NULL,
    whitelist         jsonb NOT NULL, -- canonical form of exchanges.yaml
    registers         text[] COLLATE "C" -- whose facts count; null for all that publish
);
CREATE FUNCTION operators_listed(whitelist jsonb) RETURNS TABLE (exchange text, about text) LANGUAGE sql STABLE AS $$
    SELECT e ->> 'id', concat('uscc:', o ->> 'uscc')
    FROM jsonb_array_elements(whitelist -> 'exchanges') e, jsonb_array_elements(e -> 'operators') o
$$;
CREATE FUNCTION settings_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO known_to SELECT exchange, about FROM operators_listed(NEW.whitelist) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER settings_recorded AFTER INSERT ON ledger_settings
    FOR EACH ROW EXECUTE FUNCTION settings_recorded();

-- Acts of the bureau. Each has a transaction of its own in the ledger, and so an entry in the log.

CREATE TABLE act (
    id              text COLLATE "C" PRIMARY KEY,
    kind            text COLLATE "C" NOT NULL
                    CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant',
                                    'related_party')),
    seq             bigint NOT NULL UNIQUE, -- of a transaction that names it: act_recorded() sees to that
    recorded_at     timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    person          text NOT NULL CHECK (person <> ''),
    request_key     text COLLATE "C",
    request_sha256  text NOT NULL,
    CONSTRAINT act_once UNIQUE (person, request_key)
);

CREATE TABLE decision (
    id            text COLLATE "C" PRIMARY KEY REFERENCES act,
    award_id      text COLLATE "C" NOT NULL,
    number        integer NOT NULL CHECK (number >= 0),
    action        text COLLATE "C" NOT NULL,
    from_state    text COLLATE "C" NOT NULL,
    to_state      text COLLATE "C" NOT NULL,
    amount_fen    bigint NOT NULL,
    rule          text COLLATE "C" NOT NULL,
    subject       text COLLATE "C" NOT NULL, -- with the year: whose accounts and which budget it is posted on
    year          smallint NOT NULL,
    reason        text,
    documents     jsonb NOT NULL,
    until         timestamptz CHECK (isfinite(until)),
    voucher_no    text,
    paid_on       date CHECK (isfinite(paid_on)),
    CONSTRAINT decision_one_after_the_other UNIQUE (award_id, number),
    CONSTRAINT decision_step CHECK (CASE action
        WHEN 'apply' THEN from_state IN ('estimated', 'approved', 'paid') AND to_state = 'applied'
        WHEN 'list' THEN from_state IN ('estimated', 'approved', 'paid') AND to_state = 'applied'
        WHEN 'review' THEN from_state = 'applied' AND to_state = 'reviewed'
        WHEN 'joint_review' THEN from_state = 'reviewed' AND to_state = 'joint_reviewed'
        WHEN 'publish' THEN from_state = 'joint_reviewed' AND to_state = 'published'
        WHEN 'approve' THEN from_state = 'published' AND to_state = 'approved'
        WHEN 'pay' THEN from_state IN ('approved', 'estimated') AND to_state = 'paid'
        WHEN 'reject' THEN from_state IN ('estimated', 'applied', 'reviewed', 'joint_reviewed', 'published')
            AND to_state = 'rejected'
        WHEN 'reopen' THEN from_state = 'rejected' AND to_state = 'estimated'
        WHEN 'return' THEN from_state = to_state
        ELSE false END),
    CONSTRAINT decision_amount CHECK (CASE WHEN action IN ('approve', 'pay', 'return') THEN amount_fen > 0
        ELSE amount_fen = 0 END),
    CONSTRAINT decision_needs CHECK (
        (action = 'publish') = (until IS NOT NULL)
        AND (action = 'pay') = (voucher_no IS NOT NULL) AND (action = 'pay') = (paid_on IS NOT NULL)
        AND (action NOT IN ('reject', 'reopen', 'return') OR reason IS NOT NULL))
);
CREATE INDEX decision_subject ON decision (subject, year);
CREATE INDEX decision_year ON decision (year, rule);

CREATE TABLE hold (
    id        text COLLATE "C" PRIMARY KEY REFERENCES act,
    award_id  text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL CHECK (kind IN ('manual', 'objection')),
    reason    text NOT NULL
);
CREATE INDEX hold_award ON hold (award_id);

CREATE TABLE suspension (
    id        text COLLATE "C" PRIMARY KEY REFERENCES act,
    rule      text COLLATE "C" NOT NULL,
    from_at   timestamptz NOT NULL,
    until_at  timestamptz,
    reason    text NOT NULL,
    CONSTRAINT suspension_period CHECK (until_at > from_at)
);

-- Of a hold, or of a suspension.
CREATE TABLE hold_release (
    id       text COLLATE "C" PRIMARY KEY REFERENCES act,
    hold_id  text COLLATE "C" NOT NULL REFERENCES act,
    reason   text,
    CONSTRAINT hold_released_once UNIQUE (hold_id)
);

CREATE TABLE eligibility (
    id              text COLLATE "C" PRIMARY KEY REFERENCES act,
    subject         text COLLATE "C" NOT NULL,
    status          text COLLATE "C" NOT NULL CHECK (status IN ('verified', 'failed')),
    from_at         timestamptz,
    until_at        timestamptz,
    kind_of_entity  text,
    criteria        jsonb NOT NULL,
    documents       jsonb NOT NULL,
    CONSTRAINT eligibility_period CHECK (until_at > from_at)
);
CREATE INDEX eligibility_subject ON eligibility (subject);

-- Of one name the last counts; with an amount of zero there is none.
CREATE TABLE other_grant (
    id          text COLLATE "C" PRIMARY KEY REFERENCES act,
    subject     text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    year        smallint NOT NULL,
    amount_fen  bigint NOT NULL CHECK (amount_fen >= 0),
    documents   jsonb NOT NULL
);
CREATE INDEX other_grant_subject ON other_grant (subject, year);

-- Of two the last entry counts.
CREATE TABLE related_party (
    id         text COLLATE "C" PRIMARY KEY REFERENCES act,
    subject    text COLLATE "C" NOT NULL,
    other      text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL CHECK (status IN ('related', 'unrelated')),
    reason     text NOT NULL,
    documents  jsonb NOT NULL,
    CONSTRAINT related_party_two CHECK (subject < other)
);
CREATE INDEX related_party_subject ON related_party (subject);
CREATE INDEX related_party_other ON related_party (other);

CREATE FUNCTION act_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM ledger_transaction t
    WHERE t.seq = NEW.seq AND t.decision_id = NEW.id AND t.posted_at = NEW.recorded_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % is not of act %', NEW.seq, NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'act_has_its_transaction';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER act_recorded AFTER INSERT ON act FOR EACH ROW EXECUTE FUNCTION act_recorded();

-- What a person is said to have decided is an act, or a declaration, by the end of the database transaction. A foreign
-- key would look at every posting, and those of facts are many.
CREATE FUNCTION ledger_decided_by() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE CONSTRAINT TRIGGER ledger_decided_by AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.decision_id IS NOT NULL) EXECUTE FUNCTION ledger_decided_by();

CREATE FUNCTION decision_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER decision_recorded AFTER INSERT ON decision FOR EACH ROW EXECUTE FUNCTION decision_recorded();

-- Extracts: jobs, what was made, and who asked for and took what.

CREATE TABLE extract (
    id            text COLLATE "C" PRIMARY KEY,
    requested_by  text NOT NULL,
    role          text COLLATE "C" NOT NULL,
    request       jsonb NOT NULL,
    log_size      bigint NOT NULL CHECK (log_size >= 0), -- of the ledger, when it was asked for
    state         text COLLATE "C" NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
    progress      real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    attempts      integer NOT NULL DEFAULT 0,
    reason        text,
    requested_at  timestamptz NOT NULL,
    finished_at   timestamptz,
    expires_at    timestamptz,
    bytes         bigint,
    sha256        text,
    CHECK ((state = 'ready') <= (bytes IS NOT NULL AND sha256 IS NOT NULL AND expires_at IS NOT NULL))
);
CREATE INDEX extract_unfinished ON extract (requested_at) WHERE state IN ('queued', 'running');
CREATE INDEX extract_expires ON extract (expires_at) WHERE state = 'ready';

CREATE TABLE extract_piece (
    extract_id  text COLLATE "C" NOT NULL REFERENCES extract,
    number      integer NOT NULL CHECK (number >= 0),
    content     bytea NOT NULL,
    PRIMARY KEY (extract_id, number)
);
-- The content is deflated already.
ALTER TABLE extract_piece ALTER content SET STORAGE EXTERNAL;

CREATE TABLE extract_access (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    extract_id  text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    who         text,
    role        text COLLATE "C",
    action      text COLLATE "C" NOT NULL
                CHECK (action IN ('requested', 'downloaded', 'cancelled', 'removed', 'expired'))
);

-- Who is signed in to the pages. The token is kept as its SHA-256 alone: reading the table gives no access.

CREATE TABLE page_session (
    token_sha256  text COLLATE "C" PRIMARY KEY,
    who           text NOT NULL,
    role          text COLLATE "C" NOT NULL,
    key_sha256    text COLLATE "C" NOT NULL, -- of the key that signed in; empty after single sign-on
    begun_at      timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > begun_at)
);
CREATE INDEX page_session_expires ON page_session (expires_at);

-- Append-only tables.

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fact
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON award_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_settings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hold
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON suspension
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hold_release
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eligibility
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON other_grant
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON related_party
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON extract_access
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Nothing is committed that is posted and not in the log. A posting comes with a move of positions, with settings,
-- with an act, or with a declaration.
CREATE FUNCTION log_is_whole() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT OR UPDATE ON position DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON ledger_settings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON act DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON fact DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.topic = 'declared') EXECUTE FUNCTION log_is_whole();

-- The service's role.

GRANT SELECT, INSERT ON fact, award_version, ledger_transaction, ledger_entry, ledger_settings, act, decision, hold,
    suspension, hold_release, eligibility, other_grant, related_party, extract_access TO {role};
GRANT SELECT ON fact_current, award_current, known_to TO {role};
GRANT SELECT, INSERT, UPDATE ON extract TO {role};
GRANT SELECT, INSERT, DELETE ON extract_piece, page_session TO {role};

-- Row-level security: what an exchange's key reads. A past answer must stay what it was: what an exchange could see
-- once it is shown for ever, and queries say which version counts when.

ALTER TABLE known_to ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact_current ENABLE ROW LEVEL SECURITY;
ALTER TABLE fact ENABLE ROW LEVEL SECURITY;
ALTER TABLE award_current ENABLE ROW LEVEL SECURITY;
ALTER TABLE award_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_transaction ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE suspension ENABLE ROW LEVEL SECURITY;
ALTER TABLE hold_release ENABLE ROW LEVEL SECURITY;
ALTER TABLE eligibility ENABLE ROW LEVEL SECURITY;
ALTER TABLE act ENABLE ROW LEVEL SECURITY;
ALTER TABLE extract ENABLE ROW LEVEL SECURITY;
ALTER TABLE extract_piece ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON known_to FOR SELECT TO {viewer} USING (exchange = current_setting('jiangbu.viewer', true));
CREATE POLICY viewer ON fact_current FOR SELECT TO {viewer} USING (topic <> 'facts.sign.v1' AND EXISTS (
    SELECT FROM known_to k
    WHERE k.exchange = current_setting('jiangbu.viewer', true) AND k.about = fact_current.about));
CREATE POLICY viewer ON fact FOR SELECT TO {viewer} USING (topic <> 'facts.sign.v1' AND EXISTS (
    SELECT FROM known_to k
    WHERE k.exchange = current_setting('jiangbu.viewer', true) AND k.about = fact.about));
CREATE POLICY viewer ON award_current FOR SELECT TO {viewer} USING (
    named @> ARRAY[current_setting('jiangbu.viewer', true)] COLLATE "C");
CREATE POLICY viewer ON award_version FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM award_current s WHERE s.award_id = award_version.award_id));
-- Postings of awards that at some time rested on the exchange's documents alone. OFFSET 0 makes PostgreSQL look up the
-- award of each posting; otherwise it collects all such awards first, for a page of fifty as well.
CREATE POLICY viewer ON ledger_transaction FOR SELECT TO {viewer} USING (EXISTS (
    SELECT FROM award_version v
    WHERE v.award_id = ledger_transaction.award_id
        AND v.exchanges = ARRAY[current_setting('jiangbu.viewer', true)] COLLATE "C" OFFSET 0));
CREATE POLICY viewer ON ledger_entry FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM ledger_transaction s WHERE s.seq = ledger_entry.seq));
CREATE POLICY viewer ON ledger_settings FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON decision FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM award_current s WHERE s.award_id = decision.award_id));
CREATE POLICY viewer ON hold FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM award_current s WHERE s.award_id = hold.award_id));
-- A suspension is of a rule, and so for every exchange; its reason is not shown.
CREATE POLICY viewer ON suspension FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON hold_release FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM hold s WHERE s.id = hold_release.hold_id)
    OR EXISTS (SELECT FROM suspension s WHERE s.id = hold_release.hold_id));
CREATE POLICY viewer ON eligibility FOR SELECT TO {viewer} USING (EXISTS (
    SELECT FROM known_to k
    WHERE k.exchange = current_setting('jiangbu.viewer', true) AND k.about = eligibility.subject));
CREATE POLICY viewer ON act FOR SELECT TO {viewer} USING (
    CASE kind WHEN 'decision' THEN EXISTS (SELECT FROM decision s WHERE s.id = act.id)
              WHEN 'hold' THEN EXISTS (SELECT FROM hold s WHERE s.id = act.id)
              WHEN 'release' THEN EXISTS (SELECT FROM hold_release s WHERE s.id = act.id)
              WHEN 'eligibility' THEN EXISTS (SELECT FROM eligibility s WHERE s.id = act.id)
              WHEN 'suspension' THEN true
              ELSE false END);
CREATE POLICY viewer ON extract FOR SELECT TO {viewer} USING (
    role = concat('exchange:', current_setting('jiangbu.viewer', true)));
CREATE POLICY viewer ON extract_piece FOR SELECT TO {viewer} USING (
    EXISTS (SELECT FROM extract s WHERE s.id = extract_piece.extract_id));
GRANT SELECT ON known_to, fact_current, fact, award_current, award_version, ledger_transaction, ledger_entry,
    ledger_settings, decision, hold, hold_release, act, extract, extract_piece TO {viewer};
GRANT SELECT (id, rule, from_at, until_at) ON suspension TO {viewer};
GRANT SELECT (id, subject, status, from_at, until_at) ON eligibility TO {viewer};

-- Every exchange learns whether its awards fit in the budget, and how long the ledger is. These functions say no more.

-- The last transaction before a number and up to an instant (null: whatever there is).
CREATE FUNCTION ledger_end(before bigint, as_of timestamptz) RETURNS TABLE (seq bigint, posted_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.seq, t.posted_at FROM ledger_transaction t
    WHERE t.seq < coalesce(before, 9223372036854775807) AND t.posted_at <= coalesce(as_of, 'infinity')
    ORDER BY t.seq DESC LIMIT 1
$$;
CREATE FUNCTION budget_posted(years smallint[], as_of timestamptz)
RETURNS TABLE (year smallint, rule text, approved_fen bigint, paid_fen bigint, returned_fen bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT d.year, d.rule, coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'approve'), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'pay'), 0)::bigint,
           coalesce(sum(d.amount_fen) FILTER (WHERE d.action = 'return'), 0)::bigint
    FROM decision d JOIN act a ON a.id = d.id
    WHERE d.year = ANY(years) AND d.amount_fen > 0 AND a.recorded_at <= coalesce(as_of, 'infinity')
    GROUP BY d.year, d.rule ORDER BY d.year, d.rule
$$;
