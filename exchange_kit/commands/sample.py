"""`exchange-kit sample`."""

from typing import BinaryIO

import click

from exchange_kit.commands.options import exchange_id
from exchange_kit.records import to_line
from exchange_kit.sample.year import sample_events


@click.command("sample")
@click.option("--exchange", "exchanges", multiple=True, default=("kmdex",), callback=exchange_id, show_default=True)
@click.option("--events", type=click.IntRange(min=1), default=20_000, show_default=True, help="事件数 / how many lines")
@click.option("--seed", type=int, default=1, show_default=True, help="同种子同结果 / the same seed, the same bytes")
@click.option("--year", type=click.IntRange(2001, 2098), default=2026, show_default=True)
@click.option("--rubbish", is_flag=True, help="掺入无效记录 / with records that must be refused")
@click.option("-o", "--output", type=click.File("wb"), default="-", help="NDJSON 文件 / file, else standard output")
def sample_command(
    *, exchanges: tuple[str, ...], events: int, seed: int, year: int, rubbish: bool, output: BinaryIO
) -> None:
    """生成一年的虚构事件 / Write a year of events of fictional parties as NDJSON."""
    output.writelines(to_line(record) for record in sample_events(seed, exchanges, events, year, rubbish=rubbish))
