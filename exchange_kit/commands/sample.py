"""`exchange-kit sample`."""

from typing import BinaryIO

import click

from exchange_kit.commands.options import command, exchange_id
from exchange_kit.sample.year import sample_events
from shared.events.records import to_line
from shared.language import say


@command("sample", "生成一年的虚构事件（NDJSON）。", "Write a year of fictional events as NDJSON.")
@click.option("--exchange", "exchanges", multiple=True, default=("kmdex",), callback=exchange_id, show_default=True)
@click.option(
    "--events",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help=say("事件数", "number of events"),
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help=say("种子相同则结果相同", "the same seed gives the same bytes"),
)
@click.option("--year", type=click.IntRange(2001, 2098), default=2026, show_default=True)
@click.option("--rubbish", is_flag=True, help=say("掺入无效记录", "add records that must be rejected"))
@click.option(
    "-o",
    "--output",
    type=click.File("wb"),
    default="-",
    help=say("输出文件，默认标准输出", "output file, standard output by default"),
)
def sample_command(
    *, exchanges: tuple[str, ...], events: int, seed: int, year: int, rubbish: bool, output: BinaryIO
) -> None:
    output.writelines(to_line(record) for record in sample_events(seed, exchanges, events, year, rubbish=rubbish))
