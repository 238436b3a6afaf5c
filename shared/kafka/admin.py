"""Open Kafka's admin client through a broker that answers, also while others are dead."""

import time
from typing import Final

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaConnectionError, NodeNotReadyError

import shared.kafka.client_patches  # noqa: F401 - patches the admin client
from shared.settings import ClientConfig

_ATTEMPTS: Final = 5
_PAUSE_S: Final = 0.2


def open_admin(client_config: ClientConfig) -> KafkaAdminClient:
    """Return a client with a connection to a broker. Raises KafkaError and OSError.

    The client sends its first request to a broker chosen at random, which may just have died; once it has a connection
    it prefers that one.
    """
    admin = KafkaAdminClient(**client_config)
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
