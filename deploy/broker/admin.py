"""Connections to Kafka by commands of operators."""

from typing import Final

from kafka.admin import KafkaAdminClient

from shared.kafka.client_patches import open_admin
from shared.settings import ClientConfig, KafkaSettings

BROKER_TIMEOUT_MS: Final = 10_000


def admin_config(kafka: KafkaSettings) -> ClientConfig:
    """Return the client configuration of a command: it gives up if no broker answers within BROKER_TIMEOUT_MS."""
    return {**kafka.client_config(), "bootstrap_timeout_ms": BROKER_TIMEOUT_MS}


def connect_admin(kafka: KafkaSettings) -> KafkaAdminClient:
    """Connect to the cluster through any broker that answers. Raises KafkaError and OSError."""
    return open_admin(admin_config(kafka))
