"""The ACLs of exchanges, services and readers of awards on the broker."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, get_args

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from deploy.broker.streams import streams_of
from deploy.secrets import BACKUP, READERS, exchange_user
from shared.events.award_events import AWARDS
from shared.events.topics import EXCHANGE_PREFIX, is_exchanges, prefix_of, topics_of
from shared.settings import Service
from shared.translog.checkpoint import TOPIC as CHECKPOINTS

_ANY_HOST: Final = "*"
_READ, _WRITE = ACLOperation.READ, ACLOperation.WRITE  # each implies DESCRIBE
_SERVICES: Final = get_args(Service)


def is_ours(user: str) -> bool:
    """Return True if this module manages the user of that name; others are left alone."""
    return user in (*_SERVICES, *READERS, BACKUP) or is_exchanges(user)


def user_of(acl: ACLFilter) -> str:
    return str(acl.principal).removeprefix("User:")


def rights_of_exchange(exchange_id: str) -> frozenset[ACL]:
    """Return the ACLs to write an exchange's topics, in transactions with its prefix, and to read checkpoints.

    Write access implies idempotent writes. Reading checkpoints needs no consumer group.
    """
    user, prefix = exchange_user(exchange_id), prefix_of(exchange_id)
    return frozenset(
        [
            *(_allow(user, _WRITE, ResourceType.TOPIC, topic) for topic in topics_of(exchange_id)),
            _allow(user, _READ, ResourceType.TOPIC, CHECKPOINTS),
            _allow(user, _WRITE, ResourceType.TRANSACTIONAL_ID, prefix, ACLResourcePatternType.PREFIXED),
        ]
    )


def rights_of_reader(reader: str) -> frozenset[ACL]:
    """Return the ACLs to read awards, with consumer groups whose names begin with the reader's."""
    return frozenset(
        [
            _allow(reader, _READ, ResourceType.TOPIC, AWARDS),
            _allow(reader, _READ, ResourceType.GROUP, f"{reader}.", ACLResourcePatternType.PREFIXED),
        ]
    )


def rights_of_backup() -> frozenset[ACL]:
    """Return the ACLs to read the topics of every exchange, also of one that left the whitelist. Needs no group."""
    return frozenset([_allow(BACKUP, _READ, ResourceType.TOPIC, EXCHANGE_PREFIX, ACLResourcePatternType.PREFIXED)])


def rights_of_service(service: Service, registers: Sequence[str], exchanges: Sequence[str]) -> frozenset[ACL]:
    """Return the ACLs to read a service's inputs, and to write and read its outputs and log checkpoints."""
    return frozenset(acl for register in registers for acl in _rights_in_register(service, register, exchanges))


def _rights_in_register(service: Service, register: str, exchanges: Sequence[str]) -> Iterator[ACL]:
    streams = streams_of(service, register, exchanges)
    for topic in (*streams.reads, *streams.publishes, CHECKPOINTS):
        yield _allow(service, _READ, ResourceType.TOPIC, topic)
    for topic in (*streams.publishes, CHECKPOINTS):
        yield _allow(service, _WRITE, ResourceType.TOPIC, topic)
    yield _allow(service, _READ, ResourceType.GROUP, streams.group)
    yield _allow(service, _WRITE, ResourceType.TRANSACTIONAL_ID, streams.transactional_id)


def superfluous(found: Iterable[ACL], wanted: frozenset[ACL]) -> frozenset[ACL]:
    """Return ALLOW rights of managed users that are not wanted. DENY rules stay."""
    return frozenset(
        acl
        for acl in found
        if is_ours(user_of(acl)) and acl.permission_type is ACLPermissionType.ALLOW and acl not in wanted
    )


def describe(acl: ACLFilter) -> str:
    """Describe an ACL for a person, without its user."""
    pattern = acl.resource_pattern
    end = "*" if pattern.pattern_type is ACLResourcePatternType.PREFIXED else ""
    return f"{acl.operation.name} {pattern.resource_type.name} {pattern.resource_name}{end}"


def every_acl() -> ACLFilter:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything)


def _allow(
    user: str,
    operation: ACLOperation,
    resource: ResourceType,
    name: str,
    pattern: ACLResourcePatternType = ACLResourcePatternType.LITERAL,
) -> ACL:
    return ACL(f"User:{user}", _ANY_HOST, operation, ACLPermissionType.ALLOW, ResourcePattern(resource, name, pattern))
