"""`jiangbu archive`: every record once, whatever interrupts it; read by DuckDB as it stands."""

from __future__ import annotations

import json
import random
import uuid
from hashlib import sha256
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.archive import records
from deploy.archive.records import archive_records
from deploy.archive.store import MANIFEST, ArchiveStore
from shared.kafka.partition_state import RecordLossError
from shared.operator_errors import OperatorError
from shared.settings import KafkaSettings
from tests.support.engines.failing_storage import HARMS, Harm, failing_storage
from tests.support.engines.object_storage import BUCKET, object_storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARCH_MS, APRIL_MS = 1_772_400_000_000, 1_775_100_000_000
GIANT = b"x" * (300 * 1024)
_LARGE_BYTES = 25 << 20  # more than two parts of an upload


class Exchange:
    """An exchange with a topic of trades that are sent in turn."""

    def __init__(self, kafka: str) -> None:
        self.id = f"ar-{uuid.uuid4().hex[:8]}"
        self.topic = f"exchange.{self.id}.trades.v1"
        self.settings = KafkaSettings((kafka,))
        self._kafka = kafka

    def make_topic(self) -> None:
        with KafkaAdminClient(bootstrap_servers=self._kafka) as admin:
            admin.create_topics([NewTopic(self.topic, 1, 1, topic_configs={"retention.ms": "-1"})])

    def delete_topic(self) -> None:
        with KafkaAdminClient(bootstrap_servers=self._kafka) as admin:
            admin.delete_topics([self.topic])

    def send(self, *values: bytes | None, timestamp_ms: int = MARCH_MS) -> None:
        producer = KafkaProducer(bootstrap_servers=self._kafka, max_request_size=1 << 20)
        for value in values:
            producer.send(self.topic, value, b"k", [("ce_id", b"\xff"), ("empty", b"")], timestamp_ms=timestamp_ms)
        producer.close()

    def send_and_abort(self, value: bytes) -> None:
        producer = KafkaProducer(bootstrap_servers=self._kafka, transactional_id=self.id)
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(self.topic, value)
        producer.abort_transaction()
        producer.close()


@pytest.fixture
def exchange(kafka: str) -> Iterator[Exchange]:
    exchange = Exchange(kafka)
    exchange.make_topic()
    yield exchange
    exchange.delete_topic()


def archived(folder: Path, exchange: Exchange) -> list[tuple[int, bytes | None, str, str | None]]:
    """Read offset, value, month and why set aside, by DuckDB, which sees every file in the folders."""
    files = folder / f"records/kind=trade/exchange={exchange.id}/*/*.parquet"
    query = f"SELECT \"offset\", value, month, set_aside FROM read_parquet('{files}', hive_partitioning = true)"
    return sorted(duckdb.sql(query).fetchall())


def bring_up_to_date(place: Path | str, exchange: Exchange) -> ArchiveStore:
    store = ArchiveStore(str(place))
    list(archive_records(store, exchange.settings, [exchange.id]))
    return store


def test_records_are_archived_once_in_as_many_runs_as_one_likes(exchange: Exchange, tmp_path: Path) -> None:
    exchange.send(b"1", None, b"")
    exchange.send_and_abort(b"never")
    exchange.send(GIANT, timestamp_ms=APRIL_MS)
    bring_up_to_date(tmp_path, exchange)
    bring_up_to_date(tmp_path, exchange)
    exchange.send(b"2", timestamp_ms=APRIL_MS)
    store = bring_up_to_date(tmp_path, exchange)
    found = archived(tmp_path, exchange)
    assert [(value and value[:9], str(month)[:7], why) for _, value, month, why in found] == [
        (b"1", "2026-03", None),
        (None, "2026-03", None),
        (b"", "2026-03", None),
        (b"x" * 9, "2026-04", "too_large"),
        (b"2", "2026-04", None),
    ]
    assert store.manifest.topics[f"{exchange.topic}/0"].next_offset > found[-1][0]
    mine = [file for file in store.manifest.files if exchange.id in file.path]
    assert len(mine) == 3
    for file in mine:
        assert sha256((tmp_path / file.path).read_bytes()).hexdigest() == file.sha256
    [giant] = [file for file in mine if "2026-04" in file.path and "0-0-" in file.path]
    row = pq.read_table(tmp_path / giant.path, partitioning=None).to_pylist()[0]
    assert (row["value_size"], row["value_sha256"]) == (len(GIANT), sha256(GIANT).digest())
    assert row["headers"] == [{"name": "ce_id", "value": b"\xff"}, {"name": "empty", "value": b""}]


def test_a_run_that_was_interrupted_leaves_nothing_twice(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_and_continue(tmp_path, tmp_path, exchange, monkeypatch)


def test_so_does_one_into_object_storage(
    exchange: Exchange, extended: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_storage(tmp_path / "storage") as storage:
        for name, value in storage.environment.items():
            monkeypatch.setenv(name, value)
        place = f"s3://{BUCKET}/of kunming/市"
        interrupt_and_continue(place, storage.bucket / "of kunming" / "市", exchange, monkeypatch)
        with pytest.raises(OperatorError, match="not a place for an archive"):
            ArchiveStore("s3://no-such-bucket/archive")
        monkeypatch.setenv("BUCKET_SECRET_KEY", "wrong")
        with pytest.raises(OperatorError, match="not a place for an archive"):
            ArchiveStore(place)


@pytest.mark.parametrize("harm", HARMS)
def test_a_part_that_fails_on_its_way_to_object_storage_is_sent_again(
    extended: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Harm
) -> None:
    """A large file is uploaded in parts, and read back for its digest."""
    content = random.Random(1).randbytes(_LARGE_BYTES)
    with object_storage(tmp_path / "storage") as storage, failing_storage(storage) as proxy:
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        store = ArchiveStore(f"s3://{BUCKET}/archive")
        if harm != "answer cut":  # that to a part is short
            proxy.fail(b"PUT .*partNumber=", harm, times=2)
        with store.parquet_writer("records/1.parquet", pa.schema([("value", pa.binary())])) as writer:
            writer.write_table(pa.table({"value": [content]}))
        proxy.fail(b"GET .*1\\.parquet", harm, times=2)
        store.add("records/1.parquet", 1)
        assert proxy.failing == []
        written = (storage.bucket / "archive" / "records" / "1.parquet").read_bytes()
        assert [file.sha256 for file in store.manifest.files] == [sha256(written).hexdigest()]
        assert pq.read_table(pa.BufferReader(written)).to_pylist() == [{"value": content}]


def interrupt_and_continue(
    place: Path | str, folder: Path, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archive to a place, whose files can be read in a folder."""
    monkeypatch.setattr(records, "SPAN_OFFSETS", 2)
    exchange.send(*(str(number).encode() for number in range(5)))

    def fail_the_second_time(store: ArchiveStore) -> None:
        if len([file for file in store.manifest.files if exchange.id in file.path]) > 1:
            raise InterruptedError
        commit(store)

    commit = ArchiveStore.commit
    with monkeypatch.context() as patched:
        patched.setattr(ArchiveStore, "commit", fail_the_second_time)
        with pytest.raises(InterruptedError):
            bring_up_to_date(place, exchange)
    assert len(archived(folder, exchange)) == 4  # two of them in a file that the manifest does not name
    bring_up_to_date(place, exchange)
    assert [value for _, value, _, _ in archived(folder, exchange)] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_topic_that_was_made_again_is_told(exchange: Exchange, tmp_path: Path) -> None:
    exchange.send(b"1", b"2")
    bring_up_to_date(tmp_path, exchange)
    manifest = json.loads((tmp_path / MANIFEST).read_text("utf-8"))
    manifest["topics"][f"{exchange.topic}/0"]["topic_id"] = "another"
    (tmp_path / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(RecordLossError, match="recreated"):
        bring_up_to_date(tmp_path, exchange)
