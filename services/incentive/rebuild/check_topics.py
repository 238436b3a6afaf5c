"""The fact topics, read again from offset 0 and compared with the recorded facts."""

import hashlib
from collections.abc import Iterator
from typing import Final

from kafka.errors import KafkaError
from sqlalchemy import Connection

from services.incentive.domain.facts import TOPICS, FactError
from services.incentive.store.facts import FactRecord, read_record
from shared.kafka.positions import load_positions
from shared.kafka.replay import replay_records
from shared.operator_errors import OperatorError
from shared.postgres.query import copy_in, execute, stream
from shared.settings import ClientConfig
from shared.values.differences import Difference

_REPLAYED: Final = (
    'CREATE TEMPORARY TABLE IF NOT EXISTS replayed_fact (topic text COLLATE "C", key text COLLATE "C",'
    ' generation bigint, seq bigint, sha256 bytea, partition integer, "offset" bigint) ON COMMIT DROP'
)
# Compares the newest version of each key in the topic with the newest recorded one. A topic may have a version several
# times; the recorded value must be one of those.
_AGAINST_RECORDED: Final = """
    SELECT concat(CASE WHEN f.id IS NULL OR (t.generation, t.seq) > (f.generation, f.seq) THEN '丢失 / lost'
                       WHEN t.seq IS NULL OR (t.generation, t.seq) < (f.generation, f.seq) THEN '外来 / foreign'
                       ELSE '内容不同 / other content' END, ': ', topic, ' ', key),
           'generation ' || f.generation || ', seq ' || f.seq || ', fact ' || f.id,
           'generation ' || t.generation || ', seq ' || t.seq || ', ' || topic || '[' || t.partition || ']@' || "offset"
    FROM (SELECT DISTINCT ON (topic, key) * FROM replayed_fact
          ORDER BY topic, key, generation DESC, seq DESC, "offset") t
    FULL JOIN (SELECT DISTINCT ON (topic, key) topic, key, id, generation, seq, value FROM fact
               WHERE topic = ANY(%(topics)s) ORDER BY topic, key, generation DESC, seq DESC) f USING (topic, key)
    WHERE (t.generation, t.seq) IS DISTINCT FROM (f.generation, f.seq)
       OR NOT EXISTS (SELECT FROM replayed_fact s WHERE s.topic = t.topic AND s.key = t.key
                      AND s.generation = f.generation AND s.seq = f.seq AND s.sha256 = sha256(f.value))
    ORDER BY topic, key
"""


class BrokerUnavailableError(OperatorError):
    """The topics cannot be read now."""


def read_facts(
    connection: Connection, client_config: ClientConfig
) -> Iterator[tuple[list[FactRecord], list[Difference]]]:
    """The facts of the topics in batches, from offset 0 up to this database's positions, and other records."""
    positions = load_positions(connection)
    ends = {where: position.next_offset for where, position in positions.items() if position.topic in TOPICS}
    try:
        for records in replay_records(client_config, ends):
            found: list[FactRecord] = []
            faults = []
            for record in records:
                try:
                    found.append(read_record(record))
                except FactError as error:
                    where = f"{record.topic}[{record.partition}]@{record.offset}"
                    faults.append(Difference(where, str(error), "a fact"))
            yield found, faults
    except KafkaError as error:
        raise BrokerUnavailableError(f"消息系统不可用 / the broker does not answer as it should: {error!r}") from error


def compare_topics(connection: Connection, client_config: ClientConfig) -> Iterator[Difference]:
    """Compare the topics with the database: facts that it lacks (lost), and facts that they lack (foreign).

    Compaction removes older versions of a key, never its newest.
    """
    execute(connection, _REPLAYED)
    execute(connection, "TRUNCATE replayed_fact")
    for found, faults in read_facts(connection, client_config):
        yield from faults
        rows = (
            (one.topic, one.key, *one.version, hashlib.sha256(one.value).digest(), one.partition, one.offset)
            for one in found
        )
        copy_in(connection, "COPY replayed_fact FROM STDIN", rows)
    execute(connection, "CREATE INDEX IF NOT EXISTS replayed_fact_key ON replayed_fact (topic, key)")
    execute(connection, "ANALYZE replayed_fact")
    yield from stream(connection, _AGAINST_RECORDED, Difference, topics=list(TOPICS))
