"""`exchange-kit reconcile`."""

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from exchange_kit.api import ApiError
from exchange_kit.commands.options import EXCHANGE, FILE, AskingFailed
from exchange_kit.reconcile import Finding, Own, Search, count, findings
from exchange_kit.register import Day, await_handled, registers_of
from shared.events.decode import Kind
from shared.settings import SettingsError, load_access_settings
from shared.values.times import now, shanghai_date

_NAMES: Final[dict[Kind, str]] = {"listing": "挂牌 / listings", "trade": "交易 / trades"}
_FATES: Final = {
    "missing": "登记簿没有 / missing",
    "refused": "被拒收 / refused",
    "different": "内容不同 / different",
}


@click.command("reconcile")
@click.argument("file", type=FILE)
@click.option(
    "--date",
    "date",
    type=click.DateTime(["%Y-%m-%d"]),
    help="发送之日，北京时间；默认今天 / the day on which the file was sent, in China; today if not given",
)
@EXCHANGE
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象，末行为汇总 / JSON lines, the summary last")
def reconcile_command(file: Path, date: datetime | None, exchange: str, *, as_json: bool) -> None:
    """把当日所发文件与登记簿逐项核对 / Hold the file that was sent on a day against what the registers have of it.

    FILE 须含当日所发的全部挂牌，或全部交易，或二者；没有的一类不核对。
    重复发送不算差异。退出码：0 一致，1 有差异，2 无法核对。

    FILE has all listings, or all trades, or both, that were sent on that day; a kind that it has not is not compared.
    What was sent twice is no difference. Exit code: 0 equal, 1 a difference, 2 it could not be compared.
    """
    day = shanghai_date(now()) if date is None else date.date()
    try:
        access = load_access_settings()
        with file.open("rb") as lines:
            own = count(lines, exchange)
        registers = {one.kind: one for one in registers_of(exchange, access) if one.kind in own}
        waiting = await_handled(list(registers.values()))
        days = {kind: register.day(day) for kind, register in registers.items()}
        differing = {kind: one for kind, one in registers.items() if not own[kind].agrees_with(days[kind])}
        found: list[Finding] = []
        if differing or None in own:
            with file.open("rb") as lines:
                found = list(findings(lines, exchange, Search(differing, own)))
    except (ApiError, SettingsError, OSError) as error:
        raise AskingFailed(str(error)) from error
    equal = not (differing or found)
    (_tell_json if as_json else _tell)(found, own, days, equal=equal)
    if waiting:
        said = "登记簿还有记录未处理，可稍后再核对 / records are not handled yet, ask again later"
        click.echo(f"{said}: {waiting}", err=True)
    if not equal:
        sys.exit(1)


def _tell(found: list[Finding], own: dict[Kind | None, Own], days: dict[Kind, Day], *, equal: bool) -> None:
    for kind, name in _NAMES.items():
        if kind not in own:
            click.echo(f"{name}: 文件中没有，未核对 / none in the file, not compared")
            continue
        same = own[kind].agrees_with(days[kind])
        click.echo(f"{name}: {'一致 / equal' if same else '有差异 / different'}")
        for line in _counts(own[kind], days[kind]):
            click.echo(f"  {line}")
    for one in found:
        click.echo(_finding_text(one))
    for fate, number in Counter(one.fate for one in found).items():
        click.echo(f"{_FATES[fate]}: {number}")
    if not found and not equal:
        said = "文件内容都在登记簿中：有的在其他日期收到，或当日还收到了文件以外的记录"
        click.echo(f"{said} / all of the file is in the registers: some came on another day, or more came on this one")


def _counts(own: Own, day: Day) -> list[str]:
    refused = ", ".join(f"{reason} {number}" for reason, number in day.refused.items()) or "0"
    theirs = f"收到 / received {day.received}, 接受 / accepted {day.accepted}, 金额 / amount {day.amount}"
    return [
        f"自有 / own: 记录 / records {own.records}, 不同文件 / documents {own.documents}, 金额 / amount {own.amount}",
        f"登记簿 / register: {theirs}, 重复 / duplicates {day.duplicates}, 拒收 / refused {refused}",
    ]


def _finding_text(found: Finding) -> str:
    what = "" if found.number is None else f" {found.number} r{found.revision}"
    reason = "" if found.reason is None else f": {found.reason}"
    faults = "".join(f"\n  {error.field}: {error.message}" for error in found.errors)
    return f"第 {found.line} 行 / line {found.line}{what}: {_FATES[found.fate]}{reason}{faults}"


def _tell_json(found: list[Finding], own: dict[Kind | None, Own], days: dict[Kind, Day], *, equal: bool) -> None:
    for one in found:
        click.echo(msgspec.json.encode(one))
    summary: dict[str, Any] = {"equal": equal}
    for kind, day in days.items():
        ours = {"records": own[kind].records, "documents": own[kind].documents, "amount": own[kind].amount}
        summary[kind] = {"own": ours, "register": msgspec.to_builtins(day)}
    click.echo(json.dumps({"summary": summary}))
