"""Exchange ids and the topics that exchanges write to."""

from typing import Final

from shared.events.decode import Kind

EXCHANGE_PATTERN: Final = "[a-z][a-z0-9-]{1,31}"
KINDS: Final[tuple[Kind, ...]] = ("listing", "trade")

EXCHANGE_PREFIX: Final = "exchange."


def prefix_of(exchange: str) -> str:
    return f"{EXCHANGE_PREFIX}{exchange}."


def topic_of(kind: Kind, exchange: str) -> str:
    return f"{prefix_of(exchange)}{kind}s.v1"


def topics_of(exchange: str) -> tuple[str, ...]:
    return tuple(topic_of(kind, exchange) for kind in KINDS)


def is_exchanges(topic: str) -> bool:
    """Return True for a topic that an exchange writes to, False for one of the project."""
    return topic.startswith(EXCHANGE_PREFIX)


def exchange_of(topic: str) -> str:
    """Return the exchange of a topic for which `is_exchanges` holds."""
    return topic.split(".", 2)[1]


def kind_of(topic: str) -> Kind:
    """Return the kind of documents of a topic for which `is_exchanges` holds."""
    return "listing" if topic.endswith(".listings.v1") else "trade"
