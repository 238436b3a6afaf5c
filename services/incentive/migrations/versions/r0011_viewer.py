"""What PostgreSQL shows to an exchange's key, and by what it knows which awards and subjects are that exchange's.

A past answer must stay what it was, so what was once an exchange's to see is shown to it for ever, and which version of
it stood when is the query's to say. Both marks are kept by triggers:

- `award_current.named`: every exchange that the evidence of any version names.
- `known_to`: the subjects that any fact names with an exchange, itself, and whoever ever operated it.

Of the budget every exchange learns whether its awards fit in, and of the ledger how long it is. Two functions say no
more than that, with the owner's rights.
"""

from shared.postgres.migrate import execute_all
from shared.postgres.row_security import EVERY_ROW, VIEWER, shown
from shared.translog.tables import SHOW_LOG_TABLES

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _known_by(facts: str) -> str:
    """Whom each of these facts names with which exchange, into the table. What signs are made of they do not say."""
    return f"""
    INSERT INTO known_to (exchange, about)
    WITH told AS MATERIALIZED (
        SELECT about, convert_from(value, 'UTF8')::jsonb AS v FROM {facts} WHERE topic <> 'facts.sign.v1'
    ), one AS (
        SELECT coalesce(v ->> 'exchange', v #>> '{{first,exchange}}') AS exchange, about FROM told
    )
    SELECT exchange, about FROM one WHERE exchange IS NOT NULL
    UNION
    SELECT jsonb_object_keys(v -> 'by_exchange'), about FROM told"""


KNOWN_TO = f"""
CREATE TABLE known_to (
    exchange  text COLLATE "C" NOT NULL,
    about     text COLLATE "C" NOT NULL,
    PRIMARY KEY (exchange, about)
);

CREATE FUNCTION operators_listed(whitelist jsonb) RETURNS TABLE (exchange text, about text) LANGUAGE sql STABLE AS $$
    SELECT e ->> 'id', concat('uscc:', o ->> 'uscc')
    FROM jsonb_array_elements(whitelist -> 'exchanges') e, jsonb_array_elements(e -> 'operators') o
$$;

CREATE OR REPLACE FUNCTION fact_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
    {_known_by("added")}
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION settings_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO known_to SELECT exchange, about FROM operators_listed(NEW.whitelist) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER settings_recorded AFTER INSERT ON ledger_settings
    FOR EACH ROW EXECUTE FUNCTION settings_recorded();
"""
# Of what was recorded before.
FILL_KNOWN_TO = f"""
{_known_by("fact")}
    UNION
    SELECT o.exchange, o.about FROM ledger_settings s, operators_listed(s.whitelist) o
"""

NAMED = """
ALTER TABLE award_current ADD COLUMN named text[] COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE award_current ALTER named DROP DEFAULT;
DROP INDEX award_current_exchanges;
CREATE INDEX award_current_named ON award_current USING gin (named);

CREATE OR REPLACE FUNCTION award_recorded() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
"""

FILL_NAMED = """
UPDATE award_current c SET named = v.named FROM (
    SELECT award_id, array_agg(DISTINCT e ORDER BY e) AS named FROM award_version, unnest(exchanges) AS e GROUP BY 1
) v WHERE v.award_id = c.award_id
"""

FUNCTIONS = """
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
"""


def _is_known(about: str) -> str:
    return f"EXISTS (SELECT FROM known_to k WHERE k.exchange = {VIEWER} AND k.about = {about})"


def _is_shown(table: str, column: str, value: str) -> str:
    """Whether there is such a row in a table that is shown by conditions of its own."""
    return f"EXISTS (SELECT FROM {table} s WHERE s.{column} = {value})"


# A suspension is of a rule, and so of every exchange; why is not told.
ACTS = """
    CASE kind WHEN 'decision' THEN EXISTS (SELECT FROM decision s WHERE s.id = act.id)
              WHEN 'hold' THEN EXISTS (SELECT FROM hold s WHERE s.id = act.id)
              WHEN 'release' THEN EXISTS (SELECT FROM hold_release s WHERE s.id = act.id)
              WHEN 'eligibility' THEN EXISTS (SELECT FROM eligibility s WHERE s.id = act.id)
              WHEN 'suspension' THEN true
              ELSE false END
"""
RELEASED = (
    f"{_is_shown('hold', 'id', 'hold_release.hold_id')} OR {_is_shown('suspension', 'id', 'hold_release.hold_id')}"
)
# Of awards that at some time rested on the viewer's documents alone. OFFSET 0 has PostgreSQL look at the award of each
# posting: without it, it would collect all such awards first, for a page of fifty as well.
POSTED = f"""
    EXISTS (SELECT FROM award_version v
            WHERE v.award_id = ledger_transaction.award_id AND v.exchanges = ARRAY[{VIEWER}] COLLATE "C" OFFSET 0)
"""
SHOWN = (
    *shown("known_to", f"exchange = {VIEWER}"),
    *shown("fact_current", f"topic <> 'facts.sign.v1' AND {_is_known('fact_current.about')}"),
    *shown("fact", f"topic <> 'facts.sign.v1' AND {_is_known('fact.about')}"),
    *shown("award_current", f'named @> ARRAY[{VIEWER}] COLLATE "C"'),
    *shown("award_version", _is_shown("award_current", "award_id", "award_version.award_id")),
    *shown("ledger_transaction", POSTED),
    *shown("ledger_entry", _is_shown("ledger_transaction", "seq", "ledger_entry.seq")),
    *shown("ledger_settings", EVERY_ROW),
    *shown("decision", _is_shown("award_current", "award_id", "decision.award_id")),
    *shown("hold", _is_shown("award_current", "award_id", "hold.award_id")),
    *shown("suspension", EVERY_ROW, ("id", "rule", "from_at", "until_at")),
    *shown("hold_release", RELEASED),
    *shown("eligibility", _is_known("eligibility.subject"), ("id", "subject", "status", "from_at", "until_at")),
    *shown("act", ACTS),
    *shown("extract", f"role = concat('exchange:', {VIEWER})"),
    *shown("extract_piece", _is_shown("extract", "id", "extract_piece.extract_id")),
)


def upgrade() -> None:
    execute_all((KNOWN_TO, FILL_KNOWN_TO, NAMED, FILL_NAMED, FUNCTIONS, "GRANT SELECT ON known_to TO {role}"))
    execute_all((*SHOWN, *SHOW_LOG_TABLES))
