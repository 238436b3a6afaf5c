"""Replicas of the databases and of Kafka's partitions: three brokers, and a primary with a synchronous standby."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from devset.programs import SERVICES
from tests.faults.alerts.fault import AlertFault
from tests.faults.rig import Rig
from tests.support.engines.replicated import Replicated, replicated
from tests.support.engines.three_brokers import ThreeBrokers, three_brokers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.whitelist import Whitelist
    from tests.faults.alerts.scene import Scene
    from tests.support.forked_programs import ForkServer

# The threshold of the alert about a standby, and more.
_WAL_MIB = 300
_MIB_A_STATEMENT = 4
_WITHIN_S = 300.0


class ReplicatedRig(Rig):
    """A set on engines with replicas, which the caller starts and stops."""

    def __init__(
        self, folder: Path, exchanges: Whitelist, fork_server: ForkServer, pair: Replicated, brokers: ThreeBrokers
    ) -> None:
        super().__init__(folder, exchanges, fork_server)
        self.pair, self.brokers = pair, brokers
        self.postgres, self.kafka = pair.primary, brokers.nodes[1]
        self.addresses = replace(self.addresses, kafka=brokers.bootstrap_servers)
        for engine in ("postgres", "kafka"):
            self.leave_engine(engine)

    def _launch_engines(self) -> None:
        """Do nothing: they run."""

    def _stop_engines(self) -> None:
        """Do nothing: their owner stops them."""

    @property
    def bootstrap_servers(self) -> str:
        return self.brokers.bootstrap_servers


@contextmanager
def replicated_rig(folder: Path, exchanges: Whitelist, fork_server: ForkServer) -> Iterator[ReplicatedRig]:
    """Start the engines and the set."""
    with ExitStack() as stack:
        pair = stack.enter_context(replicated(folder / "pair"))
        brokers = stack.enter_context(three_brokers(folder / "brokers"))
        rig = ReplicatedRig(folder, exchanges, fork_server, pair, brokers)
        stack.callback(rig.stop)
        rig.start()
        yield rig


def _rig(scene: Scene) -> ReplicatedRig:
    assert isinstance(scene.rig, ReplicatedRig)
    return scene.rig


def standby_stopped(scene: Scene) -> None:
    """Commits wait for the only standby; what waited goes on once it is back."""
    pair = _rig(scene).pair
    with pair.without(pair.standby):
        scene.hold(2)


def wait_ended(scene: Scene) -> None:
    """Somebody cancels the commits of listing that wait for the standby."""
    rig = _rig(scene)
    statement = """SELECT pg_cancel_backend(pid)::integer FROM pg_stat_activity
        WHERE wait_event = 'SyncRep' AND datname = 'listing' AND usename = 'listing_service'"""

    def counted() -> bool:
        """Cancel what waits, which may be a commit of the consumer or of its sender: both are counted."""
        rig.pair.ask_primary(statement)
        return rig.metric("listing", "jiangbu_worker_unreplicated_commits_total")[""] > 0

    with rig.pair.no_acknowledgement():
        scene.flow.send()
        # No further record comes meanwhile.
        rig.wait_until(counted, _WITHIN_S, "no commit of the consumer of listing is counted", 0.25)
    scene.hold(0.5)


def standby_behind(scene: Scene) -> None:
    """The standby keeps what the primary writes, and does not replay it."""
    pair = _rig(scene).pair
    with pair.no_replay():
        for _ in range(0, _WAL_MIB, _MIB_A_STATEMENT):
            pair.ask_primary(
                f"SELECT 1 FROM pg_logical_emit_message(false, 'alert', repeat('x', {_MIB_A_STATEMENT << 20}))"
            )
        scene.hold(6)
    pair.await_replay()


def broker_dies(scene: Scene) -> None:
    """One of three brokers dies; the others take over."""
    rig = _rig(scene)
    rig.brokers.kill(3)
    _await_replicas(rig, lacking=True)
    scene.hold(6)
    rig.brokers.nodes[3].launch()
    rig.brokers.nodes[3].await_ready()
    _await_replicas(rig, lacking=False)


def _await_replicas(rig: ReplicatedRig, *, lacking: bool) -> None:
    """Wait until every service tells that it lacks replicas, or that it has them all, and is ready."""
    for service in SERVICES:
        rig.wait_until(lambda service=service: _lacks_replicas(rig, service) == lacking, _WITHIN_S, service, 0.5)
    rig.wait_until(rig.is_ready, _WITHIN_S, "the set is not ready", 0.5)


def _lacks_replicas(rig: ReplicatedRig, service: str) -> bool | None:
    found = rig.metric(service, "jiangbu_under_replicated_partitions")
    return found[""] > 0 if found else None


REPLICAS = (
    AlertFault(
        "standby stopped",
        "the only synchronous standby is stopped",
        frozenset(f"JiangbuNotReplicated {service}" for service in SERVICES),
        standby_stopped,
        is_replicated=True,
    ),
    AlertFault(
        "wait ended",
        "a commit of listing that waits for the standby is cancelled",
        frozenset({"JiangbuCommitsUnknown listing"}),
        wait_ended,
        goes_on=True,
        is_replicated=True,
    ),
    AlertFault(
        "replay paused",
        f"the standby does not replay {_WAL_MIB} MiB of WAL",
        frozenset(f"JiangbuStandbyBehind {service}" for service in SERVICES),
        standby_behind,
        is_replicated=True,
    ),
    AlertFault(
        "broker killed",
        "SIGKILL of one of three brokers",
        frozenset(f"JiangbuUnderReplicated {service}" for service in SERVICES),
        broker_dies,
        is_replicated=True,
    ),
)
