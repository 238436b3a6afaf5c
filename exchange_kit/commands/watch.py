"""`exchange-kit watch`."""

import base64
import json
import time
from collections import deque
from typing import Final

import click

from exchange_kit.api import ApiError
from exchange_kit.commands.options import EXCHANGE, ServiceUnavailable, command, echo
from exchange_kit.register import QuarantineTail, registers_of
from shared.events.records import number_of
from shared.language import localized, say
from shared.settings import AccessSettings, SettingsError
from shared.values.json_types import Json

_POLL_S: Final = 2.0


@command(
    "watch",
    "实时显示被拒收的记录，直到 Ctrl-C；服务暂时无应答时继续等待。",
    "Show rejected records as they arrive, until Ctrl-C; retries while a service does not respond.",
)
@EXCHANGE
@click.option("--all", "everything", is_flag=True, help=say("先显示已有的", "show existing ones first"))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help=say("每行一个 JSON 对象，同 /v1/quarantine", "one JSON object a line, as /v1/quarantine answers"),
)
def watch_command(exchange: str, *, everything: bool, as_json: bool) -> None:
    try:
        tails = [QuarantineTail(register) for register in registers_of(exchange, AccessSettings()).values()]
        if not everything:
            for tail in tails:
                deque(tail.new(), maxlen=0)
        echo("等待被拒收的记录，Ctrl-C 结束", "waiting for rejected records, Ctrl-C to stop", err=True)
        _follow(tails, as_json=as_json)
    except (ApiError, SettingsError) as error:
        raise ServiceUnavailable(localized(str(error))) from error
    except KeyboardInterrupt:
        return


def _follow(tails: list[QuarantineTail], *, as_json: bool) -> None:
    unavailable = set[str]()
    while True:
        for tail in tails:
            name = tail.register.api.name
            try:
                for item in tail.new():
                    click.echo(json.dumps(item, ensure_ascii=False) if as_json else _text(item))
            except ApiError as error:
                if not error.is_transient:
                    raise
                if name not in unavailable:
                    echo(f"{error}；继续等待", f"{error}; waiting", err=True)
                unavailable.add(name)
            else:
                if name in unavailable:
                    unavailable.remove(name)
                    echo(f"{name}：已恢复", f"{name}: responds again", err=True)
        time.sleep(_POLL_S)


def _text(item: Json) -> str:
    place = f"{item['topic']}[{item['partition']}]@{item['offset']}"
    if item["last_offset"] != item["offset"]:  # a batch that was set aside as a whole
        place += f"-{item['last_offset']}"
    number = number_of(base64.b64decode(item["value_base64"] or ""))
    errors = "".join(f"\n  {error['field']}: {localized(error['message'])}" for error in item["errors"])
    return f"{item['received_at']} {place}{f' {number}' if number else ''}: {item['reason']}{errors}"
