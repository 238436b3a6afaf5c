"""What several commands are told in the same way."""

import re
from pathlib import Path

import click

from shared.events.topics import EXCHANGE_PATTERN

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def exchange_id(_context: click.Context, _option: click.Parameter, value: str | tuple[str, ...] | None) -> object:
    """Callback of an option that names an exchange, or several."""
    for exchange in (value,) if isinstance(value, str) else value or ():
        if re.fullmatch(EXCHANGE_PATTERN, exchange) is None:
            raise click.BadParameter(f"{exchange!r}: 须符合 / must match {EXCHANGE_PATTERN}")
    return value


EXCHANGE = click.option("--exchange", required=True, callback=exchange_id, help="本交易所代号 / your exchange's id")


class AskingFailed(click.ClickException):
    """The services could not be asked; nothing is known of what they would say."""

    exit_code = 2
