"""The ids of exchanges and the topics they write to, spelled once."""

from typing import Final

from shared.events.decode import Kind

EXCHANGE_PATTERN: Final = "[a-z][a-z0-9-]{1,31}"
KINDS: Final[tuple[Kind, ...]] = ("listing", "trade")

_PREFIX: Final = "exchange."


def prefix_of(exchange: str) -> str:
    """What all names begin with that belong to an exchange."""
    return f"{_PREFIX}{exchange}."


def topic_of(kind: Kind, exchange: str) -> str:
    """The topic of an exchange's documents of one kind."""
    return f"{prefix_of(exchange)}{kind}s.v1"


def topics_of(exchange: str) -> tuple[str, ...]:
    """All topics that an exchange writes to."""
    return tuple(topic_of(kind, exchange) for kind in KINDS)


def is_exchanges(topic: str) -> bool:
    """Whether a topic is one that an exchange writes to; the others are our own."""
    return topic.startswith(_PREFIX)


def exchange_of(topic: str) -> str:
    """The exchange whose topic it is; the caller knows that it is an exchange's."""
    return topic.split(".", 2)[1]
