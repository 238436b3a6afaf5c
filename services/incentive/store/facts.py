"""Facts in the ledger's database: recording new versions, and loading what is known of subjects and exchanges."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.declared_rules import group_by_items
from services.incentive.domain.entitlements import KnownFacts, known_facts
from services.incentive.domain.facts import (
    DECLARED,
    IS_COUNTED,
    Declaration,
    Fact,
    FactError,
    FactRef,
    Registers,
    about_of,
    is_counted,
    parse_fact,
)
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import AS_OF, joined_facts
from shared.kafka.handler import Record
from shared.postgres.binary_copy import RowFormat, bytes_field, copy_rows, pg_microseconds
from shared.postgres.query import fetch, pg_array, stream

_FACTS: Final = (
    "SELECT c.about, c.topic, c.key, f.id, {value} FROM fact_current c {facts}"
    " WHERE c.about = ANY(CAST(%(abouts)s AS text[])){of_topic} ORDER BY c.topic, c.key"
)
# A value has up to 5 KB and is stored compressed, so one that was just recorded is not read again.
_UNLESS_JUST_RECORDED: Final = "CASE WHEN f.recorded_at = %(just_now)s THEN NULL ELSE f.value END"
_ALL_FACTS: Final = (
    "SELECT c.about, f.id, f.topic, f.key, f.value"
    f" FROM (SELECT * FROM fact_current WHERE {IS_COUNTED}) c JOIN fact f ON f.id = c.fact_id"
    " ORDER BY c.about, c.topic, c.key"
)
# Declarations of subjects that share an item with one of these, directly or through others; the bureau declares few, so
# all are scanned.
_LINKED: Final = """
    WITH RECURSIVE declared AS MATERIALIZED (
        SELECT about, split_part(key, '/', 5) AS item FROM fact_current
        WHERE topic = %(topic)s AND split_part(key, '/', 3) = ANY(CAST(%(rules)s AS text[]))
    ), linked (about) AS (
        SELECT about FROM declared
        WHERE about = ANY(CAST(%(abouts)s AS text[])) OR item = ANY(CAST(%(items)s AS text[]))
        UNION
        SELECT other.about FROM linked JOIN declared USING (about) JOIN declared other USING (item)
    )
    SELECT c.key, f.value FROM linked JOIN fact_current c USING (about) {facts}
    WHERE c.topic = %(topic)s ORDER BY c.key
"""
# The same for the subject that reads: a function of the database leaves out who the others are.
_SHARED: Final = """
    SELECT key, value FROM shared_declarations(CAST(%(rules)s AS text[]), CAST(%(as_of)s AS timestamptz)) ORDER BY key
"""
_DECLARED: Final = """
    SELECT f.key, f.value FROM fact_current c JOIN fact f ON f.id = c.fact_id WHERE c.topic = %(topic)s ORDER BY f.key
"""
_RECORDED: Final = """
    SELECT c.topic, c.key, c.generation, c.seq FROM fact_current c
    JOIN unnest(CAST(%(topics)s AS text[]), CAST(%(keys)s AS text[])) AS n(topic, key) USING (topic, key)
"""
_VERSIONS_ABOUT: Final = f"""
    SELECT c.about, f.topic, f.key, f.value FROM fact_current c JOIN fact f USING (topic, key)
    WHERE c.about = ANY(CAST(%(abouts)s AS text[])) AND c.topic = %(topic)s AND f.recorded_at <= {AS_OF} ORDER BY f.id
"""
_VERSIONS: Final = """
    SELECT f.topic, f.key, f.value
    FROM unnest(CAST(%(facts)s AS text[]), CAST(%(generations)s AS bigint[]), CAST(%(seqs)s AS bigint[]))
        AS n(fact, generation, seq)
    JOIN fact f ON f.topic = split_part(n.fact, '/', 1) AND f.key = substr(n.fact, strpos(n.fact, '/') + 1)
        AND f.generation = n.generation AND f.seq = n.seq
"""
_FACT_ROW: Final = RowFormat(
    "fact",
    ("generation", "seq", "partition", "offset", "received_at", "recorded_at", "topic", "key", "about", "value"),
    ("int8", "int8", "int4", "int8", "timestamptz", "timestamptz"),
)


class FactRecord(NamedTuple):
    """A fact as it came from Kafka. A declaration came another way: its `offset` is its number."""

    fact: Fact
    topic: str
    key: str
    about: str
    value: bytes
    partition: int
    offset: int
    received_at: datetime

    @property
    def version(self) -> tuple[int, int]:
        return self.fact.generation, self.fact.seq


class JustRecorded(NamedTuple):
    """Facts that this transaction recorded as of an instant, by topic and key."""

    facts: Mapping[tuple[str, str], Fact]
    at: datetime | None  # None: there are none


NOTHING_RECORDED: Final = JustRecorded({}, None)


def read_record(record: Record) -> FactRecord:
    """Decode a record of a fact topic. Raises FactError, naming the record's position."""
    where = f"{record.topic}[{record.partition}]@{record.offset}"
    if record.key is None or record.value is None:
        raise FactError(f"{where}: a fact has a key and a value")
    try:
        key = record.key.decode()
        fact = parse_fact(record.topic, key, record.value)
    except ValueError as error:
        raise FactError(f"{where}: {error}") from error
    received_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=record.timestamp)
    return FactRecord(
        fact, record.topic, key, about_of(fact), record.value, record.partition, record.offset, received_at
    )


def newer_facts(connection: Connection, records: Iterable[FactRecord]) -> list[FactRecord]:
    """The newest record of each key, if it is newer than the recorded one."""
    newest: dict[tuple[str, str], FactRecord] = {}
    for record in records:
        known = newest.get((record.topic, record.key))
        if known is None or record.version > known.version:
            newest[record.topic, record.key] = record
    if not newest:
        return []
    topics, keys = pg_array(topic for topic, _ in newest), pg_array(key for _, key in newest)
    rows = fetch(connection, _RECORDED, tuple[str, str, int, int], topics=topics, keys=keys)
    recorded = {(topic, key): (generation, seq) for topic, key, generation, seq in rows}
    return [record for where, record in newest.items() if record.version > recorded.get(where, (0, 0))]


def record_facts(connection: Connection, records: Iterable[FactRecord], instant: datetime) -> None:
    """Insert versions of facts as of an instant."""
    recorded_at = pg_microseconds(instant)
    rows = (
        _FACT_ROW.pack_fixed(*one.version, one.partition, one.offset, pg_microseconds(one.received_at), recorded_at)
        + b"".join(bytes_field(text) for text in (one.topic.encode(), one.key.encode(), one.about.encode(), one.value))
        for one in records
    )
    copy_rows(connection, _FACT_ROW.copy_sql, rows)


def load_facts(
    connection: Connection,
    abouts: Sequence[str],
    registers: Registers,
    as_of: datetime | None = None,
    topic: str | None = None,
    just_recorded: JustRecorded = NOTHING_RECORDED,
) -> dict[str, KnownFacts]:
    """The newest version of every fact that counts about each of `abouts`, now or as of an instant.

    None for `topic`: of all topics.
    """
    if not abouts:
        return {}
    of_topic = "" if topic is None else " AND c.topic = %(topic)s"
    value_sql = "f.value" if just_recorded.at is None else _UNLESS_JUST_RECORDED
    statement = _FACTS.format(value=value_sql, facts=joined_facts(as_of), of_topic=of_topic)
    asked = {"abouts": pg_array(abouts), "topic": topic, "as_of": as_of, "just_now": just_recorded.at}
    known: dict[str, list[tuple[int, Fact]]] = {}
    for about, name, key, fact_id, value in fetch(
        connection, statement, tuple[str, str, str, int, bytes | None], **asked
    ):
        if is_counted(name, key, registers):
            fact = just_recorded.facts[name, key] if value is None else parse_fact(name, key, value)
            known.setdefault(about, []).append((fact_id, fact))
    return {about: known_facts(facts) for about, facts in known.items()}


def facts_at(connection: Connection, refs: Collection[FactRef]) -> dict[FactRef, Fact]:
    """The facts as of these references; those that are not recorded are left out."""
    facts = (parse_fact(*row) for row in _values_at(connection, refs))
    return {fact.ref: fact for fact in facts}


def fact_values_at(connection: Connection, refs: Collection[FactRef]) -> dict[FactRef, bytes]:
    """The values of facts as published, as of these references; those that are not recorded are left out."""
    return {parse_fact(topic, key, value).ref: value for topic, key, value in _values_at(connection, refs)}


def _values_at(connection: Connection, refs: Collection[FactRef]) -> Sequence[tuple[str, str, bytes]]:
    asked = {
        "facts": [ref.fact for ref in refs],
        "generations": [ref.generation for ref in refs],
        "seqs": [ref.seq for ref in refs],
    }
    return fetch(connection, _VERSIONS, tuple[str, str, bytes], **asked)


def fact_versions(
    connection: Connection, topic: str, abouts: Collection[str], registers: Registers, as_of: datetime | None
) -> dict[str, list[Fact]]:
    """Every version of the facts that count of a topic about subjects, in the order in which they were recorded."""
    found: dict[str, list[Fact]] = {}
    asked = {"abouts": pg_array(abouts), "topic": topic, "as_of": as_of}
    for about, of_topic, key, value in fetch(connection, _VERSIONS_ABOUT, tuple[str, str, str, bytes], **asked):
        if is_counted(of_topic, key, registers):
            found.setdefault(about, []).append(parse_fact(of_topic, key, value))
    return found


def load_linked(
    connection: Connection,
    known: Mapping[str, KnownFacts],
    policy: Policy,
    as_of: datetime | None = None,
    *,
    for_subject: bool = False,
) -> dict[str, tuple[Declaration, ...]]:
    """The declarations of each group of subjects that share items (G11), by subject: the groups of those in `known`.

    `for_subject`: the snapshot is of a subject, who is not shown who the others are.
    """
    rules = policy.item_rules
    abouts = [
        about
        for about, facts in known.items()
        if any(isinstance(one, Declaration) and one.rule in rules for one in facts.of)
    ]
    if not abouts:  # true of nearly all
        return {}
    if for_subject:
        rows = fetch(connection, _SHARED, tuple[str, bytes], rules=list(rules), as_of=as_of)
        return group_by_items(_declarations(rows), rules)
    return group_by_items(load_sharing(connection, policy, abouts, (), as_of), rules)


def load_sharing(
    connection: Connection,
    policy: Policy,
    abouts: Collection[str],
    items: Collection[str],
    as_of: datetime | None = None,
) -> list[Declaration]:
    """The declarations of all subjects that share items with one of `abouts`, or declared one of `items` (G11).

    They may share them through others. Those of `abouts` are among them.
    """
    statement = _LINKED.format(facts=joined_facts(as_of))
    rules = list(policy.item_rules)
    asked = {"topic": DECLARED, "rules": rules, "abouts": list(abouts), "items": list(items), "as_of": as_of}
    return list(_declarations(fetch(connection, statement, tuple[str, bytes], **asked)))


def _declarations(rows: Iterable[tuple[str, bytes]]) -> Iterator[Declaration]:
    facts = (parse_fact(DECLARED, key, value) for key, value in rows)
    return (fact for fact in facts if isinstance(fact, Declaration))


def all_facts(
    connection: Connection, registers: Registers, item_rules: Collection[str]
) -> Iterator[tuple[str, KnownFacts]]:
    """All facts that count, grouped by what they are about; streamed from one snapshot.

    `item_rules` are the rules by which subjects can share items.
    """
    declared = _declarations(fetch(connection, _DECLARED, tuple[str, bytes], topic=DECLARED))
    groups = group_by_items(declared, item_rules)
    counted = None if registers is None else list(registers)
    rows = stream(connection, _ALL_FACTS, tuple[str, int, str, str, bytes], registers=counted)
    for about, of_it in groupby(rows, key=lambda row: row[0]):
        facts = known_facts((fact_id, parse_fact(topic, key, value)) for _, fact_id, topic, key, value in of_it)
        yield about, facts.with_linked(about, groups)
