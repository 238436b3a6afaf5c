"""`exchange-kit watch`."""

import json
import time
from typing import Any, Final

import click

from exchange_kit.api import ApiError
from exchange_kit.commands.options import EXCHANGE, AskingFailed
from exchange_kit.register import registers_of
from exchange_kit.watch import Tail, number_of
from shared.settings import SettingsError, load_access_settings

_POLL_S: Final = 2.0


@click.command("watch")
@EXCHANGE
@click.option("--all", "everything", is_flag=True, help="先显示已有的 / what is there already, too")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象 / JSON lines, as /v1/quarantine gives them")
def watch_command(exchange: str, *, everything: bool, as_json: bool) -> None:
    """实时显示被拒收的记录，直到 Ctrl-C / Show what is refused as it happens, until Ctrl-C.

    服务暂时无应答时继续等待。 Where a service does not answer for a while, it is asked again.
    """
    try:
        tails = [Tail(register) for register in registers_of(exchange, load_access_settings())]
        if not everything:
            for tail in tails:
                for _ in tail.new():
                    pass
        click.echo("等待被拒收的记录，Ctrl-C 结束 / waiting for what is refused, Ctrl-C ends", err=True)
        _follow(tails, as_json=as_json)
    except (ApiError, SettingsError) as error:
        raise AskingFailed(str(error)) from error
    except KeyboardInterrupt:
        return


def _follow(tails: list[Tail], *, as_json: bool) -> None:
    away = set[str]()
    while True:
        for tail in tails:
            name = tail.register.api.name
            try:
                for item in tail.new():
                    click.echo(json.dumps(item, ensure_ascii=False) if as_json else _text(item))
            except ApiError as error:
                if not error.away:
                    raise
                if name not in away:
                    click.echo(f"{error}; 继续等待 / waiting", err=True)
                away.add(name)
            else:
                if name in away:
                    away.remove(name)
                    click.echo(f"{name}: 已恢复 / answers again", err=True)
        time.sleep(_POLL_S)


def _text(item: dict[str, Any]) -> str:
    place = f"{item['topic']}[{item['partition']}]@{item['offset']}"
    number = number_of(item)
    faults = "".join(f"\n  {error['field']}: {error['message']}" for error in item["errors"])
    return f"{item['received_at']} {place}{f' {number}' if number else ''}: {item['reason']}{faults}"
