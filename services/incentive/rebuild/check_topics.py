"""The fact topics, read again from offset 0 and compared with the recorded facts."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from kafka.errors import KafkaError
from sqlalchemy import Connection

from services.incentive.domain.facts import TOPICS, FactError
from services.incentive.store.facts import FactRecord, read_record
from shared.disk_rows import DiskRows, full_join
from shared.kafka.positions import load_positions
from shared.kafka.replay import replay_records
from shared.operator_errors import OperatorError
from shared.postgres.query import stream
from shared.settings import ClientConfig
from shared.values.differences import Difference

_RECORDED: Final = """
    SELECT DISTINCT ON (topic, key) topic, key, id, generation, seq, sha256(value) AS sha256 FROM fact
    WHERE topic = ANY(%(topics)s) ORDER BY topic, key, generation DESC, seq DESC
"""


class _Recorded(NamedTuple):
    """The newest recorded version of a fact."""

    topic: str
    key: str
    id: int
    generation: int
    seq: int
    sha256: bytes


class _Replayed(NamedTuple):
    """A version of a fact in its topic. A topic may have a version several times, also with other bytes."""

    topic: str
    key: str
    generation: int
    seq: int
    offset: int
    partition: int
    sha256: bytes


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
    replayed = DiskRows[_Replayed](len(_Replayed._fields), _Replayed._make)
    for found, faults in read_facts(connection, client_config):
        yield from faults
        for one in found:
            digest = hashlib.sha256(one.value).digest()
            replayed.add(_Replayed(one.topic, one.key, *one.version, one.offset, one.partition, digest))
    in_topics = (list(versions) for _, versions in groupby(replayed, itemgetter(0, 1)))
    recorded = stream(connection, _RECORDED, _Recorded, topics=list(TOPICS))
    for _, versions, fact in full_join(in_topics, recorded, lambda versions: versions[0][:2], itemgetter(0, 1)):
        yield from _compared(versions or [], fact)


def _compared(versions: Sequence[_Replayed], fact: _Recorded | None) -> Iterator[Difference]:
    """Compare the newest version of a key in its topic with the newest recorded one, which must be among the former."""
    newest = max((one[2:4] for one in versions), default=None)
    recorded = None if fact is None else (fact.generation, fact.seq)
    with_bytes = [one for one in versions if fact is not None and one.sha256 == fact.sha256]
    if newest == recorded and any(one[2:4] == recorded for one in with_bytes):
        return
    first = next((one for one in versions if one[2:4] == newest), None)
    if newest is not None and (recorded is None or newest > recorded):
        what = "丢失 / lost"
    elif newest != recorded:
        what = "外来 / foreign"
    else:
        what = "内容不同 / other content"
    topic, key = (first or fact or ("", ""))[:2]
    stored = fact and f"generation {fact.generation}, seq {fact.seq}, fact {fact.id}"
    place = first and f"{topic}[{first.partition}]@{first.offset}"
    expected = first and f"generation {first.generation}, seq {first.seq}, {place}"
    yield Difference(f"{what}: {topic} {key}", stored, expected)
