"""Kafka clients. kafka-python is patched before anything of this package creates one."""

import shared.kafka.client_patches  # noqa: F401 - patches at import
