"""The topics of the set: names, partitions, retention; and their creation."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from deploy.broker.replication import (
    INTERNAL_TOPICS,
    Replication,
    more_replicas,
    replication_among,
    replication_with,
)
from shared.events.award_events import AWARDS
from shared.events.fact_topics import FACT_TOPICS
from shared.events.topics import topics_of
from shared.operator_errors import OperatorError
from shared.translog.checkpoint import TOPIC as CHECKPOINTS
from shared.whitelist import Whitelist

PARTITIONS: Final = 3
APPLY_TIMEOUT_S: Final = 15.0
CREATED_WITHIN_S: Final = 60.0  # with a leader for each partition
APPLY_POLL_S: Final = 0.05

# Events are the source of everything and are kept for ever. A stored batch has at most 1 MiB, whatever the broker's
# default: more than intake accepts of a record, so that records that are too large reach the quarantine, and little
# enough for the memory of a consumer. Timestamps ahead of the broker's clock are allowed, because documents have times
# of their own.
EVENTS_CONFIG: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": "1048588",
    "message.timestamp.after.max.ms": "9223372036854775807",
}
# Only the newest fact, award or checkpoint of a key counts.
# Segments roll daily, as Kafka compacts closed segments only.
NEWEST_CONFIG: Final = {"cleanup.policy": "compact", "segment.ms": "86400000"}


class ChangeRefusedError(OperatorError):
    """The broker refused a change of topics, users, ACLs or quotas, or did not apply it in time."""


class Topic(NamedTuple):
    """The wanted configuration of a topic."""

    name: str
    partitions: int
    config: Mapping[str, str]


class ExistingTopic(NamedTuple):
    """A topic in Kafka: the brokers with a replica of each partition, and the configuration, defaults included."""

    replicas: Mapping[int, tuple[int, ...]]
    config: Mapping[str, str]

    @property
    def partitions(self) -> int:
        return len(self.replicas)

    @property
    def least_replicas(self) -> int:
        return min(map(len, self.replicas.values()))


class TopicChange(NamedTuple):
    """A change of a topic, or the fact that it needs none; `text` is a line for a person.

    "replicate" copies all of its data to further brokers, so it is made only when an operator asks for it.
    """

    topic: Topic
    action: Literal["create", "configure", "replicate", "keep"]
    text: str
    config: Mapping[str, str]


def wanted_topics(exchanges: Whitelist) -> tuple[Topic, ...]:
    """Return two topics for each exchange of the whitelist, and those of facts, awards and checkpoints."""
    events = [topic for exchange in exchanges.ids for topic in topics_of(exchange)]
    return tuple(
        [Topic(name, PARTITIONS, EVENTS_CONFIG) for name in events]
        + [Topic(name, PARTITIONS, NEWEST_CONFIG) for name in (*FACT_TOPICS, AWARDS, CHECKPOINTS)]
    )


def internal_topics(admin: KafkaAdminClient) -> tuple[Topic, ...]:
    """Return those topics of Kafka's own that exist. Kafka configures them, but for their replication."""
    return tuple(Topic(name, 1, {}) for name in INTERNAL_TOPICS if name in admin.list_topics())


def plan(
    wanted: Iterable[Topic], found: Mapping[str, ExistingTopic], replication: Replication
) -> Iterator[TopicChange]:
    """Yield the changes that give Kafka the wanted topics; existing topics keep their partitions."""
    for topic in wanted:
        config = {**topic.config, **replication.topic_config}
        there = found.get(topic.name)
        if there is None:
            size = f"{topic.partitions} partitions, {replication.factor} replicas"
            yield TopicChange(topic, "create", f"{topic.name}: 新建 / create, {size}", config)
            continue
        changed = {name: value for name, value in config.items() if there.config.get(name) != value}
        if changed:
            what = ", ".join(f"{name} {there.config.get(name)} -> {value}" for name, value in changed.items())
            yield TopicChange(topic, "configure", f"{topic.name}: 修改 / change {what}", changed)
        if there.least_replicas < replication.factor:
            more = f"{there.least_replicas} -> {replication.factor} (--replication-factor {replication.factor})"
            yield TopicChange(topic, "replicate", f"{topic.name}: 副本 / replicas {more}", {})
        elif not changed:
            size = f"{there.partitions} partitions, {there.least_replicas} replicas"
            yield TopicChange(topic, "keep", f"{topic.name}: 已就绪 / up to date, {size}", {})


def read_topics(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, ExistingTopic]:
    """Return those of the named topics that exist."""
    existing = set(admin.list_topics()).intersection(names)
    if not existing:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in existing]
    configs = admin.describe_configs(resources, config_filter="all")["topic"]
    replicas = {
        topic["name"]: {one["partition_index"]: tuple(one["replica_nodes"]) for one in topic["partitions"]}
        for topic in admin.describe_topics(sorted(existing))
    }
    return {
        name: ExistingTopic(replicas[name], {option: str(held["value"]) for option, held in configs[name].items()})
        for name in existing
    }


def registered_brokers(admin: KafkaAdminClient) -> list[int]:
    """Return the ids of all brokers of the cluster, dead ones included."""
    return sorted(broker["broker_id"] for broker in admin.describe_cluster()["brokers"])


def apply_topics(
    admin: KafkaAdminClient, exchanges: Whitelist, *, dry_run: bool = False, replication_factor: int | None = None
) -> list[TopicChange]:
    """Create and configure topics; idempotent. Returns the changes that were, or would be, made.

    Without a replication factor the number of brokers decides, and existing topics keep the replicas that they have.
    """
    brokers = registered_brokers(admin)
    if replication_factor is not None and replication_factor > len(brokers):
        raise ChangeRefusedError(f"--replication-factor {replication_factor}: Kafka 只有 / has {len(brokers)} brokers")
    replication = replication_with(replication_factor) if replication_factor else replication_among(len(brokers))
    wanted = (*wanted_topics(exchanges), *internal_topics(admin))
    found = read_topics(admin, [topic.name for topic in wanted])
    steps = list(plan(wanted, found, replication))
    if dry_run:
        return steps
    _create([step for step in steps if step.action == "create"], admin, replication)
    _configure([step for step in steps if step.action == "configure"], admin, replication)
    if replication_factor is not None:
        few = {step.topic.name: found[step.topic.name] for step in steps if step.action == "replicate"}
        _replicate(few, admin, brokers, replication_factor)
    return steps


def _create(steps: list[TopicChange], admin: KafkaAdminClient, replication: Replication) -> None:
    if steps:
        options = {"replication_factor": replication.factor}
        wanted = {
            step.topic.name: {"num_partitions": step.topic.partitions, "configs": dict(step.config), **options}
            for step in steps
        }
        admin.create_topics(wanted)
        admin.wait_for_topics(wanted, timeout_ms=int(CREATED_WITHIN_S * 1000))


def _configure(steps: list[TopicChange], admin: KafkaAdminClient, replication: Replication) -> None:
    if not steps:
        return
    answer = admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, step.topic.name, dict(step.config)) for step in steps]
    )
    refused = {name: result for name, result in answer["topic"].items() if result != "OK"}
    if refused:
        raise ChangeRefusedError(f"the broker refused: {refused}")
    changed = {step.topic.name: step.topic for step in steps}
    await_applied(
        lambda: all(
            step.action != "configure" for step in plan(changed.values(), read_topics(admin, changed), replication)
        ),
        "configuration",
    )


def _replicate(
    few: Mapping[str, ExistingTopic], admin: KafkaAdminClient, brokers: list[int], replication_factor: int
) -> None:
    """Have Kafka copy topics to further brokers. It goes on by itself; until then the replicas are out of sync."""
    replicas = {(name, number): held for name, there in few.items() for number, held in there.replicas.items()}
    wanted = more_replicas(replicas, brokers, replication_factor)
    if wanted:
        answer = admin.alter_partition_reassignments({TopicPartition(*one): held for one, held in wanted.items()})
        refused = {f"{one.topic}[{one.partition}]": error for one, error in answer.items() if error is not None}
        if refused:
            raise ChangeRefusedError(f"the broker refused: {refused}")


def await_applied(is_applied: Callable[[], bool], what: str) -> None:
    """Wait until the broker has applied a change, which it acknowledges earlier. ChangeRefusedError."""
    deadline = time.monotonic() + APPLY_TIMEOUT_S
    while not is_applied():
        if time.monotonic() > deadline:
            raise ChangeRefusedError(f"{what}: the broker did not apply it within {APPLY_TIMEOUT_S:.0f} s")
        time.sleep(APPLY_POLL_S)
