"""Replicas of topics by the number of brokers, and the settings of brokers that follow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

# With three replicas, two of which have each acknowledged record, one broker may die without loss or interruption.
MOST_REPLICAS: Final = 3
# A dead broker is noticed after this time. It sends a heartbeat every 2 s; Kafka's default is 9 s.
SESSION_TIMEOUT_MS: Final = 6000
# Topics that Kafka creates at first use: offsets of groups, states of transactions and of share groups.
INTERNAL_TOPICS: Final = ("__consumer_offsets", "__transaction_state", "__share_group_state")


class Replication(NamedTuple):
    """The replicas of a partition, and how many of them must have a record before it is acknowledged."""

    factor: int
    min_in_sync: int

    @property
    def topic_config(self) -> dict[str, str]:
        """Return the configuration of a topic with this replication."""
        # A replica that lacks acknowledged records must not become the leader.
        return {"min.insync.replicas": str(self.min_in_sync), "unclean.leader.election.enable": "false"}


def replication_among(brokers: int) -> Replication:
    """Return the replication of topics in a cluster of so many brokers."""
    return replication_with(min(brokers, MOST_REPLICAS))


def replication_with(factor: int) -> Replication:
    """Return the replication with `factor` replicas. Two replicas must not need each other to go on."""
    return Replication(factor, 2 if factor >= MOST_REPLICAS else 1)


def broker_settings(brokers: int) -> dict[str, str]:
    """Return the settings of each broker for a cluster of so many brokers, by name as in server.properties."""
    replication = replication_among(brokers)
    factor, min_in_sync = (str(number) for number in replication)
    return {
        **replication.topic_config,
        "default.replication.factor": factor,
        "offsets.topic.replication.factor": factor,
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": min_in_sync,
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": min_in_sync,
        "broker.session.timeout.ms": str(SESSION_TIMEOUT_MS),
    }


def more_replicas(
    replicas: Mapping[tuple[str, int], Sequence[int]], brokers: Sequence[int], factor: int
) -> dict[tuple[str, int], list[int]]:
    """Return the brokers for those partitions (topic, number) that have fewer replicas than `factor`.

    Partitions keep the replicas and the preferred leader that they have; the least used brokers get the further ones.
    """
    used = Counter(broker for held in replicas.values() for broker in held)
    wanted = {}
    for partition, held in sorted(replicas.items()):
        if len(held) < factor:
            others = sorted(set(brokers) - set(held), key=lambda broker: (used[broker], broker))
            wanted[partition] = [*held, *others[: factor - len(held)]]
            used.update(others[: factor - len(held)])
    return wanted
