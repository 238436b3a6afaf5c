"""`jiangbu backup` and `jiangbu restore`: a set with events flowing, from its backup into empty engines.

The backup is in S3-compatible storage, on a server whose objects are also files of a folder.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from click.testing import CliRunner
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.__main__ import main as jiangbu
from deploy.backup.bucket_store import BucketStore
from deploy.backup.manifest import Vault
from deploy.backup.sealed import DamagedObjectError, load_backup_key
from deploy.backup.server_restore import await_recovered, choose_base, restore_files
from deploy.backup.stores import FolderStore
from deploy.databases import database_of
from devset.postgres import Postgres, postgres_account, postgres_binaries
from devset.processes import free_ports
from shared.operator_errors import OperatorError
from tests.support.consumer_program import Place
from tests.support.engines.object_storage import BUCKET, ObjectStorage, object_storage
from tests.support.engines.session import NOT_FOR_POWER_FAILURES, new_broker
from tests.support.paths import ROOT
from tests.support.registers.web_register import SIDES
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devset.kafka import Kafka
    from shared.settings import Service
    from tests.support.forked_programs import ForkServer

SERVICES: tuple[Service, ...] = ("listing", "trade-ingest", "incentive")
TOPIC = "exchange.kmdex.listings.v1"
WITHIN_S = 600.0  # two sets beside each other on a busy machine


@dataclass
class Set:
    """Both engines and the consumers of all services."""

    postgres: Postgres
    broker: Kafka
    fork_server: ForkServer
    folder: Path
    storage: ObjectStorage
    members: list[Place] = field(default_factory=list)
    sent: int = 0

    def prepare(self, *, is_new: bool) -> None:
        for service in SERVICES:
            folder = self.folder / service
            folder.mkdir(parents=True)
            member = Place(service, folder, self.postgres, self.broker.bootstrap_servers, self.fork_server)
            member.name, member.register, member.exchange = database_of(service), "r1", "kmdex"
            member.exchanges_file.write_bytes((ROOT / "exchanges.yaml").read_bytes())
            if is_new:
                member.prepare()
            self.members.append(member)

    def consume(self) -> None:
        for member in self.members:
            member.run("consume", CHECKPOINT_INTERVAL="0.3")

    def stop(self) -> None:
        for member in self.members:
            code, _ = member.started[-1].terminate()
            assert code == 0, member.started[-1].log_file.read_text("utf-8")

    def end(self) -> None:
        for member in self.members:
            member.end()

    def send(self, count: int, outcome: str | None = None) -> None:
        """Send listings, in a transaction that is committed or aborted if an outcome is given."""
        options = {} if outcome is None else {"transactional_id": "an exchange"}
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap_servers, compression_type="gzip", **options)
        if outcome is not None:
            producer.init_transactions()
            producer.begin_transaction()
        for number in range(self.sent, self.sent + count):
            event = SIDES["listing"].event("kmdex", f"L{number}")
            producer.send(TOPIC, event, key=b"k%d" % number, headers=[("trace", b"%d" % number)], partition=number % 2)
        producer.flush()
        if outcome is not None:
            getattr(producer, f"{outcome}_transaction")()
        producer.close()
        self.sent += count

    def listings(self) -> int:
        return int(self.ask("listing", "SELECT count(*) FROM listing"))

    def ask(self, service: Service, statement: str) -> object:
        with psycopg.connect(self.postgres.url(database_of(service))) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        return row[0]

    def jiangbu(self, *arguments: str) -> tuple[int, str]:
        environment = {
            "DATABASE_ADMIN_URL": self.postgres.url(),
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "EXCHANGES_FILE": str(ROOT / "exchanges.yaml"),
            "LC_ALL": "en_US.UTF-8",
            **self.storage.environment,
        }
        result = CliRunner().invoke(jiangbu, arguments, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    def records(self) -> list[tuple[object, ...]]:
        """Return everything that readers see of the exchange's topic, and the bounds of its partitions."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.broker.bootstrap_servers, isolation_level="read_committed", enable_auto_commit=False
        )
        partitions = [TopicPartition(TOPIC, number) for number in sorted(consumer.partitions_for_topic(TOPIC))]
        consumer.assign(partitions)
        first, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        found: list[tuple[object, ...]] = [(one, first[one], ends[one]) for one in partitions]
        while any(consumer.position(one) < ends[one] for one in partitions):
            for records in consumer.poll(timeout_ms=200).values():
                found += [
                    (one.partition, one.offset, one.timestamp, one.key, one.value, one.headers) for one in records
                ]
        consumer.close()
        return sorted(found, key=repr)


def new_postgres(folder: Path) -> Postgres:
    folder.mkdir(parents=True)
    return Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log", settings=NOT_FOR_POWER_FAILURES)


@pytest.fixture(scope="module")
def backed_up(engine_folder: Path, fork_server: ForkServer, extended: None) -> Iterator[BackedUp]:
    """A set with two backups: the second continues the first."""
    folder = engine_folder / "backup"
    with ExitStack() as stack:
        storage = stack.enter_context(object_storage(engine_folder / "storage"))
        running = Set(new_postgres(folder), new_broker(folder / "kafka"), fork_server, folder / "members", storage)
        stack.callback(running.end)
        for engine in (running.postgres, running.broker):
            stack.callback(engine.stop)
            engine.start()
        running.prepare(is_new=True)
        found = BackedUp(running, folder)
        found.make()
        yield found


@dataclass
class BackedUp:
    """A running set and its backups: at an address, which is a folder of the storage."""

    set: Set
    folder: Path
    before: datetime | None = None  # an instant between the two backups
    listings_before: int = 0
    told: list[str] = field(default_factory=list)
    address: str = f"s3://{BUCKET}/set one"

    @property
    def place(self) -> Path:
        return self.set.storage.bucket / "set one"

    @property
    def vault(self) -> Vault:
        return Vault(FolderStore(self.place), load_backup_key(self.folder / "key"))

    @property
    def options(self) -> tuple[str, ...]:
        return ("--key", str(self.folder / "key"))

    def make(self) -> None:
        running = self.set
        running.consume()
        assert running.jiangbu("backup", "key", str(self.folder / "key"))[0] == 0
        running.send(40)
        running.send(3, "abort")
        running.send(5, "commit")
        until(lambda: running.listings() == 45, WITHIN_S)
        self.run()
        self.before, self.listings_before = datetime.now(UTC), running.listings()
        running.send(4, "commit")
        running.send(1, "abort")
        until(lambda: running.listings() == 49, WITHIN_S)
        until(lambda: running.ask("incentive", "SELECT count(*) FROM fact") > 0, WITHIN_S)
        self.run()

    def run(self) -> None:
        code, told = self.set.jiangbu("backup", "--to", self.address, *self.options)
        assert code == 0, told
        self.told.append(told)


def give_to_postgres(server: Postgres) -> None:
    account = postgres_account()
    for one in (server.directory, server.data, server.password_file) if account else ():
        os.chown(one, account.pw_uid, account.pw_gid)


def restored_into(backed_up: BackedUp, name: str, stack: ExitStack, *options: str) -> tuple[Set, str]:
    """Restore into new engines with `jiangbu restore`; PostgreSQL is started once its files are in place."""
    folder = backed_up.folder / name
    fork_server, storage = backed_up.set.fork_server, backed_up.set.storage
    there = Set(new_postgres(folder), new_broker(folder / "kafka"), fork_server, folder / "members", storage)
    data = there.postgres.data
    data.mkdir(parents=True)
    shutil.copy(backed_up.set.postgres.password_file, there.postgres.password_file)
    give_to_postgres(there.postgres)
    stack.callback(there.end)
    stack.callback(there.broker.stop)
    stack.callback(there.postgres.stop)
    there.broker.start()
    arguments = ("restore", "--from", backed_up.address, *backed_up.options, "--data", str(data), "--yes", *options)
    with ThreadPoolExecutor(1) as pool:
        restoring = pool.submit(there.jiangbu, *arguments)
        # An operator starts it when the command says so.
        until(lambda: restoring.done() or (data / "recovery.signal").exists(), WITHIN_S)
        there.postgres.launch()
        code, told = restoring.result()
    assert code == 0, told
    there.prepare(is_new=False)
    return there, told


def test_a_set_is_restored_into_empty_engines(backed_up: BackedUp) -> None:
    with ExitStack() as stack:
        there, told = restored_into(backed_up, "all", stack)
        assert "the logs agree with the checkpoints of the backup" in told
        assert f"{TOPIC}: 49 records at their old offsets" in told
        assert there.records() == backed_up.set.records()
        assert there.listings() == 49
        there.consume()
        there.sent = 1000
        there.send(2)
        until(lambda: there.listings() == 51, WITHIN_S)
        until(lambda: there.ask("listing", "SELECT count(*) FROM outbox") == 0, WITHIN_S)
        there.stop()
        for member in there.members:
            verified = member.run("rebuild", "--verify")
            assert verified.process.wait(180) == 0, verified.log_file.read_text("utf-8")


def test_the_databases_are_restored_as_they_were_between_two_backups(backed_up: BackedUp) -> None:
    """In a drill beside the running set, which reads the later records again, from a copy of the backup in a folder."""
    before = backed_up.before
    assert before is not None
    with ExitStack() as stack:
        broker = new_broker(backed_up.folder / "drill-kafka")
        stack.callback(broker.stop)
        broker.start()
        account = postgres_account()
        options = () if account is None else ("--account", account.pw_name)
        programs = ("--postgres-programs", str(postgres_binaries()), "--broker", broker.bootstrap_servers)
        until_then = ("--until", before.isoformat())
        folder = shutil.copytree(backed_up.place, backed_up.folder / "copy")
        place = ("--from", str(folder), *backed_up.options)
        code, told = backed_up.set.jiangbu("backup", "drill", *place, *programs, *until_then, *options)
        assert code == 0, told
        assert "the drill succeeded" in told
        assert "databases recovered" in told


def test_databases_end_at_the_instant_that_is_asked_for(backed_up: BackedUp) -> None:
    manifest = backed_up.vault.manifest()
    server = new_postgres(backed_up.folder / "instant")
    server.data.mkdir(parents=True)
    shutil.copy(backed_up.set.postgres.password_file, server.password_file)
    give_to_postgres(server)
    restore_files(backed_up.vault, manifest.server, server.data, backed_up.before)
    try:
        server.launch()
        await_recovered(server.url(), server.data, 120)
        with psycopg.connect(server.url("listing")) as connection:
            assert connection.execute("SELECT count(*) FROM listing").fetchone() == (backed_up.listings_before,)
    finally:
        server.stop()
    with pytest.raises(OperatorError, match="the backup ends at"):
        choose_base(manifest.server, datetime.now(UTC))
    with pytest.raises(OperatorError, match="the earliest instant"):
        choose_base(manifest.server, datetime(2020, 1, 1, tzinfo=UTC))


def verified(backed_up: BackedUp, *key: str) -> tuple[int, str]:
    return backed_up.set.jiangbu("backup", "verify", "--from", backed_up.address, *(key or backed_up.options))


def test_damage_of_any_object_is_found_and_named(backed_up: BackedUp) -> None:
    assert verified(backed_up)[0] == 0
    parts = backed_up.vault.manifest().parts()
    for part in parts:
        path = backed_up.place / part.name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(DamagedObjectError, match=part.name):
            backed_up.vault.get(part)
        path.write_bytes(content)
    changed = [backed_up.place / parts[number].name for number in (0, -1)]
    contents = [path.read_bytes() for path in changed]
    changed[0].write_bytes(contents[0][:-5])
    changed[1].unlink()
    code, told = verified(backed_up)
    assert (code, "2 faults" in told) == (1, True)
    assert all(parts[number].name in told for number in (0, -1))
    for path, content in zip(changed, contents, strict=True):
        path.write_bytes(content)


def test_a_wrong_key_is_refused(backed_up: BackedUp) -> None:
    other = backed_up.folder / "other-key"
    assert backed_up.set.jiangbu("backup", "key", str(other))[0] == 0
    code, told = verified(backed_up, "--key", str(other))
    assert (code, "was encrypted with key" in told) == (1, True), told


def test_an_interrupted_run_leaves_the_previous_backup_whole(backed_up: BackedUp, monkeypatch) -> None:
    """Only the next run removes nothing and has everything."""
    write = BucketStore.write
    written = []

    def interrupted(store: BucketStore, name: str, content: bytes) -> None:
        if name.startswith("manifests/"):
            raise OSError("the disk is full")
        written.append(name)
        write(store, name, content)

    before = backed_up.vault.manifest()
    with monkeypatch.context() as patch:
        patch.setattr(BucketStore, "write", interrupted)
        command = ("backup", "--to", backed_up.address, *backed_up.options)
        code, told = backed_up.set.jiangbu(*command, "--full")
    assert (code, "the disk is full" in told) == (1, True)
    assert written
    assert backed_up.vault.manifest() == before
    assert verified(backed_up)[0] == 0
    backed_up.run()
    after = backed_up.vault.manifest()
    assert [after.number, len(after.server.bases)] == [before.number + 1, 1]
    assert verified(backed_up)[0] == 0
    code, told = backed_up.set.jiangbu(
        "backup", "prune", "--from", backed_up.address, *backed_up.options, "--keep", "1"
    )
    assert code == 0, told
    assert backed_up.vault.store.names("runs/") == sorted(part.name for part in after.parts())
