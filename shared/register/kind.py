"""A kind of register, of listings or of trades: what it adds to the common consumer, outbox and rebuild."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.events.topics import topic_of
from shared.kafka.handler import Record
from shared.kafka.positions import Move, move_positions
from shared.register.context import RegisterContext
from shared.register.firsts import FirstsTable, rebuild_firsts
from shared.register.head import Head, advance_head, check_settings, read_head, record_settings
from shared.register.intake import prepare_document, record_outcomes, split
from shared.register.log_entries import entry_reader
from shared.register.publish.outbox import DirtyKey, mark_dirty
from shared.register.publish.send_schedule import Lane
from shared.register.revisions import AnyArrival, AnyResolution, Key
from shared.register.stored_documents import recount_documents
from shared.service_log.store import LogHead, ServiceLog, Stored
from shared.settings import Service
from shared.values.json_types import Json

RenderTopic = Callable[[Connection, list[str]], Json]  # the value of each key, without its version
# (connection, register, arrivals, facts, next_seq, now): number, store and derive all that follows from a batch's
# documents and facts, numbering from `next_seq`.
ApplyDocuments = Callable[[Connection, RegisterContext, list[AnyArrival], list[object], int, datetime], AnyResolution]
# (connection, register, recounted, firsts): recompute what else depends on the settings; return the keys of all facts
# that changed. `recounted`: documents that count now and did not, or the reverse; `firsts`: parties with another first.
Recompute = Callable[[Connection, RegisterContext, Sequence[Key], set[int]], Iterable[DirtyKey]]


@dataclass(frozen=True)
class RegisterKind:
    service: Service
    name: str  # listings or trades; part of consumer groups, transactional ids and log origins
    document: Kind
    firsts: FirstsTable
    lanes: tuple[Lane, ...]  # of the facts it publishes
    renderers: Mapping[str, RenderTopic]  # by topic
    apply_documents: ApplyDocuments
    recompute: Recompute
    all_fact_keys: Callable[[Connection], list[DirtyKey]]
    fact_readers: Mapping[str, Callable[[Record], object]] = field(default_factory=dict)  # of facts that it consumes

    @property
    def facts(self) -> tuple[str, ...]:
        """The topics it publishes."""
        return tuple(topic for lane in self.lanes for topic in lane.topics)

    def topics(self, exchanges: Sequence[str]) -> list[str]:
        """The topics it consumes."""
        return [*(topic_of(self.document, exchange) for exchange in exchanges), *self.fact_readers]

    def group(self, register: str) -> str:
        """The consumer group of a register's workers."""
        return f"jiangbu.{register}.{self.name}"

    @cached_property
    def stored(self) -> Stored:
        """The reader of its log entries."""
        return entry_reader(self.document, has_facts=bool(self.fact_readers))

    def log(self, private: Ed25519PrivateKey, log_origin: str) -> ServiceLog:
        """The log of a register of this kind; each generation has its own."""

        def read_log_head(connection: Connection) -> LogHead:
            head = read_head(connection)
            return LogHead(f"{log_origin}/{self.name}/{head.register}/{head.generation}", head.next_seq)

        return ServiceLog(private, read_log_head, self.stored)

    def prepare(self, records: Sequence[Record]) -> list[object]:
        read_document = partial(prepare_document, self.document)
        return [self.fact_readers.get(record.topic, read_document)(record) for record in records]

    def apply(
        self,
        connection: Connection,
        head: Head,
        register: RegisterContext,
        prepared: Sequence[object],
        moves: Sequence[Move],
        now: datetime,
    ) -> None:
        """Apply a batch as the register's one writer: all of it in this transaction, or nothing.

        Raises PartitionLostError, SettingsDifferError or errors of the database.
        """
        check_settings(head, register.settings)
        move_positions(connection, moves, now)
        arrivals, rejected, facts = split(prepared)
        register.parties.as_of(head.next_seq)
        resolution = self.apply_documents(connection, register, arrivals, facts, head.next_seq, now)
        record_outcomes(connection, resolution, rejected, register.quarantine_daily_bytes, now)
        advance_head(connection, resolution.next_seq)
        register.parties.until(resolution.next_seq)

    def adopt_settings(self, connection: Connection, head: Head, register: RegisterContext, now: datetime) -> None:
        """Record the settings as an entry and recompute everything that depends on them."""
        record_settings(connection, head, register.settings, now)
        recounted = recount_documents(connection, self.document)
        firsts = rebuild_firsts(connection, self.firsts)
        mark_dirty(connection, self.recompute(connection, register, recounted, firsts), now)

    def render(self, connection: Connection, head: Head, keys: Sequence[DirtyKey]) -> dict[DirtyKey, bytes]:
        """Render the values of facts in this snapshot: each is a function of entries 0 .. seq-1 of the register."""
        version = {"generation": head.generation, "seq": head.next_seq}
        return {
            (topic, key): msgspec.json.encode({**version, **value})
            for topic, render in self.renderers.items()
            if (wanted := [key for of, key in keys if of == topic])
            for key, value in render(connection, wanted).items()
        }
