"""The fact topics, read again from offset 0 and compared with the recorded facts."""

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from kafka.errors import KafkaError
from sqlalchemy import Connection

from services.incentive.domain.facts import TOPICS, FactError
from services.incentive.store.facts import FactRecord, read_record
from shared.kafka.handler import Record
from shared.kafka.positions import load_positions
from shared.kafka.replay import replay_records
from shared.operator_errors import OperatorError
from shared.postgres.query import copy_in, execute, fetch
from shared.settings import ClientConfig
from shared.values.differences import Difference

_REPLAYED: Final = (
    'CREATE TEMPORARY TABLE IF NOT EXISTS replayed_fact (topic text COLLATE "C", key text COLLATE "C",'
    ' generation bigint, seq bigint, sha256 bytea, partition integer, "offset" bigint) ON COMMIT DROP'
)
_KINDS: Final = {
    "lost": "丢失 / lost:",
    "foreign": "外来 / foreign:",
    "other content": "内容不同 / other content:",
}
# Compares the newest version of each key in the topic with the newest recorded one. A topic may have a version several
# times; the recorded value must be one of those.
_AGAINST_RECORDED: Final = """
    SELECT topic, key, t.generation AS t_generation, t.seq AS t_seq, t.partition, t."offset",
           f.id, f.generation, f.seq,
           CASE WHEN f.id IS NULL OR (t.generation, t.seq) > (f.generation, f.seq) THEN 'lost'
                WHEN t.seq IS NULL OR (t.generation, t.seq) < (f.generation, f.seq) THEN 'foreign'
                ELSE 'other content' END AS kind
    FROM (SELECT DISTINCT ON (topic, key) * FROM replayed_fact
          ORDER BY topic, key, generation DESC, seq DESC, "offset") t
    FULL JOIN (SELECT DISTINCT ON (topic, key) topic, key, id, generation, seq, value FROM fact
               WHERE topic = ANY(%(topics)s) ORDER BY topic, key, generation DESC, seq DESC) f USING (topic, key)
    WHERE (t.generation, t.seq) IS DISTINCT FROM (f.generation, f.seq)
       OR NOT EXISTS (SELECT FROM replayed_fact s WHERE s.topic = t.topic AND s.key = t.key
                      AND s.generation = f.generation AND s.seq = f.seq AND s.sha256 = sha256(f.value))
    ORDER BY topic, key
    """


class _TopicRow(NamedTuple):
    """A key whose newest version in the topic is not the one recorded."""

    topic: str
    key: str
    t_generation: int | None
    t_seq: int | None
    partition: int | None
    offset: int | None
    id: int | None
    generation: int | None
    seq: int | None
    kind: str


class BrokerUnavailableError(OperatorError):
    """The topics cannot be read now."""


def read_recorded_topics(connection: Connection, client_config: ClientConfig) -> Iterator[list[Record]]:
    """The fact topics from offset 0 up to the positions of this database."""
    positions = load_positions(connection)
    ends = {where: position.next_offset for where, position in positions.items() if position.topic in TOPICS}
    try:
        yield from replay_records(client_config, ends)
    except KafkaError as error:
        raise BrokerUnavailableError(f"消息系统不可用 / the broker does not answer as it should: {error!r}") from error


def compare_topics(connection: Connection, client_config: ClientConfig) -> Iterator[Difference]:
    """Compare the topics with the database: facts that it lacks (lost), and facts that they lack (foreign).

    Compaction removes older versions of a key, never its newest.
    """
    execute(connection, _REPLAYED)
    execute(connection, "TRUNCATE replayed_fact")
    for records in read_recorded_topics(connection, client_config):
        found: list[FactRecord] = []
        for record in records:
            try:
                found.append(read_record(record))
            except FactError as error:
                yield Difference(f"{record.topic}[{record.partition}]@{record.offset}", str(error), "a fact")
        _keep(connection, found)
    execute(connection, "CREATE INDEX IF NOT EXISTS replayed_fact_key ON replayed_fact (topic, key)")
    execute(connection, "ANALYZE replayed_fact")
    for row in fetch(connection, _AGAINST_RECORDED, _TopicRow, topics=list(TOPICS)):
        yield _difference(row)


def _difference(row: _TopicRow) -> Difference:
    recorded = published = None
    if row.id is not None:
        recorded = f"generation {row.generation}, seq {row.seq}, fact {row.id}"
    if row.t_seq is not None:
        published = f"generation {row.t_generation}, seq {row.t_seq}, {row.topic}[{row.partition}]@{row.offset}"
    return Difference(f"{_KINDS[row.kind]} {row.topic} {row.key}", recorded, published)


def read_facts(connection: Connection, client_config: ClientConfig) -> Iterator[list[FactRecord]]:
    """The facts of the topics in batches; `compare_topics` has reported records that are no facts."""
    for records in read_recorded_topics(connection, client_config):
        yield [fact for record in records if (fact := _fact_or_none(record)) is not None]


def _fact_or_none(record: Record) -> FactRecord | None:
    try:
        return read_record(record)
    except FactError:
        return None


def _keep(connection: Connection, records: list[FactRecord]) -> None:
    rows = (
        (one.topic, one.key, *one.version, hashlib.sha256(one.value).digest(), one.partition, one.offset)
        for one in records
    )
    copy_in(connection, "COPY replayed_fact FROM STDIN", rows)
