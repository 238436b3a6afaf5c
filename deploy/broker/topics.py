"""The topics of the set: what they are called, how many partitions they have, how long they keep what."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from shared.events.fact_topics import FACT_TOPICS
from shared.events.topics import topics_of
from shared.translog.checkpoint import TOPIC as CHECKPOINTS
from shared.whitelist import Whitelist

PARTITIONS: Final = 3
CONFIG_TIMEOUT_S: Final = 10.0
CONFIG_POLL_S: Final = 0.05

# Events are the source of everything: kept until somebody decides otherwise. Bytes a sender may put into one record
# (the broker's default, 1 MiB) are more than we accept, so that what is too large is seen and put on record.
# A record whose timestamp is ahead of the broker's clock is taken too: documents have times of their own.
EVENTS_CONFIG: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.after.max.ms": "9223372036854775807",
}
# Of a fact, and of a log's checkpoints, the newest counts. Segments are closed daily, since Kafka compacts only closed
# ones.
NEWEST_CONFIG: Final = {"cleanup.policy": "compact", "segment.ms": "86400000"}


class TopicsRefusedError(RuntimeError):
    """The broker did not take a topic's configuration."""


@dataclass(frozen=True)
class Topic:
    """A topic as it should be."""

    name: str
    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """A topic as the broker has it: all values of its configuration, defaults included."""

    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One thing to do, or to know, about a topic; `text` is a line for a person."""

    topic: Topic
    action: str  # create | configure | keep
    text: str
    config: Mapping[str, str]


def wanted_topics(exchanges: Whitelist) -> tuple[Topic, ...]:
    """Two topics for each exchange of the whitelist, the facts, and the checkpoints of the logs."""
    events = [topic for exchange in exchanges.ids for topic in topics_of(exchange)]
    return tuple(
        [Topic(name, PARTITIONS, EVENTS_CONFIG) for name in events]
        + [Topic(name, PARTITIONS, NEWEST_CONFIG) for name in (*FACT_TOPICS, CHECKPOINTS)]
    )


def plan(wanted: Iterable[Topic], found: Mapping[str, Found]) -> Iterator[Step]:
    """What must be done so that the broker has the wanted topics; what exists keeps its number of partitions."""
    for topic in wanted:
        there = found.get(topic.name)
        if there is None:
            yield Step(topic, "create", f"{topic.name}: 新建 / create, {topic.partitions} partitions", topic.config)
            continue
        changed = {name: value for name, value in topic.config.items() if there.config.get(name) != value}
        if changed:
            what = ", ".join(f"{name} {there.config.get(name)} -> {value}" for name, value in changed.items())
            yield Step(topic, "configure", f"{topic.name}: 修改 / change {what}", changed)
        else:
            count = f"{there.partitions} partitions"
            yield Step(topic, "keep", f"{topic.name}: 已就绪 / as it should be, {count}", {})


def read_topics(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, Found]:
    """Those of the named topics that the broker has."""
    existing = set(admin.list_topics()).intersection(names)
    if not existing:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in existing]
    configs = admin.describe_configs(resources, config_filter="all")["topic"]
    partitions = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(sorted(existing))}
    return {name: Found(partitions[name], _values(configs[name])) for name in existing}


def apply_topics(admin: KafkaAdminClient, exchanges: Whitelist, *, dry_run: bool = False) -> list[Step]:
    """Create and configure what is missing; doing it again does nothing. Returns what was (or would be) done."""
    wanted = wanted_topics(exchanges)
    steps = list(plan(wanted, read_topics(admin, [topic.name for topic in wanted])))
    if dry_run:
        return steps
    create = [step.topic for step in steps if step.action == "create"]
    if create:
        # No replication factor: the broker's default.replication.factor decides.
        admin.create_topics(
            {topic.name: {"num_partitions": topic.partitions, "configs": dict(topic.config)} for topic in create},
            wait_for_metadata=True,
        )
    configure = [step for step in steps if step.action == "configure"]
    if configure:
        answer = admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, step.topic.name, dict(step.config)) for step in configure]
        )
        refused = {name: result for name, result in answer["topic"].items() if result != "OK"}
        if refused:
            raise TopicsRefusedError(f"the broker refused: {refused}")
        _await_config(admin, [step.topic for step in configure])
    return steps


def _await_config(admin: KafkaAdminClient, topics: list[Topic]) -> None:
    """Wait until the broker tells the new values: it answers before it has taken them over itself."""
    deadline = time.monotonic() + CONFIG_TIMEOUT_S
    while any(step.action != "keep" for step in plan(topics, read_topics(admin, [topic.name for topic in topics]))):
        if time.monotonic() > deadline:
            raise TopicsRefusedError(f"the broker has not taken the configuration over in {CONFIG_TIMEOUT_S:.0f} s")
        time.sleep(CONFIG_POLL_S)


def _values(config: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(entry["value"]) for name, entry in config.items()}
