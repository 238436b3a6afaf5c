"""What persons of the bureau decide: steps with awards, holds, eligibility, suspensions, grants of other policies.

Each is an *act*, which has a transaction of its own in the ledger, and so an entry in its log. The tables are
append-only like all that is recorded; what must never happen with money is refused here once more.
"""

from shared.postgres.migrate import execute_all

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# An act may be about a subject, or about a rule, and then it is of no award.
LEDGER = """
ALTER TABLE ledger_transaction
    ALTER award_id DROP NOT NULL, ALTER subject DROP NOT NULL, ALTER year DROP NOT NULL,
    ADD CONSTRAINT ledger_of_an_award
        CHECK (kind = 'decision' OR (award_id IS NOT NULL AND subject IS NOT NULL AND year IS NOT NULL));
CREATE INDEX ledger_transaction_of_no_award ON ledger_transaction (seq) WHERE award_id IS NULL;
"""

ACTS = """
CREATE TABLE act (
    id              text COLLATE "C" PRIMARY KEY,
    kind            text COLLATE "C" NOT NULL
                    CHECK (kind IN ('decision', 'hold', 'release', 'eligibility', 'suspension', 'other_grant')),
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
"""

CHECKS = """
CREATE FUNCTION act_recorded() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM ledger_transaction t
    WHERE t.seq = NEW.seq AND t.decision_id = NEW.id AND t.posted_at = NEW.recorded_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction %% is not of act %%', NEW.seq, NEW.id
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
        RAISE EXCEPTION 'nobody decided transaction %%', NEW.seq
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
        RAISE EXCEPTION 'step %% of %% does not follow the one before', NEW.number, NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_follows';
    END IF;
    SELECT a.person INTO other FROM decision d JOIN act a USING (id)
    WHERE d.award_id = NEW.award_id AND d.number < NEW.number
      AND d.action = CASE NEW.action WHEN 'joint_review' THEN 'review' WHEN 'approve' THEN 'publish' END
    ORDER BY d.number DESC LIMIT 1;
    IF other = who THEN
        RAISE EXCEPTION '%% of %% needs another person', NEW.action, NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_four_eyes';
    END IF;
    SELECT coalesce(sum(amount_fen) FILTER (WHERE action = 'approve'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE action = 'pay'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE action = 'return'), 0)
    INTO approved, paid, returned FROM decision WHERE award_id = NEW.award_id;
    IF paid > approved OR returned > approved THEN
        RAISE EXCEPTION 'more would be paid or returned of %% than was approved', NEW.award_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_within_approved';
    END IF;
    PERFORM 1 FROM act a JOIN ledger_transaction t USING (seq)
    WHERE a.id = NEW.id AND t.award_id = NEW.award_id AND t.amount_fen = NEW.amount_fen AND t.subject = NEW.subject
      AND t.year = NEW.year AND t.kind = CASE NEW.action WHEN 'approve' THEN 'approval' WHEN 'pay' THEN 'payment'
          WHEN 'return' THEN 'return' ELSE 'decision' END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'what is posted is not decision %%', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_is_posted';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER decision_recorded AFTER INSERT ON decision FOR EACH ROW EXECUTE FUNCTION decision_recorded();

CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON act DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_is_whole();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER INSERT ON fact DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.topic = 'declared') EXECUTE FUNCTION log_is_whole();
"""

TABLES = ("act", "decision", "hold", "suspension", "hold_release", "eligibility", "other_grant")


def upgrade() -> None:
    execute_all((LEDGER, ACTS, CHECKS))
    execute_all(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in TABLES
    )
    execute_all((f"GRANT SELECT, INSERT ON {', '.join(TABLES)} TO {{role}}",))
