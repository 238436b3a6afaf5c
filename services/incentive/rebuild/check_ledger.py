"""Checks of facts, award versions, acts and the ledger against each other.

Each statement yields what differs as (what, stored, expected).
"""

import hashlib
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.acts import Act, act_sha256
from services.incentive.domain.steps import ACTIONS
from services.incentive.domain.workflow import FIRST_STATE
from services.incentive.store.acts import render_acts
from services.incentive.store.ledger import json_text
from services.incentive.store.rows import columns
from shared.disk_rows import full_join
from shared.postgres.query import fetch, stream, stream_chunks
from shared.values.canonical_json import canonical_json
from shared.values.differences import Difference
from shared.values.json_types import Json
from shared.values.money import format_yuan

_BATCH: Final = 500  # acts that are in memory together
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
_ROUNDS: Final = """
    SELECT concat('award_round ', award_id),
           CASE WHEN s.award_id IS NOT NULL THEN concat_ws(', ', s.applied_at, s.is_open, s.was_approved) END,
           CASE WHEN e.award_id IS NOT NULL THEN concat_ws(', ', e.applied_at, e.is_open, e.was_approved) END
    FROM award_round s FULL JOIN award_rounds(NULL, NULL) e USING (award_id)
    WHERE (s.applied_at, s.is_open, s.was_approved) IS DISTINCT FROM (e.applied_at, e.is_open, e.was_approved)
    ORDER BY award_id
"""
_DOCUMENTS: Final = """
    SELECT concat('document_named ', sha256), CASE WHEN s.is_there THEN 'named' END,
           CASE WHEN e.is_there THEN 'named' END
    FROM (SELECT sha256, true AS is_there FROM document_named) s
    FULL JOIN (SELECT n AS sha256, true AS is_there FROM documents_named() n) e USING (sha256)
    WHERE s.is_there IS DISTINCT FROM e.is_there
    ORDER BY sha256
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
# A decision of an earlier version has no day: its return debits the treasury.
_FOREIGN_ENTRIES: Final = """
    SELECT concat('ledger_entry ', seq, '/', line), account, concat('an account of ', t.kind, ' ', t.award_id)
    FROM ledger_entry e JOIN ledger_transaction t USING (seq)
    WHERE NOT ledger_account_fits(
        e.account, e.debit_fen > 0, t.kind, t.award_id, t.subject, t.year, t.subject_before, t.year_before,
        t.kind = 'return' AND EXISTS (SELECT FROM decision d WHERE d.id = t.decision_id AND d.decided_on IS NULL))
    ORDER BY seq, line
"""
_OVERDRAWN: Final = """
    SELECT concat('account ', o.account), 'overdrawn', 'not below zero'
    FROM (SELECT DISTINCT account FROM ledger_entry
          WHERE account >= 'approved:' AND account < 'approved;' OR account >= 'claim:' AND account < 'claim;') a
    CROSS JOIN LATERAL ledger_overdrawn(a.account) o
    ORDER BY o.account
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
    SELECT account, CAST(sum(credit_fen) - sum(debit_fen) AS bigint) FROM ledger_entry
    WHERE starts_with(account, 'entitlement:') GROUP BY account ORDER BY account
"""
# From the first transaction of settings on, each settings row has its transaction.
_SETTINGS: Final = """
    SELECT concat('ledger_settings ', s.id, ' of ledger_transaction ', coalesce(t.seq, s.from_seq)),
           s.policy_id || ' revision ' || s.policy_revision || ', ' || s.recorded_at,
           t.policy_id || ' revision ' || t.policy_revision || ', ' || t.posted_at
    FROM (SELECT * FROM ledger_transaction WHERE award_id IS NULL AND kind = 'settings') t
    FULL JOIN ledger_settings s ON s.from_seq = t.seq AND s.recorded_at = t.posted_at
    WHERE (t.policy_id, t.policy_revision) IS DISTINCT FROM (s.policy_id, s.policy_revision)
      AND coalesce(t.posted_at, s.recorded_at) >= (
          SELECT min(posted_at) FROM ledger_transaction WHERE award_id IS NULL AND kind = 'settings')
    ORDER BY coalesce(t.seq, s.from_seq), s.id
"""
_POLICY_BYTES: Final = """
    SELECT concat('ledger_settings ', id, ' policy'), found, policy_digest
    FROM (SELECT id, policy_digest, encode(sha256(convert_to(policy_source, 'UTF8')), 'hex') AS found
          FROM ledger_settings) s
    WHERE found <> policy_digest ORDER BY id
"""
_BY_POLICY: Final = """
    SELECT concat('ledger_transaction ', t.seq), concat(t.policy_id, ' revision ', t.policy_revision),
           concat(s.policy_id, ' revision ', s.policy_revision)
    FROM (SELECT from_seq, policy_id, policy_revision,
                 lead(from_seq, 1, 9223372036854775807) OVER (ORDER BY id) AS until FROM ledger_settings) s
    JOIN ledger_transaction t ON t.seq >= s.from_seq AND t.seq < s.until
    WHERE (t.policy_id, t.policy_revision) <> (s.policy_id, s.policy_revision)
    ORDER BY t.seq
"""
_WHITELISTS: Final = "SELECT id, whitelist, whitelist_digest FROM ledger_settings ORDER BY id"
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM fact), (SELECT count(*) FROM fact_current), (SELECT count(*) FROM award_current),
           (SELECT count(*) FROM award_version), (SELECT count(*) FROM ledger_transaction),
           (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM act)
"""
_UNPAIRED: Final = """
    SELECT concat('act of ledger_transaction ', coalesce(a.seq, t.seq)), a.id || ', ' || a.recorded_at,
           t.decision_id || ', ' || t.posted_at
    FROM act a
    FULL JOIN (SELECT * FROM ledger_transaction WHERE NOT starts_with(decision_id, 'declared/')) t USING (seq)
    WHERE (a.id, a.recorded_at) IS DISTINCT FROM (t.decision_id, t.posted_at)
    ORDER BY coalesce(a.seq, t.seq)
"""
# A batch is what its decisions say: their number, sum, action, person and instant.
_BATCHES: Final = """
    SELECT concat('batch ', b.id),
           concat_ws(' ', b.awards, b.action, round(b.amount_fen / 100.0, 2), 'from', b.first_seq, 'by', b.person,
                     b.name, b.recorded_at),
           concat_ws(' ', s.awards, s.action, round(s.fen / 100.0, 2), 'from', s.first_seq, 'by', s.person, s.name,
                     s.recorded_at)
    FROM batch b LEFT JOIN LATERAL (
        SELECT count(*) AS awards, sum(d.amount_fen) AS fen, min(a.seq) AS first_seq, min(d.action) AS action,
               min(a.person) AS person, min(a.name) AS name, min(a.recorded_at) AS recorded_at
        FROM decision d JOIN act a ON a.id = d.id WHERE d.batch_id = b.id) s ON true
    WHERE (b.awards, b.amount_fen, b.first_seq, b.action, b.person, b.name, b.recorded_at)
          IS DISTINCT FROM (s.awards, s.fen, s.first_seq, s.action, s.person, s.name, s.recorded_at)
    ORDER BY b.first_seq
"""
_ACTS: Final = f"SELECT {columns(Act)} FROM act ORDER BY seq"
_POSTED: Final = """
    SELECT a.id, t.decision_sha256 FROM act a JOIN ledger_transaction t USING (seq) WHERE a.id = ANY(%(ids)s)
"""
# Each decision starts from the state that the one before left, follows its action, and is posted as decided. Where an
# action leads may depend on amounts; those of earlier versions followed another table.
_STEPS: Final = """
    SELECT concat('decision ', id, ' of ', award_id), differing.stored, differing.expected
    FROM (
        SELECT d.*, CASE WHEN d.decided_on IS NULL THEN ARRAY[d.from_state] ELSE action.from_states END AS from_states,
               coalesce(action.to_state, d.to_state) AS leads_to,
               lag(d.number, 1, -1) OVER award AS before, lag(d.to_state, 1, %(first)s) OVER award AS state,
               ROW(t.kind, t.award_id, t.amount_fen, t.subject, t.year) AS posted,
               ROW(action.posts, d.award_id,
                   CASE action.posts WHEN 'decision' THEN 0 ELSE d.amount_fen END, d.subject, d.year) AS decided
        FROM decision d JOIN act a USING (id) JOIN ledger_transaction t USING (seq)
        JOIN jsonb_to_recordset(CAST(%(actions)s AS jsonb))
            AS action(name text, from_states text[], to_state text, posts text COLLATE "C") ON action.name = d.action
        WINDOW award AS (PARTITION BY d.award_id ORDER BY d.number)) step
    CROSS JOIN LATERAL (VALUES
        ((number, from_state) <> (before + 1, state), concat('number ', number, ' from ', from_state),
         concat('number ', before + 1, ' from ', state)),
        (from_state <> ALL(from_states) OR to_state <> leads_to, concat(from_state, ' to ', to_state),
         concat(array_to_string(from_states, ', '), ' to ', leads_to)),
        (posted IS DISTINCT FROM decided, concat('posted ', posted), concat('decided ', decided))
    ) AS differing(differs, stored, expected)
    WHERE differs
    ORDER BY award_id, number
"""
_ACCOUNTS: Final = """
    WITH posted AS (
        SELECT account, sum(credit_fen) - sum(debit_fen) AS fen FROM ledger_entry
        WHERE split_part(account, ':', 1) IN ('approved', 'paid', 'returned', 'claim', 'budget', 'treasury')
        GROUP BY account),
    decided AS (
        SELECT CASE WHEN d.action = 'return' AND d.decided_on IS NULL THEN 'earlier_return' ELSE d.action END AS action,
               d.amount_fen AS fen, concat('budget:', d.year) AS budget, concat(d.subject, ':', d.award_id) AS whose
        FROM decision d WHERE d.amount_fen > 0),
    lines AS (
        SELECT CASE side.account WHEN 'budget' THEN budget WHEN 'treasury' THEN 'treasury'
                   ELSE concat(side.account, ':', whose) END COLLATE "C" AS account,
               side.sign * fen AS fen
        FROM decided JOIN (VALUES
            ('approve', 'budget', -1), ('approve', 'approved', 1), ('pay', 'paid', -1), ('pay', 'treasury', 1),
            ('revoke', 'approved', -1), ('revoke', 'budget', 1), ('return', 'claim', -1), ('return', 'returned', 1),
            ('earlier_return', 'treasury', -1), ('earlier_return', 'returned', 1),
            ('recover', 'treasury', -1), ('recover', 'claim', 1)) AS side(action, account, sign) USING (action)),
    expected AS (SELECT account, sum(fen) AS fen FROM lines GROUP BY account)
    SELECT concat('account ', account), round(coalesce(p.fen, 0) / 100, 2)::text,
           round(coalesce(e.fen, 0) / 100, 2)::text
    FROM posted p FULL JOIN expected e USING (account)
    WHERE coalesce(p.fen, 0) <> coalesce(e.fen, 0)
    ORDER BY account
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
    statements = (
        _CURRENT_FACTS, _ROUNDS, _DOCUMENTS, _VERSIONS, _SEQUENCE, _SUMS, _FOREIGN_ENTRIES, _OVERDRAWN, _DECLARATIONS,
        _NAMED, _POLICIES, _UNPAIRED, _SETTINGS, _POLICY_BYTES, _BY_POLICY, _BATCHES,
    )  # fmt: skip
    for statement in statements:
        yield from stream(connection, statement, Difference)
    for number, whitelist, expected in fetch(connection, _WHITELISTS, tuple[int, Json, str]):
        digest = hashlib.sha256(canonical_json(whitelist)).hexdigest()
        if digest != expected:
            yield Difference(f"ledger_settings {number} whitelist", digest, expected)
    for chunk in stream_chunks(connection, _ACTS, Act, _BATCH):
        posted = dict(fetch(connection, _POSTED, tuple[str, str], ids=[act.id for act in chunk]))
        for act, answer in render_acts(connection, chunk):
            found = None if answer is None else act_sha256(answer)
            if act.id in posted and found != posted[act.id]:
                yield Difference(f"{act.kind} {act.id}", found, posted[act.id])
    fields = ("name", "from_states", "to_state", "posts")
    actions = json_text([{name: getattr(action, name) for name in fields} for action in ACTIONS.values()])
    yield from stream(connection, _STEPS, Difference, first=FIRST_STATE, actions=actions)
    yield from stream(connection, _ACCOUNTS, Difference)


def wrong_entitlements(connection: Connection, accounts: Iterable[tuple[str, int]]) -> Iterator[WrongBalance]:
    """Accounts whose balance is not the expected one: the ceiling of their award. `accounts` are in order."""
    stored = stream(connection, _ENTITLEMENTS, tuple[str, int])
    for account, found, expected in full_join(stored, accounts, itemgetter(0), itemgetter(0)):
        stored_fen, expected_fen = (0 if row is None else row[1] for row in (found, expected))
        if stored_fen != expected_fen:
            yield WrongBalance(account, stored_fen, expected_fen)
