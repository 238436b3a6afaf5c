"""The configuration of connections to the broker by commands of operators."""

from typing import Final

from shared.settings import ClientConfig, KafkaSettings

BROKER_TIMEOUT_MS: Final = 10_000


def admin_config(kafka: KafkaSettings) -> ClientConfig:
    """Return the client configuration of a command: it gives up if no broker answers within BROKER_TIMEOUT_MS."""
    return {**kafka.client_config(), "bootstrap_timeout_ms": BROKER_TIMEOUT_MS}
