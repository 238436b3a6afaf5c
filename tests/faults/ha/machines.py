"""The three machines of a set, broken part by part.

The parts: `patroni`, `postgres`, `disk-watch`, `etcd`, `kafka`, `haproxy`, `programs`.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import requests
from kafka.admin import KafkaAdminClient
from kafka.protocol.admin.topics import ElectionType

from deploy.databases import database_of
from devset.ha.guard import postmaster
from services.listing.register import LISTINGS
from services.trade_ingest.register import TRADES
from shared.register.head import Head
from shared.register.publish.restored_backup import facts_behind, newest_published_version
from shared.settings import DEFAULT_REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devset.ha.engines import ThreeOfEach
    from devset.supervisor import LocalSet
    from shared.register.kind import RegisterKind
    from shared.settings import Service

# Its one partition is led by the coordinator of all transactions.
TRANSACTIONS = "__transaction_state"
_ANSWERS_WITHIN_S = 2.0
_REGISTERS: dict[Service, RegisterKind] = {"listing": LISTINGS, "trade-ingest": TRADES}
# Those that the supervisor knows; PostgreSQL is Patroni's.
_PARTS = ("patroni", "disk-watch", "etcd", "kafka", "haproxy", "programs")


class Machines:
    """The machines by name. What was killed stays dead until `start`, or `revive` for all."""

    def __init__(self, local: LocalSet, engines: ThreeOfEach) -> None:
        self.local = local
        self.engines = engines
        self.nodes = [machine.name for machine in engines.cluster.machines]
        self._dead: set[tuple[str, str]] = set()

    # Processes

    def programs(self, node: str, part: str) -> list[str]:
        """Return the names of the supervisor's programs that are this part of a machine."""
        if part != "programs":
            name = f"{part} {node}"
            return [name] if name in self.local.supervisor.programs else []
        proxies = [machine.name for machine in self.engines.cluster.proxies]
        copy = f" {proxies.index(node) + 1}" if node in proxies else None
        return [name for name in self.local.processes() if copy and name.endswith(("consume" + copy, "serve" + copy))]

    def postmaster(self, node: str) -> int | None:
        return postmaster(self.engines.machine(node).folders.postgres)

    def pids(self, node: str, *parts: str) -> list[int]:
        """Return the process ids of parts of a machine, each before its children."""
        processes = self.local.processes()
        roots = [processes[name] for part in parts if part != "postgres" for name in self.programs(node, part)]
        if "postgres" in parts and (pid := self.postmaster(node)):
            roots.append(pid)
        return [pid for root in roots for pid in _tree(root)]

    def roots(self) -> dict[int, str]:
        """Return the machine of the first process of each part; those that it started are its descendants."""
        processes = self.local.processes()
        found = {processes[name]: node for node in self.nodes for part in _PARTS for name in self.programs(node, part)}
        return found | {pid: node for node in self.nodes if (pid := self.postmaster(node))}

    def kill(self, node: str, *parts: str) -> None:
        """Kill parts of a machine at once, as its death does."""
        names = [name for part in parts if part != "postgres" for name in self.programs(node, part)]
        for name in names:
            self.local.supervisor.programs[name].is_kept = False
        _send(self.pids(node, *parts), signal.SIGKILL)
        for name in names:
            self.local.supervisor.kill(name)
        self._dead |= {(node, part) for part in parts}

    def start(self, node: str, *parts: str) -> None:
        """Start parts of a machine that were killed; Patroni starts PostgreSQL."""
        for part in parts:
            for name in self.programs(node, part):
                if not self.local.supervisor.programs[name].is_kept:
                    self.local.supervisor.revive(name)
            self._dead.discard((node, part))

    def revive(self) -> None:
        """Start everything that was killed."""
        for node, part in sorted(self._dead):
            self.start(node, part)

    @contextlib.contextmanager
    def frozen(self, pids: Iterable[int]) -> Iterator[None]:
        """Suspend processes until the block ends."""
        stopped = list(pids)
        _send(stopped, signal.SIGSTOP)
        try:
            yield
        finally:
            _send(stopped, signal.SIGCONT)

    # PostgreSQL

    def ask(self, node: str, statement: str, *values: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Return the rows of a superuser's statement on the server of a machine, not through a proxy."""
        url = self.engines.server_url(self.engines.machine(node), database)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(statement, values or None).fetchall()  # type: ignore[call-overload]

    def leader(self) -> str:
        """Return the machine of the primary, `""` if there is none."""
        found = self.engines.leader()
        return "" if found is None else found.name

    def standbys(self) -> list[str]:
        return [node for node in self.nodes if node != self.leader()]

    def is_streaming(self, node: str) -> bool:
        """Return True if the server follows the primary, which waits for it."""
        return node in self.followers()

    def followers(self) -> set[str]:
        """Return the machines whose servers the primary waits for, or follow it where it waits for none."""
        leader = self.leader()
        statement = """
            SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'
            AND (sync_state IN ('sync', 'quorum') OR current_setting('synchronous_standby_names') = '')
        """
        with contextlib.suppress(psycopg.OperationalError):
            return {name for (name,) in self.ask(leader, statement)} if leader else set()
        return set()

    def walsenders(self, node: str) -> list[int]:
        statement = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender'"
        return [pid for (pid,) in self.ask(node, statement)]

    def waiting_for_standby(self, node: str) -> list[int]:
        """Return the sessions whose commit waits for a standby."""
        return [pid for (pid,) in self.ask(node, "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")]

    def end_waits(self, node: str, function: str) -> int:
        """End the waits of sessions whose commit waits for a standby, by this function; return how many."""
        statement = f"SELECT {function}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        return len(self.ask(node, statement))

    def switchover(self, candidate: str | None = None) -> None:
        """Ask Patroni to hand the primary over to a standby, any of them if none is given."""
        leader = self.engines.machine(self.leader())
        url = f"http://{leader.at(leader.ports.patroni)}/switchover"
        answer = requests.post(url, json={"leader": leader.name, "candidate": candidate}, timeout=60)
        assert answer.ok, answer.text

    def facts_ahead(self) -> list[str]:
        """Name the registers that published facts which no standby has, and their versions: a failover loses them."""
        ahead = []
        config = {"bootstrap_servers": self.engines.kafka}
        for service, kind in _REGISTERS.items():
            published = newest_published_version(config, kind.facts, DEFAULT_REGISTER)
            heads = [self._register_head(node, service) for node in self.standbys()]
            behind = facts_behind(max(heads, key=lambda head: (head.generation, head.next_seq)), published)
            if behind is not None:
                ahead.append(f"{service} published facts up to {published}, which no standby has: {behind}")
        return ahead

    def _register_head(self, node: str, service: Service) -> Head:
        statement = "SELECT register, generation, next_seq, settings_digest FROM register_head"
        [row] = self.ask(node, statement, database=database_of(service))
        return Head(*row)

    # Kafka and etcd

    def controller(self) -> str:
        """Return the machine of the active controller."""
        with self._admin() as admin:
            quorum = admin.describe_metadata_quorum()
        return self._node(quorum["topics"][0]["partitions"][0]["leader_id"])

    def coordinator(self) -> str:
        """Return the machine of the broker that coordinates transactions."""
        with self._admin() as admin:
            (topic,) = admin.describe_topics([TRANSACTIONS])
        return self._node(topic["partitions"][0]["leader_id"])

    def has_all_replicas(self) -> bool:
        """Return True if every partition has all its replicas in sync."""
        with self._admin() as admin:
            partitions = [part for topic in admin.describe_topics() for part in topic["partitions"]]
        return all(set(part["isr_nodes"]) == set(part["replica_nodes"]) for part in partitions)

    def elect_preferred_leaders(self) -> None:
        """Spread the partitions' leaders over the brokers again: one that was away leads none."""
        with self._admin() as admin:
            admin.elect_leaders(ElectionType.PREFERRED)

    def has_all_etcd(self) -> bool:
        machines = self.engines.cluster.machines
        return all(_is_healthy(f"http://{one.at(one.ports.etcd)}/health") for one in machines)

    def _admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(bootstrap_servers=self.engines.kafka, request_timeout_ms=10_000)

    def _node(self, number: int) -> str:
        return next(machine.name for machine in self.engines.cluster.machines if machine.number == number)


def _tree(pid: int) -> list[int]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return [pid, *(part.pid for part in psutil.Process(pid).children(recursive=True))]
    return []


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _is_healthy(url: str) -> bool:
    with contextlib.suppress(requests.RequestException), requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=_ANSWERS_WITHIN_S)
        return answer.ok and answer.json()["health"] == "true"
    return False
