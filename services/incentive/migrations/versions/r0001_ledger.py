"""Facts, awards and the ledger, with what PostgreSQL itself refuses.

The tables belong to the role that migrates. The service's role may read all, insert where the service writes, and
update `position` alone; the two projections are written by triggers that run with the owner's rights. Triggers refuse
changes to the owner as well: only who disables them on purpose can change a posted row.

A percent sign is written twice here, as the driver asks for.
"""

from __future__ import annotations

from shared.kafka.positions import CREATE_POSITION
from shared.postgres.migrate import execute_all

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FACTS = """
CREATE TABLE fact (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    about        text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL CHECK (generation >= 1),
    seq          bigint NOT NULL CHECK (seq >= 0),
    value        bytea NOT NULL,
    partition    integer NOT NULL,
    "offset"     bigint NOT NULL,
    received_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    CONSTRAINT fact_version UNIQUE (topic, key, generation, seq)
);
CREATE TABLE fact_current (
    topic        text COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    about        text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    seq          bigint NOT NULL,
    fact_id      bigint NOT NULL, -- the trigger below alone writes it
    PRIMARY KEY (topic, key)
);
CREATE INDEX fact_current_about ON fact_current (about);
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
    RETURN NULL;
END $$;
CREATE TRIGGER fact_recorded AFTER INSERT ON fact
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION fact_recorded();
"""

AWARD_COLUMNS = """
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
    CONSTRAINT award_once_over_zero CHECK (version > 0 OR ceiling_fen > 0)
"""

AWARDS = f"""
CREATE TABLE award_version ({AWARD_COLUMNS}, PRIMARY KEY (award_id, version));
CREATE TABLE award_current ({AWARD_COLUMNS}, PRIMARY KEY (award_id));
CREATE INDEX award_current_about ON award_current (about);
CREATE INDEX award_current_subject ON award_current (subject, year);
CREATE INDEX award_current_exchange ON award_current (exchange, award_id);
CREATE INDEX award_current_exchanges ON award_current USING gin (exchanges);
CREATE FUNCTION award_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM added a LEFT JOIN award_current c USING (award_id)
    WHERE a.version <> coalesce(c.version, -1) + 1 OR a.recorded_at < c.recorded_at;
    IF FOUND THEN
        RAISE EXCEPTION 'versions of an award follow each other, and their time never falls'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'award_version_follows';
    END IF;
    INSERT INTO award_current SELECT * FROM added
    ON CONFLICT (award_id) DO UPDATE SET
        version = excluded.version, recorded_at = excluded.recorded_at, about = excluded.about, rule = excluded.rule,
        article = excluded.article, policy_id = excluded.policy_id, policy_revision = excluded.policy_revision,
        subject = excluded.subject, subject_name = excluded.subject_name, exchange = excluded.exchange,
        year = excluded.year, base_fen = excluded.base_fen, rate = excluded.rate, cap_fen = excluded.cap_fen,
        ceiling_fen = excluded.ceiling_fen, payable_fen = excluded.payable_fen,
        suppressed_by = excluded.suppressed_by, flags = excluded.flags, evidence = excluded.evidence,
        exchanges = excluded.exchanges;
    RETURN NULL;
END $$;
CREATE TRIGGER award_recorded AFTER INSERT ON award_version
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION award_recorded();
"""

LEDGER = """
CREATE TABLE ledger_transaction (
    seq              bigint PRIMARY KEY CHECK (seq >= 0),
    posted_at        timestamptz NOT NULL CHECK (isfinite(posted_at)),
    kind             text COLLATE "C" NOT NULL
                     CHECK (kind IN ('entitlement', 'approval', 'payment', 'return', 'decision')),
    award_id         text COLLATE "C" NOT NULL,
    amount_fen       bigint NOT NULL,
    entries          smallint NOT NULL,
    subject          text COLLATE "C" NOT NULL,
    year             smallint NOT NULL,
    subject_before   text COLLATE "C",
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
    CONSTRAINT ledger_moved CHECK (kind = 'entitlement' OR (subject_before IS NULL AND year_before IS NULL))
);
CREATE INDEX ledger_transaction_posted_at ON ledger_transaction (posted_at, seq);
CREATE INDEX ledger_transaction_award ON ledger_transaction (award_id, seq);
CREATE INDEX ledger_transaction_subject ON ledger_transaction (subject, seq);
CREATE INDEX ledger_transaction_subject_before ON ledger_transaction (subject_before, seq)
    WHERE subject_before IS NOT NULL;
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
CREATE FUNCTION ledger_posted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
        RAISE EXCEPTION 'seq has no gaps: %% .. %% was to follow', low, high
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_seq_without_gaps';
    END IF;
    SELECT a.seq INTO wrong FROM added a JOIN ledger_transaction b ON b.seq = a.seq - 1
    WHERE a.posted_at < b.posted_at LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'posted_at of transaction %% falls', wrong
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
        RAISE EXCEPTION 'transaction %% does not balance, or its amount is not what its entries say', wrong
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
        RAISE EXCEPTION 'transaction %% posts to an account that is not of its kind and award', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_accounts';
    END IF;
    RETURN NULL;
END $$;
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
        RAISE EXCEPTION 'transaction %% is posted, no entry can be added to it', wrong
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_entry_added';
    END IF;
    -- What was never posted cannot be taken back: only a debit can bring an entitlement below zero.
    SELECT a.account INTO overdrawn
    FROM (SELECT DISTINCT account FROM added WHERE debit_fen > 0 AND starts_with(account, 'entitlement:')) a
    WHERE (SELECT sum(e.credit_fen) < sum(e.debit_fen) FROM ledger_entry e WHERE e.account = a.account) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account %% would be below zero', overdrawn
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_not_below_zero';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entered AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_entered();

CREATE TABLE ledger_settings (
    id                integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_seq          bigint NOT NULL CHECK (from_seq >= 0),
    recorded_at       timestamptz NOT NULL CHECK (isfinite(recorded_at)),
    policy_id         text COLLATE "C" NOT NULL,
    policy_revision   integer NOT NULL,
    policy_digest     text NOT NULL,
    policy_source     text NOT NULL,
    whitelist_digest  text NOT NULL,
    whitelist         jsonb NOT NULL
);
"""

APPEND_ONLY = ("fact", "award_version", "ledger_transaction", "ledger_entry", "ledger_settings")
PROJECTIONS = ("fact_current", "award_current")

REFUSE_CHANGES = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%% on %% is refused: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$;
"""


def upgrade() -> None:
    """Create everything, then give the service's role what it needs."""
    execute_all((CREATE_POSITION, FACTS, AWARDS, LEDGER, REFUSE_CHANGES))
    execute_all(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    )
    execute_all(
        (
            f"GRANT SELECT, INSERT ON {', '.join(APPEND_ONLY)} TO {{role}}",
            f"GRANT SELECT ON {', '.join(PROJECTIONS)} TO {{role}}",
            "GRANT SELECT, INSERT, UPDATE ON position TO {role}",
            "GRANT SELECT ON alembic_version TO {role}",
        )
    )
