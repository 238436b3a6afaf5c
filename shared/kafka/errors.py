"""Classify errors of the Kafka client, and check that the topics exist."""

from collections.abc import Sequence

from kafka import errors as kafka_errors

from shared.kafka.client_patches import open_admin
from shared.settings import ClientConfig

ANSWER_TIMEOUT_MS = 4000  # a first answer arrives within this time, or the request is repeated


class MissingTopicsError(Exception):
    """Topics do not exist (yet) or are not shown to us; the message names them and says what to do."""


def check_topics(client_config: ClientConfig, topics: Sequence[str]) -> None:
    """Raise MissingTopicsError unless the broker has all of them and lets us use them; KafkaError."""
    limits = {"bootstrap_timeout_ms": ANSWER_TIMEOUT_MS, "request_timeout_ms": ANSWER_TIMEOUT_MS}
    admin = open_admin({**client_config, **limits})
    try:
        described = admin.describe_topics(sorted(topics))
    finally:
        admin.close()
    for text, error in (
        ("缺少主题 / topics are missing", kafka_errors.UnknownTopicOrPartitionError),
        ("无权读写主题 / not authorized for topics", kafka_errors.TopicAuthorizationFailedError),
    ):
        named = [topic["name"] for topic in described if topic["error_code"] == error.errno]
        if named:
            raise MissingTopicsError(f"{text}: {', '.join(named)}: run `jiangbu topics apply`")


def is_transient_kafka_error(error: BaseException) -> bool:
    """Return True for a failure of the broker or the network, to be retried; False for a bug."""
    return bool(getattr(error, "retriable", False)) or isinstance(
        error,
        kafka_errors.BrokerNotAvailableError
        | kafka_errors.CommitFailedError
        | kafka_errors.IllegalGenerationError
        | kafka_errors.RebalanceInProgressError
        | kafka_errors.UnknownMemberIdError
        # A broker that is in trouble, starting or stopping.
        | kafka_errors.CorruptRecordError
        | kafka_errors.InvalidReceiveError
        | kafka_errors.StaleBrokerEpochError
        | kafka_errors.UnknownBrokerIdError
        | kafka_errors.UnknownError
        | kafka_errors.UnrecognizedBrokerVersion,
    )
