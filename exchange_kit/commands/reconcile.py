"""`exchange-kit reconcile`."""

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from exchange_kit.api import ApiError
from exchange_kit.commands.options import (
    AS_JSON,
    EXCHANGE,
    FILE,
    ServiceUnavailable,
    command,
    echo,
    line_result,
    nothing_of,
    report_unhandled,
    say_waiting,
)
from exchange_kit.reconcile import FileCounts, LineDifference, count, findings
from exchange_kit.register import DayCounts, await_handled, registers_of
from shared.events.decode import Kind
from shared.language import localized, say
from shared.settings import AccessSettings, SettingsError
from shared.values.times import now, shanghai_date

if TYPE_CHECKING:
    from shared.values.json_types import Json

_KINDS: Final[dict[Kind, tuple[str, str]]] = {"listing": ("挂牌", "listings"), "trade": ("交易", "trades")}
_FATES: Final = {
    "missing": ("登记簿没有", "missing"),
    "refused": ("被拒收", "rejected"),
    "different": ("内容不同", "different"),
}


@command(
    "reconcile",
    """把当日所发文件与登记簿逐项核对。

    FILE 须含当日所发的全部挂牌，或全部交易，或二者；没有的一类不核对。重复发送不算差异。

    退出码：0 一致，1 有差异，2 无法核对。""",
    """Reconcile the file published on a day with the registers.

    FILE must hold all listings, or all trades, or both, published on that day; a kind that it lacks is not
    compared. Duplicates are no difference.

    Exit code: 0 equal, 1 different, 2 could not be compared.""",
)
@click.argument("file", type=FILE)
@click.option(
    "--date",
    "date",
    type=click.DateTime(["%Y-%m-%d"]),
    help=say("发送之日（北京时间），默认今天", "day of publication in China, today by default"),
)
@EXCHANGE
@AS_JSON
def reconcile_command(file: Path, date: datetime | None, exchange: str, *, as_json: bool) -> None:
    day = shanghai_date(now()) if date is None else date.date()
    try:
        access = AccessSettings()
        with file.open("rb") as lines:
            own = count(lines, exchange)
        if not own:
            raise ServiceUnavailable(nothing_of(file, exchange))
        registers = {kind: one for kind, one in registers_of(exchange, access).items() if kind in own}
        waiting = await_handled(registers.values(), say_waiting)
        days = {kind: register.day(day) for kind, register in registers.items()}
        differing = {kind: one for kind, one in registers.items() if not own[kind].agrees_with(days[kind])}
        found: list[LineDifference] = []
        if differing or None in own:
            with file.open("rb") as lines:
                found = list(findings(lines, exchange, differing, own))
    except (ApiError, SettingsError, OSError) as error:
        raise ServiceUnavailable(localized(str(error))) from error
    equal = not (differing or found)
    (_report_json if as_json else _report)(found, own, days, equal=equal)
    report_unhandled(waiting)
    if not equal:
        sys.exit(1)


def _report(
    found: list[LineDifference], own: dict[Kind | None, FileCounts], days: dict[Kind, DayCounts], *, equal: bool
) -> None:
    for kind, (zh, en) in _KINDS.items():
        if kind not in own:
            echo(f"{zh}：文件中没有，未核对", f"{en}: none in the file, not compared")
            continue
        same = own[kind].agrees_with(days[kind])
        echo(f"{zh}：{'一致' if same else '有差异'}", f"{en}: {'equal' if same else 'different'}")
        _report_counts(own[kind], days[kind])
    for one in found:
        click.echo(_finding_text(one))
    for fate, number in Counter(one.fate for one in found).items():
        click.echo(f"{say(*_FATES[fate])}: {number}")
    if not found and not equal:
        echo(
            "文件内容都在登记簿中：有的在其他日期收到，或当日还收到了文件以外的记录",
            "the registers have all of the file, but received some of it on another day, or more on this day",
        )


def _report_counts(own: FileCounts, day: DayCounts) -> None:
    refused = ", ".join(f"{reason} {number}" for reason, number in day.refused.items()) or "0"
    echo(
        f"  文件：记录 {own.records}，不同单据 {own.documents}，金额 {own.amount}",
        f"  file: records {own.records}, documents {own.documents}, amount {own.amount}",
    )
    echo(
        f"  登记簿：收到 {day.received}，接受 {day.accepted}，金额 {day.amount}，重复 {day.duplicates}，拒收 {refused}",
        f"  register: received {day.received}, accepted {day.accepted}, amount {day.amount},"
        f" duplicates {day.duplicates}, rejected {refused}",
    )


def _finding_text(found: LineDifference) -> str:
    reason = "" if found.reason is None else f": {found.reason}"
    return line_result(found.line, f"{say(*_FATES[found.fate])}{reason}", found.errors, found.number, found.revision)


def _report_json(
    found: list[LineDifference], own: dict[Kind | None, FileCounts], days: dict[Kind, DayCounts], *, equal: bool
) -> None:
    for one in found:
        click.echo(msgspec.json.encode(one))
    summary: Json = {"equal": equal}
    for kind, day in days.items():
        ours = {"records": own[kind].records, "documents": own[kind].documents, "amount": own[kind].amount}
        summary[kind] = {"own": ours, "register": msgspec.to_builtins(day)}
    click.echo(json.dumps({"summary": summary}))
