"""`exchange-kit check`."""

import json
import sys
from collections.abc import Callable
from functools import partial

import click

from exchange_kit.api import ApiError
from exchange_kit.commands.options import AS_JSON, EXCHANGE, command
from exchange_kit.register import registers_of
from shared.events.topics import topics_of
from shared.kafka.publish.publish_records import PublishError, visible_topics
from shared.language import localized, say
from shared.settings import AccessSettings, SettingsError, load_kafka_settings


@command(
    "check",
    """检查与 Kafka 和两个登记簿的连接、用户和密钥，不发送任何内容。

    退出码：0 全部可用，1 有的不可用。""",
    """Check the connection, user and key for Kafka and both registers; nothing is sent.

    Exit code: 0 all can be used, 1 some cannot.""",
)
@EXCHANGE
@AS_JSON
def check_command(exchange: str, *, as_json: bool) -> None:
    checks = {"kafka": _check_kafka, "listing": _check_register, "trade-ingest": _check_register}
    faults = {name: _fault(partial(check, name, exchange)) for name, check in checks.items()}
    if as_json:
        click.echo(json.dumps({"summary": faults}, ensure_ascii=False))
    else:
        for name, fault in faults.items():
            click.echo(f"{name}: {say('可用', 'ok') if fault is None else fault}")
    if any(fault is not None for fault in faults.values()):
        sys.exit(1)


def _fault(check: Callable[[], None]) -> str | None:
    try:
        check()
    except (PublishError, ApiError, SettingsError) as error:
        return localized(str(error))
    return None


def _check_kafka(_: str, exchange: str) -> None:
    missing = set(topics_of(exchange)) - visible_topics(load_kafka_settings().client_config())
    if missing:
        names = ", ".join(sorted(missing))
        raise PublishError(f"主题不存在或无权访问：{names}", f"topic not found or not authorized: {names}")


def _check_register(name: str, exchange: str) -> None:
    """Ask for the exchange's own progress: a key of another exchange sees none of its topics."""
    registers = registers_of(exchange, AccessSettings())
    register = next(one for one in registers.values() if one.api.name == name)
    topics = {one["topic"] for one in register.api.get("/v1/progress")["partitions"]}
    if not topics & set(topics_of(exchange)):
        raise ApiError(f"{name}: 密钥看不到 {exchange} 的主题", f"{name}: the key does not see topics of {exchange}")
