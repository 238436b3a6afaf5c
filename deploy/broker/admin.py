"""Connections to Kafka by commands of operators."""

import time
from typing import Final

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaConnectionError, NodeNotReadyError

from shared.settings import ClientConfig, KafkaSettings

BROKER_TIMEOUT_MS: Final = 10_000
_ATTEMPTS: Final = 5
_PAUSE_S: Final = 0.2


def admin_config(kafka: KafkaSettings) -> ClientConfig:
    """Return the client configuration of a command: it gives up if no broker answers within BROKER_TIMEOUT_MS."""
    return {**kafka.client_config(), "bootstrap_timeout_ms": BROKER_TIMEOUT_MS}


def connect_admin(kafka: KafkaSettings) -> KafkaAdminClient:
    """Connect to the cluster through any broker that answers. Raises KafkaError and OSError.

    The client sends its first request to a broker chosen at random, which may just have died; once it has a connection
    it prefers that one.
    """
    admin = KafkaAdminClient(**admin_config(kafka))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            admin.describe_cluster()
        except BaseException as error:
            if attempt == _ATTEMPTS or not isinstance(error, KafkaConnectionError | NodeNotReadyError):
                admin.close()
                raise
            time.sleep(_PAUSE_S)
        else:
            break
    return admin
