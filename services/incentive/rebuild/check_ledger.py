"""Whether facts, versions and the ledger are whole in themselves, and the ledger's accounts what awards say.

Everything here is asked of PostgreSQL in one statement a question; what is found wrong comes as Difference.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import fetch, stream
from shared.values.differences import Difference
from shared.values.money import format_yuan

_FACT_CURRENT: Final = """
    SELECT topic, key, n.about, n.generation, n.seq, n.id,
           c.about AS c_about, c.generation AS c_generation, c.seq AS c_seq, c.fact_id AS c_id
    FROM (SELECT DISTINCT ON (topic, key) topic, key, about, generation, seq, id FROM fact
          ORDER BY topic, key, generation DESC, seq DESC) n
    FULL JOIN fact_current c USING (topic, key)
    WHERE (n.about, n.generation, n.seq, n.id) IS DISTINCT FROM (c.about, c.generation, c.seq, c.fact_id)
    ORDER BY topic, key
    """
_VERSIONS: Final = """
    SELECT award_id, version, before, recorded_at, recorded_before FROM (
        SELECT award_id, version, recorded_at,
               lag(version, 1, -1) OVER award AS before, lag(recorded_at) OVER award AS recorded_before
        FROM award_version WINDOW award AS (PARTITION BY award_id ORDER BY version)) v
    WHERE version <> before + 1 OR recorded_at < recorded_before
    ORDER BY award_id, version
    """
_SEQUENCE: Final = """
    SELECT seq, before, posted_at, posted_before FROM (
        SELECT seq, posted_at, lag(seq, 1, -1::bigint) OVER whole AS before, lag(posted_at) OVER whole AS posted_before
        FROM ledger_transaction WINDOW whole AS (ORDER BY seq)) t
    WHERE seq <> before + 1 OR posted_at < posted_before
    ORDER BY seq
    """
_SUMS: Final = """
    SELECT seq, t.seq IS NULL AS orphaned, t.entries, t.amount_fen,
           coalesce(e.n, 0) AS n, coalesce(e.lines, 0) AS lines, coalesce(e.debit, 0) AS debit,
           coalesce(e.credit, 0) AS credit, coalesce(e.amount, 0) AS amount
    FROM ledger_transaction t FULL JOIN (
        SELECT seq, count(*) AS n, max(line) + 1 AS lines, sum(debit_fen) AS debit, sum(credit_fen) AS credit,
               sum(ledger_amount(account, debit_fen, credit_fen)) AS amount
        FROM ledger_entry GROUP BY seq) e USING (seq)
    WHERE t.seq IS NULL OR t.entries <> coalesce(e.n, 0) OR coalesce(e.lines, 0) <> coalesce(e.n, 0)
       OR coalesce(e.debit, 0) <> coalesce(e.credit, 0) OR t.amount_fen <> coalesce(e.amount, 0)
    ORDER BY seq
    """
_FOREIGN_ENTRIES: Final = """
    SELECT seq, line, account, t.kind, t.award_id FROM ledger_entry e JOIN ledger_transaction t USING (seq)
    WHERE NOT ledger_account_fits(e.account, e.debit_fen > 0, t.kind, t.award_id, t.subject, t.year,
                                  t.subject_before, t.year_before)
    ORDER BY seq, line
    """
_ENTITLEMENTS: Final = """
    SELECT account, coalesce(s.fen, 0) AS stands, coalesce(f.fen, 0) AS follows
    FROM (SELECT account, sum(credit_fen) - sum(debit_fen) AS fen FROM ledger_entry
          WHERE starts_with(account, 'entitlement:') GROUP BY account) s
    FULL JOIN (SELECT concat('entitlement:', subject, ':', award_id, ':', year) COLLATE "C" AS account,
                      ceiling_fen AS fen FROM rebuilt_award WHERE ceiling_fen > 0) f USING (account)
    WHERE coalesce(s.fen, 0) <> coalesce(f.fen, 0)
    ORDER BY account
    """
_POLICIES: Final = """
    WITH balance AS (
        SELECT account, sum(credit_fen) - sum(debit_fen) AS fen FROM ledger_entry
        WHERE starts_with(account, 'entitlement:') OR starts_with(account, 'policy:') GROUP BY account)
    SELECT account, coalesce(s.fen, 0) AS stands, coalesce(f.fen, 0) AS follows
    FROM (SELECT account, fen FROM balance WHERE starts_with(account, 'policy:')) s
    FULL JOIN (
        SELECT concat('policy:', substring(account from '^entitlement:[^:]+:[^:]+:([^/]*)/'), ':',
                      substring(account from '[^:]*$')) COLLATE "C" AS account, -sum(fen) AS fen
        FROM balance WHERE starts_with(account, 'entitlement:') GROUP BY 1) f USING (account)
    WHERE coalesce(s.fen, 0) <> coalesce(f.fen, 0)
    ORDER BY account
    """
# What the bureau declared, by the hash that the ledger has of it.
_DECLARATIONS: Final = """
    SELECT coalesce(f.key, t.decision_id) AS what, encode(sha256(f.value), 'hex') AS stands,
           t.decision_sha256 AS follows
    FROM (SELECT key, value, concat('declared/', seq) AS id FROM fact WHERE topic = 'declared') f
    FULL JOIN (SELECT decision_id AS id, decision_id, decision_sha256 FROM ledger_transaction
               WHERE starts_with(decision_id, 'declared/')) t USING (id)
    WHERE encode(sha256(f.value), 'hex') IS DISTINCT FROM t.decision_sha256
    ORDER BY 1
    """
# Which exchanges may see an award: those that any of its versions names, and in any case those that it now names.
_NAMED: Final = """
    SELECT award_id, array_to_string(c.named, ' ') AS stands, array_to_string(v.named, ' ') AS follows
    FROM award_current c JOIN (
        SELECT award_id, array_agg(DISTINCT e ORDER BY e) AS named
        FROM award_version, unnest(exchanges) AS e GROUP BY award_id) v USING (award_id)
    WHERE NOT (c.named <@ v.named AND c.named @> c.exchanges)
    ORDER BY award_id
    """
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM fact) AS facts, (SELECT count(*) FROM fact_current) AS keys,
           (SELECT count(*) FROM award_current) AS awards, (SELECT count(*) FROM award_version) AS versions,
           (SELECT count(*) FROM ledger_transaction) AS transactions, (SELECT count(*) FROM ledger_entry) AS entries,
           (SELECT count(*) FROM act) AS acts
    """


class _ForeignEntry(NamedTuple):
    """An entry on an account that its transaction may not post to."""

    seq: int
    line: int
    account: str
    kind: str
    award_id: str | None


class _Declared(NamedTuple):
    """A declaration whose hash differs from the ledger's."""

    what: str
    stands: str | None
    follows: str | None


class _Named(NamedTuple):
    """An award with the wrong exchanges that may see it."""

    award_id: str
    stands: str
    follows: str


class _AccountRow(NamedTuple):
    """The balance of an account, and the one that it should have."""

    account: str
    stands: Decimal
    follows: Decimal


class _CurrentFact(NamedTuple):
    """The newest version of a fact, and the one that `fact_current` has."""

    topic: str
    key: str
    about: str | None
    generation: int | None
    seq: int | None
    id: int | None
    c_about: str | None
    c_generation: int | None
    c_seq: int | None
    c_id: int | None


class _VersionRow(NamedTuple):
    """A version of an award that does not follow the one before it."""

    award_id: str
    version: int
    before: int
    recorded_at: datetime
    recorded_before: datetime | None


class _SequenceRow(NamedTuple):
    """A transaction that does not follow the one before it."""

    seq: int
    before: int
    posted_at: datetime
    posted_before: datetime | None


class _SumsRow(NamedTuple):
    """A transaction that its entries do not make."""

    seq: int
    orphaned: bool
    entries: int | None
    amount_fen: int | None
    n: int
    lines: int
    debit: Decimal
    credit: Decimal
    amount: Decimal


class Balance(NamedTuple):
    """An account whose credit less debit, in fen, is not what it should be."""

    account: str
    stands_fen: int
    follows_fen: int

    def difference(self) -> Difference:
        """The same for a person."""
        return Difference(f"account {self.account}", format_yuan(self.stands_fen), format_yuan(self.follows_fen))


class Counts(NamedTuple):
    """How much there is to compare."""

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


def check_whole(connection: Connection) -> Iterator[Difference]:
    """All that can be seen from the tables alone."""
    yield from _check_newest_facts(connection)
    yield from _check_versions(connection)
    yield from _check_sequence(connection)
    yield from _check_transactions(connection)
    for entry in stream(connection, _FOREIGN_ENTRIES, _ForeignEntry):
        what = f"ledger_entry {entry.seq}/{entry.line}"
        yield Difference(what, entry.account, f"账户属于 / an account of {entry.kind} {entry.award_id}")
    for declared in fetch(connection, _DECLARATIONS, _Declared):
        yield Difference(f"declaration {declared.what}", declared.stands, declared.follows)
    for named in stream(connection, _NAMED, _Named):
        yield Difference(f"award_current {named.award_id}", f"named {named.stands}", f"named {named.follows}")
    for policy in stream(connection, _POLICIES, _AccountRow):
        yield Balance(policy.account, int(policy.stands), int(policy.follows)).difference()


def wrong_entitlements(connection: Connection) -> Iterator[Balance]:
    """Accounts whose balance is not the ceiling of their award as `rebuilt_award` has it."""
    for row in stream(connection, _ENTITLEMENTS, _AccountRow):
        yield Balance(row.account, int(row.stands), int(row.follows))


def _check_newest_facts(connection: Connection) -> Iterator[Difference]:
    for row in stream(connection, _FACT_CURRENT, _CurrentFact):
        yield Difference(
            f"fact_current {row.topic} {row.key}",
            _version(row.c_id, row.c_generation, row.c_seq, row.c_about),
            _version(row.id, row.generation, row.seq, row.about),
        )


def _version(fact_id: int | None, generation: int | None, seq: int | None, about: str | None) -> str | None:
    return None if fact_id is None else f"fact {fact_id}, generation {generation}, seq {seq}, about {about}"


def _check_versions(connection: Connection) -> Iterator[Difference]:
    for row in stream(connection, _VERSIONS, _VersionRow):
        if row.version != row.before + 1:
            stands, follows = f"version {row.version}", f"version {row.before + 1}"
        else:
            stands, follows = f"recorded_at {row.recorded_at}", f">= {row.recorded_before}"
        yield Difference(f"award_version {row.award_id} after {row.before}", stands, follows)


def _check_sequence(connection: Connection) -> Iterator[Difference]:
    for row in stream(connection, _SEQUENCE, _SequenceRow):
        if row.seq != row.before + 1:
            yield Difference(f"ledger_transaction {row.before + 1} .. {row.seq - 1}", None, "seq without gaps")
        if row.posted_before is not None and row.posted_at < row.posted_before:
            yield Difference(f"ledger_transaction {row.seq}", f"posted_at {row.posted_at}", f">= {row.posted_before}")


def _check_transactions(connection: Connection) -> Iterator[Difference]:
    for row in stream(connection, _SUMS, _SumsRow):
        if row.orphaned:
            yield Difference(f"ledger_transaction {row.seq}", None, f"{row.n} entries")
            continue
        if row.entries != row.n or row.lines != row.n:
            yield Difference(f"ledger_transaction {row.seq}", f"{row.n} entries", f"{row.entries} entries")
        if row.debit != row.credit:
            debit, credit = format_yuan(int(row.debit)), format_yuan(int(row.credit))
            yield Difference(f"ledger_transaction {row.seq}", f"debit {debit}, credit {credit}", "debit = credit")
        if row.amount_fen != row.amount:
            stands, follows = format_yuan(row.amount_fen or 0), format_yuan(int(row.amount))
            yield Difference(f"ledger_transaction {row.seq}", f"amount {stands}", f"amount {follows}")
