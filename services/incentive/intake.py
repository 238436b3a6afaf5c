"""Intake of facts: from a batch of records to awards and postings, in one PostgreSQL transaction.

Who writes holds the one lock of the ledger from its first read to its commit, so batches follow each other whatever
the number of workers. Everything is done for the whole batch by a handful of statements.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection, Row, text

from services.incentive.basis import Basis
from services.incentive.facts import (
    ExchangeTotal,
    Fact,
    FactError,
    FactRef,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
    parse_fact,
)
from services.incentive.ledger import Award, Posting, posting, restate, take_away, with_payables
from services.incentive.models import AWARD_COLUMNS, LEDGER_LOCK
from services.incentive.rules import Entitlement, Evidence, SubjectFacts, exchange_awards, subject_awards
from services.incentive.terms import Policy
from shared.db import raw
from shared.halt import Halt
from shared.kafka import Record
from shared.positions import Move, move_positions
from shared.settings import SettingsError
from shared.times import Clock

RECOMPUTE_AT_ONCE: Final = 5_000
_LIMITS: Final = text("SET LOCAL transaction_timeout = '120s'; SET LOCAL idle_in_transaction_session_timeout = '30s'")
_TICK: Final = timedelta(microseconds=1)
_RECOMPUTED: Final = ("政策或白名单变更后重算，", "recomputed after a change of policy or whitelist, ")

log = structlog.get_logger(__name__)


class SettingsChanged(Halt):
    """The ledger's policy or whitelist in force is not this worker's: it must be started anew with the right files."""


class FactRecord(NamedTuple):
    """A fact as it came from Kafka."""

    fact: Fact
    topic: str
    key: str
    about: str
    value: bytes
    partition: int
    offset: int
    received_at: datetime


class Facts(NamedTuple):
    """All that is known of one subject or exchange, in order of topic and key, and what was recorded last.

    Of a subject, the one recorded last gives the name.
    """

    of: tuple[Fact, ...]
    newest: Fact


class _Run(NamedTuple):
    """By what, when and on what occasion (Chinese, English) awards are computed."""

    basis: Basis
    instant: datetime
    occasion: tuple[str, str]


class LedgerIntake:
    """The handler that `shared.kafka.Consumption` calls."""

    def __init__(self, basis: Basis, clock: Clock) -> None:
        self._basis = basis
        self._clock = clock

    def prepare(self, records: Sequence[Record]) -> list[FactRecord]:
        """Decode; raises FactError for what is no fact, which is a fault of ours and stops the program."""
        return [read_record(record) for record in records]

    def apply(self, connection: Connection, prepared: list[FactRecord], moves: Sequence[Move], now: datetime) -> None:
        """All that follows from a batch. `now` was read before the lock was held, so it dates no posting."""
        lock_ledger(connection)
        move_positions(connection, moves, now)
        apply_facts(connection, prepared, self._basis, self._clock)


def read_record(record: Record) -> FactRecord:
    """A record of a fact topic. Raises FactError, naming where the record stands."""
    where = f"{record.topic}[{record.partition}]@{record.offset}"
    if record.key is None or record.value is None:
        raise FactError(f"{where}: a fact has a key and a value")
    try:
        key = record.key.decode()
        fact = parse_fact(record.topic, key, record.value)
    except ValueError as error:
        raise FactError(f"{where}: {error}") from error
    received_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=record.timestamp)
    return FactRecord(fact, record.topic, key, whose(fact), record.value, record.partition, record.offset, received_at)


def whose(fact: Fact) -> str:
    """Whose awards follow from a fact: `<scheme>:<id>` or `exchange/<id>`."""
    return f"exchange/{fact.exchange}" if isinstance(fact, ExchangeTotal) else fact.party.subject


def lock_ledger(connection: Connection) -> None:
    """Wait until nobody else writes, and keep others from it until the transaction ends.

    A process that is stopped in the middle is cut off, so that another can go on.
    """
    connection.execute(_LIMITS)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LEDGER_LOCK})


def apply_facts(connection: Connection, records: Sequence[FactRecord], basis: Basis, clock: Clock) -> None:
    """Record the facts that are newer than what is known, and post what follows. Needs the ledger's lock.

    Of one key the greatest (generation, seq) counts; what is equal or older changes nothing.
    """
    _check_settings(connection, basis)
    newer = _newer(connection, records)
    if not newer:
        return
    instant = _next_instant(connection, clock)
    _record_facts(connection, newer, instant)
    parsed = {(record.topic, record.key): record.fact for record in newer}
    _recompute(connection, sorted({record.about for record in newer}), parsed, _Run(basis, instant, ("", "")))


def put_in_force(connection: Connection, basis: Basis, clock: Clock) -> bool:
    """Compute everything anew if the policy or the whitelist is not the one in force; says whether it was done."""
    lock_ledger(connection)
    # All awards at once may take longer than a batch may.
    connection.execute(text("SET LOCAL transaction_timeout = 0"))
    if _settings_in_force(connection) == (basis.policy.digest, basis.exchanges.digest):
        return False
    _check_revision(connection, basis.policy)
    instant = _next_instant(connection, clock)
    connection.execute(
        text(
            "INSERT INTO ledger_settings (from_seq, recorded_at, policy_id, policy_revision, policy_digest,"
            " policy_source, whitelist_digest, whitelist) VALUES (:from_seq, :recorded_at, :policy_id,"
            " :policy_revision, :policy_digest, :policy_source, :whitelist_digest, CAST(:whitelist AS jsonb))"
        ),
        {
            "from_seq": _next_seq(connection),
            "recorded_at": instant,
            "policy_id": basis.policy.id,
            "policy_revision": basis.policy.revision,
            "policy_digest": basis.policy.digest,
            "policy_source": basis.policy_source,
            "whitelist_digest": basis.exchanges.digest,
            "whitelist": msgspec.json.encode(basis.exchanges.canonical()).decode(),
        },
    )
    everybody = connection.execute(text("SELECT DISTINCT about FROM fact_current ORDER BY about")).scalars().all()
    run = _Run(basis, instant, _RECOMPUTED)
    for start in range(0, len(everybody), RECOMPUTE_AT_ONCE):
        chunk = everybody[start : start + RECOMPUTE_AT_ONCE]
        _recompute(connection, chunk, {}, run)
    log.info("policy and whitelist put in force", policy=basis.policy.id, revision=basis.policy.revision)
    return True


def _check_revision(connection: Connection, policy: Policy) -> None:
    """Revisions only rise: a start with an older file, say without POLICY_FILE, must not undo a newer one unseen."""
    newest = connection.execute(
        text("SELECT max(policy_revision) FROM ledger_settings WHERE policy_id = :id"), {"id": policy.id}
    ).scalar()
    if newest is not None and policy.revision < newest:
        raise SettingsError(
            f"POLICY_FILE: holds revision {policy.revision} of {policy.id}, but revision {newest} was put in force;"
            f" to go back to its values, give them as revision {newest + 1}"
        )


def _settings_in_force(connection: Connection) -> tuple[str, str] | None:
    row = connection.execute(
        text("SELECT policy_digest, whitelist_digest FROM ledger_settings ORDER BY id DESC LIMIT 1")
    ).one_or_none()
    return None if row is None else (row.policy_digest, row.whitelist_digest)


def _check_settings(connection: Connection, basis: Basis) -> None:
    if _settings_in_force(connection) != (basis.policy.digest, basis.exchanges.digest):
        raise SettingsChanged("another policy or whitelist is in force in the ledger: start this worker anew")


def _newer(connection: Connection, records: Sequence[FactRecord]) -> list[FactRecord]:
    """The newest record of each key, where it is newer than what is recorded."""
    newest: dict[tuple[str, str], FactRecord] = {}
    for record in records:
        known = newest.get((record.topic, record.key))
        if known is None or _version(record) > _version(known):
            newest[record.topic, record.key] = record
    if not newest:
        return []
    rows = connection.execute(
        text(
            "SELECT c.topic, c.key, c.generation, c.seq FROM fact_current c"
            " JOIN unnest(CAST(:topics AS text[]), CAST(:keys AS text[])) AS n(topic, key) USING (topic, key)"
        ),
        {"topics": [topic for topic, _ in newest], "keys": [key for _, key in newest]},
    )
    recorded = {(row.topic, row.key): (row.generation, row.seq) for row in rows}
    return [record for where, record in newest.items() if _version(record) > recorded.get(where, (0, 0))]


def _version(record: FactRecord) -> tuple[int, int]:
    return record.fact.ref.generation, record.fact.ref.seq


def _next_instant(connection: Connection, clock: Clock) -> datetime:
    """When this batch is recorded: the clock's word, and in any case later than all that is recorded.

    Whatever is recorded comes with a fact, a transaction or settings.
    """
    last = connection.execute(
        text(
            "SELECT greatest((SELECT posted_at FROM ledger_transaction ORDER BY seq DESC LIMIT 1),"
            " (SELECT recorded_at FROM fact ORDER BY id DESC LIMIT 1),"
            " (SELECT recorded_at FROM ledger_settings ORDER BY id DESC LIMIT 1))"
        )
    ).scalar_one()
    return clock() if last is None else max(clock(), last + _TICK)


def _next_seq(connection: Connection) -> int:
    return int(connection.execute(text("SELECT coalesce(max(seq) + 1, 0) FROM ledger_transaction")).scalar_one())


def _record_facts(connection: Connection, records: Iterable[FactRecord], instant: datetime) -> None:
    columns = 'topic, key, about, generation, seq, value, partition, "offset", received_at, recorded_at'
    with raw(connection).cursor() as cursor, cursor.copy(f"COPY fact ({columns}) FROM STDIN") as copy:
        for record in records:
            copy.write_row(
                (
                    record.topic,
                    record.key,
                    record.about,
                    *_version(record),
                    record.value,
                    record.partition,
                    record.offset,
                    record.received_at,
                    instant,
                )
            )


def _recompute(
    connection: Connection, abouts: Sequence[str], parsed: Mapping[tuple[str, str], Fact], run: _Run
) -> None:
    """Awards of these subjects and exchanges anew from all their facts; versions and postings of what differs."""
    known = load_facts(connection, abouts, parsed)
    earned = {award.award_id: (about, award) for about, facts in known.items() for award in _earned(facts, run.basis)}
    before = _load_awards(connection, abouts, {award.subject.subject for _, award in earned.values()})
    after = [
        *(award for award in before.values() if award.about not in known),
        *_restated(known, earned, before, run.basis.policy),
    ]
    changed = [
        award for award in with_payables(after, run.basis.policy.rule_order) if award != before.get(award.award_id)
    ]
    changed.sort(key=lambda award: award.award_id)
    _record_awards(connection, changed, run.instant)
    arrived: dict[str, list[FactRef]] = {}
    for fact in parsed.values():
        arrived.setdefault(whose(fact), []).append(fact.ref)
    postings = [
        posting(before.get(award.award_id), award, arrived.get(award.about, ()), run.occasion) for award in changed
    ]
    _post(connection, [found for found in postings if found is not None], run.instant)


def _restated(
    known: Mapping[str, Facts],
    earned: Mapping[str, tuple[str, Entitlement]],
    before: Mapping[str, Award],
    policy: Policy,
) -> Iterator[Award]:
    """Every award of those whose facts are known, as it is now."""
    newest = {fact.ref.fact: fact.ref for facts in known.values() for fact in facts.of}
    for about, award in earned.values():
        yield restate(about, award, policy)
    for old in before.values():
        if old.award_id not in earned and old.about in known:
            yield take_away(old, policy, newest)


def load_facts(
    connection: Connection, abouts: Sequence[str], parsed: Mapping[tuple[str, str], Fact]
) -> dict[str, Facts]:
    """The newest version of every fact about each; `parsed` holds, by topic and key, those that are read already."""
    rows = connection.execute(
        text("SELECT about, topic, key, fact_id FROM fact_current WHERE about = ANY(:abouts) ORDER BY topic, key"),
        {"abouts": list(abouts)},
    ).all()
    unread = [row.fact_id for row in rows if (row.topic, row.key) not in parsed]
    values = connection.execute(text("SELECT id, value FROM fact WHERE id = ANY(:ids)"), {"ids": unread})
    value_of = {row.id: row.value for row in values}
    known: dict[str, list[tuple[int, Fact]]] = {}
    for row in rows:
        fact = parsed.get((row.topic, row.key)) or parse_fact(row.topic, row.key, value_of[row.fact_id])
        known.setdefault(row.about, []).append((row.fact_id, fact))
    return {
        about: Facts(tuple(fact for _, fact in facts), max(facts, key=lambda pair: pair[0])[1])
        for about, facts in known.items()
    }


def subject_facts(facts: Iterable[Fact]) -> SubjectFacts:
    """The facts of one subject, sorted out."""
    listings, purchases = [], []
    totals: dict[int, list[ProviderTotal]] = {}
    for fact in facts:
        if isinstance(fact, FirstListing):
            listings.append(fact)
        elif isinstance(fact, FirstPurchase):
            purchases.append(fact)
        elif isinstance(fact, ProviderTotal):
            totals.setdefault(fact.year, []).append(fact)
    return SubjectFacts(tuple(listings), tuple(purchases), totals)


def exchange_totals(facts: Iterable[Fact]) -> dict[int, list[ExchangeTotal]]:
    """The totals of one exchange, by year."""
    totals: dict[int, list[ExchangeTotal]] = {}
    for fact in facts:
        if isinstance(fact, ExchangeTotal):
            totals.setdefault(fact.year, []).append(fact)
    return totals


def _earned(facts: Facts, basis: Basis) -> list[Entitlement]:
    if isinstance(facts.newest, ExchangeTotal):
        return exchange_awards(facts.newest.exchange, exchange_totals(facts.of), basis.exchanges, basis.policy)
    return subject_awards(facts.newest.party, subject_facts(facts.of), basis.policy)


def _load_awards(connection: Connection, abouts: Sequence[str], subjects: set[str]) -> dict[str, Award]:
    """Awards of these, and those that compete with them under G6: all of each subject, before and now."""
    of_these = connection.execute(
        text("SELECT * FROM award_current WHERE about = ANY(:abouts)"), {"abouts": list(abouts)}
    ).all()
    competing = connection.execute(
        text("SELECT * FROM award_current WHERE subject = ANY(:subjects) AND about <> ALL(:abouts)"),
        {"subjects": sorted(subjects | {row.subject for row in of_these}), "abouts": list(abouts)},
    ).all()
    return {row.award_id: award_from_row(row) for row in (*of_these, *competing)}


def award_from_row(row: Row[Any]) -> Award:
    """An award as a row of `award_current` or `award_version` has it."""
    return Award(
        award_id=row.award_id,
        about=row.about,
        rule=row.rule,
        article=row.article,
        policy_id=row.policy_id,
        policy_revision=row.policy_revision,
        subject=row.subject,
        subject_name=row.subject_name,
        exchange=row.exchange,
        year=row.year,
        base_fen=row.base_fen,
        rate=row.rate,
        cap_fen=row.cap_fen,
        ceiling_fen=row.ceiling_fen,
        payable_fen=row.payable_fen,
        suppressed_by=row.suppressed_by,
        flags=tuple(row.flags),
        evidence=tuple(
            Evidence(FactRef(item["fact"], item["generation"], item["seq"]), tuple(item["exchanges"]))
            for item in row.evidence
        ),
    )


def evidence_json(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Evidence as the contract shows it."""
    return [
        {
            "fact": item.ref.fact,
            "generation": item.ref.generation,
            "seq": item.ref.seq,
            "exchanges": list(item.exchanges),
        }
        for item in evidence
    ]


def _record_awards(connection: Connection, awards: Sequence[Award], instant: datetime) -> None:
    if not awards:
        return
    columns = ", ".join(AWARD_COLUMNS)
    rows = [
        {
            **msgspec.structs.asdict(award),
            "recorded_at": instant,
            "exchanges": award.exchanges,
            "evidence": evidence_json(award.evidence),
        }
        for award in awards
    ]
    # The version is the database's to count.
    connection.execute(
        text(
            f"INSERT INTO award_version ({columns})"
            f" SELECT {', '.join('coalesce(c.version + 1, 0)' if n == 'version' else f'a.{n}' for n in AWARD_COLUMNS)}"
            " FROM jsonb_populate_recordset(NULL::award_version, CAST(:rows AS jsonb)) a"
            " LEFT JOIN award_current c USING (award_id)"
        ),
        {"rows": _json(rows)},
    )


def _post(connection: Connection, postings: Sequence[Posting], instant: datetime) -> None:
    """Number the postings and insert them with their entries in one statement, as the ledger's triggers ask."""
    if not postings:
        return
    first = _next_seq(connection)
    transactions: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for seq, found in enumerate(postings, first):
        transactions.append(
            {
                **msgspec.structs.asdict(found),
                "seq": seq,
                "posted_at": instant,
                "kind": "entitlement",
                "entries": len(found.entries),
            }
        )
        entries.extend(
            {"seq": seq, "line": line, **msgspec.structs.asdict(entry)} for line, entry in enumerate(found.entries)
        )
    connection.execute(
        text(
            "WITH posted AS (INSERT INTO ledger_transaction SELECT * FROM"
            " jsonb_populate_recordset(NULL::ledger_transaction, CAST(:transactions AS jsonb)))"
            " INSERT INTO ledger_entry SELECT * FROM"
            " jsonb_populate_recordset(NULL::ledger_entry, CAST(:entries AS jsonb))"
        ),
        {"transactions": _json(transactions), "entries": _json(entries)},
    )


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
