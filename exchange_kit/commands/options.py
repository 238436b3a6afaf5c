"""Options and errors that several commands share."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from shared.events.decode import FieldError
from shared.events.topics import EXCHANGE_PATTERN
from shared.language import localized, say

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def command(name: str, zh: str, en: str) -> Callable[[Callable[..., None]], click.Command]:
    """Declare a command with its help in the caller's language."""
    return click.command(name, help=say(zh, en))


def echo(zh: str, en: str, *, err: bool = False) -> None:
    """Print a line in the caller's language."""
    click.echo(say(zh, en), err=err)


def exchange_id(_context: click.Context, _option: click.Parameter, value: str | tuple[str, ...] | None) -> object:
    """Validate an option that names one exchange or several."""
    for exchange in (value,) if isinstance(value, str) else value or ():
        if re.fullmatch(EXCHANGE_PATTERN, exchange) is None:
            raise click.BadParameter(
                say(f"{exchange!r} 须符合 {EXCHANGE_PATTERN}", f"{exchange!r} must match {EXCHANGE_PATTERN}")
            )
    return value


EXCHANGE = click.option(
    "--exchange", required=True, callback=exchange_id, help=say("本交易场所代号", "id of your exchange")
)
AS_JSON = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help=say("每行一个 JSON 对象，末行为汇总", "one JSON object a line, the summary last"),
)


class ServiceUnavailable(click.ClickException):
    """The command could not be carried out, so nothing is known of the result."""

    exit_code = 2


def line_result(
    line: int, result: str, errors: Iterable[FieldError], number: str | None = None, revision: int | None = None
) -> str:
    """Return `line 5 T-1 r2: result`, and each field error in an indented line."""
    document = "" if number is None else f" {number} r{revision}"
    details = "".join(f"\n  {error.field}: {localized(error.message)}" for error in errors)
    return f"{say(f'第 {line} 行', f'line {line}')}{document}: {result}{details}"


def nothing_of(file: Path, exchange: str) -> str:
    """Say that a file has no event of an exchange, so that nothing can be compared."""
    return say(
        f"{file}: 没有交易场所 {exchange} 的事件，无从核对", f"{file}: no event of {exchange}, nothing to compare"
    )


def say_waiting(records: int) -> None:
    """Say on stderr that the registers are still handling records."""
    echo(f"登记簿还有 {records} 条未处理，等待中", f"waiting: the registers have {records} records to handle", err=True)


def report_unhandled(records: int) -> None:
    """Warn on stderr if the registers have not handled all records yet."""
    if records:
        echo(
            f"登记簿还有 {records} 条记录未处理，请稍后再试",
            f"{records} records are not handled yet, try again later",
            err=True,
        )
