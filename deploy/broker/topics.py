"""The topics of the set: names, partitions, retention; and their creation."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from shared.events.fact_topics import FACT_TOPICS
from shared.events.topics import topics_of
from shared.operator_errors import OperatorError
from shared.translog.checkpoint import TOPIC as CHECKPOINTS
from shared.whitelist import Whitelist

PARTITIONS: Final = 3
APPLY_TIMEOUT_S: Final = 15.0
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
# Only the newest fact or checkpoint of a key counts. Segments roll daily, as Kafka compacts only closed segments.
NEWEST_CONFIG: Final = {"cleanup.policy": "compact", "segment.ms": "86400000"}


class ChangeRefusedError(OperatorError):
    """The broker refused a change of topics, users, ACLs or quotas, or did not apply it in time."""


class Topic(NamedTuple):
    """The wanted configuration of a topic."""

    name: str
    partitions: int
    config: Mapping[str, str]


class ExistingTopic(NamedTuple):
    """A topic on the broker with its whole configuration, defaults included."""

    partitions: int
    config: Mapping[str, str]


class TopicChange(NamedTuple):
    """A change of a topic, or the fact that it needs none; `text` is a line for a person."""

    topic: Topic
    action: Literal["create", "configure", "keep"]
    text: str
    config: Mapping[str, str]


def wanted_topics(exchanges: Whitelist) -> tuple[Topic, ...]:
    """Return two topics for each exchange of the whitelist, the fact topics, and the checkpoint topic."""
    events = [topic for exchange in exchanges.ids for topic in topics_of(exchange)]
    return tuple(
        [Topic(name, PARTITIONS, EVENTS_CONFIG) for name in events]
        + [Topic(name, PARTITIONS, NEWEST_CONFIG) for name in (*FACT_TOPICS, CHECKPOINTS)]
    )


def plan(wanted: Iterable[Topic], found: Mapping[str, ExistingTopic]) -> Iterator[TopicChange]:
    """Yield the changes that give the broker the wanted topics; existing topics keep their partitions."""
    for topic in wanted:
        there = found.get(topic.name)
        if there is None:
            text = f"{topic.name}: 新建 / create, {topic.partitions} partitions"
            yield TopicChange(topic, "create", text, topic.config)
            continue
        changed = {name: value for name, value in topic.config.items() if there.config.get(name) != value}
        if changed:
            what = ", ".join(f"{name} {there.config.get(name)} -> {value}" for name, value in changed.items())
            yield TopicChange(topic, "configure", f"{topic.name}: 修改 / change {what}", changed)
        else:
            text = f"{topic.name}: 已就绪 / up to date, {there.partitions} partitions"
            yield TopicChange(topic, "keep", text, {})


def read_topics(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, ExistingTopic]:
    """Return those of the named topics that exist."""
    existing = set(admin.list_topics()).intersection(names)
    if not existing:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in existing]
    configs = admin.describe_configs(resources, config_filter="all")["topic"]
    partitions = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(sorted(existing))}
    return {
        name: ExistingTopic(partitions[name], {option: str(held["value"]) for option, held in configs[name].items()})
        for name in existing
    }


def apply_topics(admin: KafkaAdminClient, exchanges: Whitelist, *, dry_run: bool = False) -> list[TopicChange]:
    """Create and configure topics; idempotent. Returns the changes that were, or would be, made."""
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
            raise ChangeRefusedError(f"the broker refused: {refused}")
        changed = {step.topic.name: step.topic for step in configure}
        await_applied(
            lambda: all(step.action == "keep" for step in plan(changed.values(), read_topics(admin, changed))),
            "configuration",
        )
    return steps


def await_applied(is_applied: Callable[[], bool], what: str) -> None:
    """Wait until the broker has applied a change, which it acknowledges earlier. ChangeRefusedError."""
    deadline = time.monotonic() + APPLY_TIMEOUT_S
    while not is_applied():
        if time.monotonic() > deadline:
            raise ChangeRefusedError(f"{what}: the broker did not apply it within {APPLY_TIMEOUT_S:.0f} s")
        time.sleep(APPLY_POLL_S)
