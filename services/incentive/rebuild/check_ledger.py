"""Checks of facts, award versions and the ledger against each other, by SQL alone.

Each statement yields what differs as (what, stored, expected).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import fetch, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan

_CURRENT_FACTS: Final = """
    SELECT concat('fact_current ', topic, ' ', key),
           'fact ' || c.fact_id || ', generation ' || c.generation || ', seq ' || c.seq || ', about ' || c.about,
           'fact ' || n.id || ', generation ' || n.generation || ', seq ' || n.seq || ', about ' || n.about
    FROM (SELECT DISTINCT ON (topic, key) topic, key, about, generation, seq, id FROM fact
          ORDER BY topic, key, generation DESC, seq DESC) n
    FULL JOIN fact_current c USING (topic, key)
    WHERE (n.about, n.generation, n.seq, n.id) IS DISTINCT FROM (c.about, c.generation, c.seq, c.fact_id)
    ORDER BY topic, key
"""
_VERSIONS: Final = """
    SELECT concat('award_version ', award_id, ' after ', before),
           CASE WHEN version <> before + 1 THEN concat('version ', version)
                ELSE concat('recorded_at ', recorded_at) END,
           CASE WHEN version <> before + 1 THEN concat('version ', before + 1) ELSE concat('>= ', recorded_before) END
    FROM (
        SELECT award_id, version, recorded_at,
               lag(version, 1, -1) OVER award AS before, lag(recorded_at) OVER award AS recorded_before
        FROM award_version WINDOW award AS (PARTITION BY award_id ORDER BY version)) v
    WHERE version <> before + 1 OR recorded_at < recorded_before
    ORDER BY award_id, version
"""
_SEQUENCE: Final = """
    SELECT d.what, d.stored, d.expected
    FROM (
        SELECT seq, posted_at, lag(seq, 1, -1::bigint) OVER whole AS before, lag(posted_at) OVER whole AS posted_before
        FROM ledger_transaction WINDOW whole AS (ORDER BY seq)) t
    CROSS JOIN LATERAL (VALUES
        (seq <> before + 1, concat('ledger_transaction ', before + 1, ' .. ', seq - 1), NULL, 'seq without gaps'),
        (posted_at < posted_before, concat('ledger_transaction ', seq), concat('posted_at ', posted_at),
         concat('>= ', posted_before))
    ) AS d(differs, what, stored, expected)
    WHERE d.differs
    ORDER BY seq
"""
_SUMS: Final = """
    SELECT concat('ledger_transaction ', seq), d.stored, d.expected
    FROM ledger_transaction t FULL JOIN (
        SELECT seq, count(*) AS n, max(line) + 1 AS lines, sum(debit_fen) AS debit, sum(credit_fen) AS credit,
               sum(ledger_amount(account, debit_fen, credit_fen)) AS amount
        FROM ledger_entry GROUP BY seq) e USING (seq)
    CROSS JOIN LATERAL (
        SELECT coalesce(e.n, 0) AS n, coalesce(e.lines, 0) AS lines, coalesce(e.debit, 0) AS debit,
               coalesce(e.credit, 0) AS credit, coalesce(e.amount, 0) AS amount) s
    CROSS JOIN LATERAL (VALUES
        (t.seq IS NULL, NULL, concat(s.n, ' entries')),
        (t.entries <> s.n OR s.lines <> s.n AND t.seq IS NOT NULL, concat(s.n, ' entries'),
         concat(t.entries, ' entries')),
        (s.debit <> s.credit AND t.seq IS NOT NULL,
         concat('debit ', round(s.debit / 100, 2), ', credit ', round(s.credit / 100, 2)), 'debit = credit'),
        (t.amount_fen <> s.amount, concat('amount ', round(t.amount_fen / 100.0, 2)),
         concat('amount ', round(s.amount / 100, 2)))
    ) AS d(differs, stored, expected)
    WHERE d.differs
    ORDER BY seq
"""
_FOREIGN_ENTRIES: Final = """
    SELECT concat('ledger_entry ', seq, '/', line), account, concat('an account of ', t.kind, ' ', t.award_id)
    FROM ledger_entry e JOIN ledger_transaction t USING (seq)
    WHERE NOT ledger_account_fits(e.account, e.debit_fen > 0, t.kind, t.award_id, t.subject, t.year,
                                  t.subject_before, t.year_before)
    ORDER BY seq, line
"""
# Declarations, by the hash that the ledger has of them.
_DECLARATIONS: Final = """
    SELECT concat('declaration ', coalesce(f.key, t.decision_id)), encode(sha256(f.value), 'hex'), t.decision_sha256
    FROM (SELECT key, value, concat('declared/', seq) AS id FROM fact WHERE topic = 'declared') f
    FULL JOIN (SELECT decision_id AS id, decision_id, decision_sha256 FROM ledger_transaction
               WHERE starts_with(decision_id, 'declared/')) t USING (id)
    WHERE encode(sha256(f.value), 'hex') IS DISTINCT FROM t.decision_sha256
    ORDER BY 1
"""
# The exchanges that may see an award: those that any of its versions names, at least those that the current one names.
_NAMED: Final = """
    SELECT concat('award_current ', award_id), concat('named ', array_to_string(c.named, ' ')),
           concat('named ', array_to_string(v.named, ' '))
    FROM award_current c JOIN (
        SELECT award_id, array_agg(DISTINCT e ORDER BY e) AS named
        FROM award_version, unnest(exchanges) AS e GROUP BY award_id) v USING (award_id)
    WHERE NOT (c.named <@ v.named AND c.named @> c.exchanges)
    ORDER BY award_id
"""
_POLICIES: Final = """
    WITH balance AS (
        SELECT account, sum(credit_fen) - sum(debit_fen) AS fen FROM ledger_entry
        WHERE starts_with(account, 'entitlement:') OR starts_with(account, 'policy:') GROUP BY account)
    SELECT concat('account ', account), round(coalesce(s.fen, 0) / 100, 2)::text,
           round(coalesce(f.fen, 0) / 100, 2)::text
    FROM (SELECT account, fen FROM balance WHERE starts_with(account, 'policy:')) s
    FULL JOIN (
        SELECT concat('policy:', substring(account from '^entitlement:[^:]+:[^:]+:([^/]*)/'), ':',
                      substring(account from '[^:]*$')) COLLATE "C" AS account, -sum(fen) AS fen
        FROM balance WHERE starts_with(account, 'entitlement:') GROUP BY 1) f USING (account)
    WHERE coalesce(s.fen, 0) <> coalesce(f.fen, 0)
    ORDER BY account
"""
_ENTITLEMENTS: Final = """
    SELECT account, CAST(coalesce(s.fen, 0) AS bigint), coalesce(f.fen, 0)
    FROM (SELECT account, sum(credit_fen) - sum(debit_fen) AS fen FROM ledger_entry
          WHERE starts_with(account, 'entitlement:') GROUP BY account) s
    FULL JOIN (SELECT concat('entitlement:', subject, ':', award_id, ':', year) COLLATE "C" AS account,
                      ceiling_fen AS fen FROM rebuilt_award WHERE ceiling_fen > 0) f USING (account)
    WHERE coalesce(s.fen, 0) <> coalesce(f.fen, 0)
    ORDER BY account
"""
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM fact), (SELECT count(*) FROM fact_current), (SELECT count(*) FROM award_current),
           (SELECT count(*) FROM award_version), (SELECT count(*) FROM ledger_transaction),
           (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM act)
"""


class WrongBalance(NamedTuple):
    """An account with a wrong balance (credit less debit), in fen."""

    account: str
    stored_fen: int
    expected_fen: int

    def difference(self) -> Difference:
        return Difference(f"account {self.account}", format_yuan(self.stored_fen), format_yuan(self.expected_fen))


class Counts(NamedTuple):
    """The numbers of rows that are compared."""

    facts: int
    keys: int
    awards: int
    versions: int
    transactions: int
    entries: int
    acts: int


def count_all(connection: Connection) -> Counts:
    (counts,) = fetch(connection, _COUNTS, Counts)
    return counts


def check_tables(connection: Connection) -> Iterator[Difference]:
    """All differences that the tables alone show."""
    yield from differences(
        connection,
        _CURRENT_FACTS,
        _VERSIONS,
        _SEQUENCE,
        _SUMS,
        _FOREIGN_ENTRIES,
        _DECLARATIONS,
        _NAMED,
        _POLICIES,
    )


def differences(connection: Connection, *statements: str) -> Iterator[Difference]:
    """The differences that these statements yield, in order."""
    for statement in statements:
        for what, stored, expected in stream(connection, statement, tuple[str, str | None, str | None]):
            yield Difference(what, stored, expected)


def wrong_entitlements(connection: Connection) -> Iterator[WrongBalance]:
    """Accounts whose balance is not the ceiling of their award in `rebuilt_award`."""
    return stream(connection, _ENTITLEMENTS, WrongBalance)
