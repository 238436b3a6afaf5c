"""Errors of operators' commands: one line, which names what to look at."""

from __future__ import annotations

import errno

import click
import pytest
from kafka.errors import KafkaTimeoutError

from deploy.operator_output import errors_in_one_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/etc/jiangbu/own.env"), "own.env: Permission denied"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), "Kafka .*ConnectionResetError"),
        (KafkaTimeoutError(), "Kafka .*KafkaTimeoutError"),
    ],
)
def test_a_file_or_the_broker_is_named(error: Exception, line: str) -> None:
    with pytest.raises(click.ClickException, match=line), errors_in_one_line():
        raise error
