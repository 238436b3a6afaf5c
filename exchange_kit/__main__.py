"""`exchange-kit`: what an exchange needs to send its events, and nothing of the services."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exchange_kit.mapping import load_mapping
from exchange_kit.progress_file import Trail, store_position
from exchange_kit.publish import Published, PublishError, cluster_of, publish
from exchange_kit.records import EXCHANGE_ID, SampleRecord, Stream, from_line, to_line
from exchange_kit.sample import sample_events
from exchange_kit.tables import Fault, convert, read_csv
from exchange_kit.validate import ACCEPTED, DUPLICATE, Verdict, judge
from shared.settings import SettingsError, load_kafka_settings


def _exchange_id(_context: click.Context, _option: click.Parameter, value: str | tuple[str, ...] | None) -> object:
    for exchange in (value,) if isinstance(value, str) else value or ():
        if EXCHANGE_ID.fullmatch(exchange) is None:
            raise click.BadParameter(f"{exchange!r}: 须符合 / must match {EXCHANGE_ID.pattern}")
    return value


@click.group()
def main() -> None:
    """交易所工具包 / What an exchange needs to send its events."""


@main.command("sample")
@click.option("--exchange", "exchanges", multiple=True, default=("kmdex",), callback=_exchange_id, show_default=True)
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


@main.command("validate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path))
@click.option(
    "--exchange",
    callback=_exchange_id,
    help="本交易所代号；不填则以各行 source 为准 / your exchange's id, else the one that each line names",
)
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象，末行为汇总 / JSON lines, the summary last")
def validate_command(file: Path, exchange: str | None, *, as_json: bool) -> None:
    """离线校验 NDJSON 文件，结论与接收端一致 / Say offline what intake will make of each line of an NDJSON file.

    退出码：0 全部可接受或重复，1 有将被拒收的行，2 调用有误。
    Exit code: 0 all accepted or duplicates, 1 some would be refused, 2 a bad call.
    """
    outcomes = Counter[str]()
    with _reading(file) as lines:
        for verdict in judge(lines, exchange):
            outcomes[verdict.outcome] += 1
            if verdict.refused:
                click.echo(msgspec.json.encode(verdict) if as_json else _refusal_text(verdict))
    accepted, duplicates = outcomes.pop(ACCEPTED, 0), outcomes.pop(DUPLICATE, 0)
    if as_json:
        summary = {"accepted": accepted, "duplicates": duplicates, "refused": dict(sorted(outcomes.items()))}
        click.echo(json.dumps({"summary": summary}))
    else:
        click.echo(f"可接受 / accepted: {accepted}\n重复 / duplicates: {duplicates}")
        click.echo(f"将被拒收 / would be refused: {outcomes.total()}")
        for reason, count in sorted(outcomes.items()):
            click.echo(f"  {reason}: {count}")
    if outcomes:
        sys.exit(1)


@contextmanager
def _reading(file: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a file; a bar on a terminal says how far they are read."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # Lines told on a terminal go above the bar; in a pipe they must stay on standard output.
    bar = Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty(), transient=True
    )
    with bar, bar.open(file, "rb", description="校验 / checking") as lines:
        yield iter(lines)


def _refusal_text(verdict: Verdict) -> str:
    faults = "".join(f"\n  {error.field}: {error.message}" for error in verdict.errors)
    return f"第 {verdict.line} 行 / line {verdict.line}: {verdict.outcome}{faults}"


@main.command("from-csv")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="映射文件（YAML） / which column holds which member",
)
@click.option("--exchange", required=True, callback=_exchange_id, help="本交易所代号 / your exchange's id")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="NDJSON")
def from_csv_command(file: Path, mapping_file: Path, exchange: str, output: Path) -> None:
    """按映射文件把 CSV 的每一行转成一个事件 / Make an event of each row of a CSV file, by a mapping.

    有任何错误则不写输出文件。 The output is written only if no row has a fault.
    """
    part = output.with_name(f"{output.name}.part")
    written, faults = 0, 0
    try:
        mapping = load_mapping(mapping_file)
        with part.open("wb") as lines:
            for found in convert(read_csv(file, mapping.encoding), mapping, exchange):
                if isinstance(found, bytes):
                    lines.write(found)
                    written += 1
                else:
                    click.echo(_fault_text(found))
                    faults += 1
        if not faults:
            part.replace(output)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    if faults:
        click.echo(f"{faults} 处错误，未写 {output} / faults, nothing was written", err=True)
        sys.exit(1)
    click.echo(f"{written} 个事件 / events -> {output}")


def _fault_text(fault: Fault) -> str:
    columns = "".join(f"「{column}」" for column in fault.columns)
    return f"第 {fault.row} 行{columns} / row {fault.row}: {fault.message}"


@main.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path))
@click.option("--exchange", required=True, callback=_exchange_id, help="本交易所代号 / your exchange's id")
@click.option(
    "--raw-to",
    type=click.Choice(["listings", "trades"]),
    help="无法识别的行原样发往此主题 / send lines that are no known event to this topic, as they are",
)
@click.option("--again", is_flag=True, help="从头发送 / send all again, whatever was acknowledged before")
def publish_command(file: Path, exchange: str, raw_to: str | None, *, again: bool) -> None:
    """把 NDJSON 文件的事件发到 Kafka，中断后续发 / Send the events of an NDJSON file to Kafka; go on where it stopped.

    已确认到哪里记在 FILE.progress；Kafka 由环境变量 KAFKA_BOOTSTRAP_SERVERS 等指定。
    FILE.progress keeps how far it was acknowledged; the broker is the one that KAFKA_BOOTSTRAP_SERVERS etc. name.
    """
    stream = cast("Stream | None", raw_to)
    try:
        total, others = _survey(file, exchange, stream)
        kafka = load_kafka_settings().client_config()
        trail = Trail(file, cluster_of(kafka), exchange, again=again)
        store_position(file, trail.start)
        _tell_start(trail)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("已确认 / acknowledged", total=total)

            def progress(published: Published) -> None:
                bar.update(task, completed=trail.start.records + published.acknowledged.total())
                position = trail.reached(published.in_order)
                if position is not None:
                    store_position(file, position)

            published = publish(_records(file, exchange, stream, trail), kafka, progress)
    except (PublishError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"无法读写文件 / cannot read or write: {error}") from error
    _tell(published, others)
    if published.failed:
        sys.exit(1)


def _tell_start(trail: Trail) -> None:
    if trail.outdated:
        said = "进度文件属于其他集群、交易所或内容，从头发送"
        click.echo(f"{said} / the progress file is of another cluster, exchange or content: sending all", err=True)
    if trail.start.records:
        said = "此前已确认，不再发送（--again 可重发） / acknowledged before, not sent again (--again sends all)"
        click.echo(f"{said}: {trail.start.records}")


def _survey(file: Path, exchange: str, stream: Stream | None) -> tuple[int, Counter[str]]:
    """How many lines are the exchange's, and how many of which others. Nothing is sent if a line's topic is unknown."""
    total, others = 0, Counter[str]()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            record = from_line(line, exchange, stream)
            if record is None:
                said = f"{file}: 第 {number} 行不是已知类型的事件 / line {number} is no event of a known type"
                raise PublishError(f"{said} (--raw-to listings|trades 可原样发送 / sends such lines as they are)")
            if record.exchange == exchange:
                total += 1
            else:
                others[record.exchange] += 1
    return total, others


def _records(file: Path, exchange: str, stream: Stream | None, trail: Trail) -> Iterator[SampleRecord]:
    """The exchange's records from where the trail begins."""
    with file.open("rb") as lines:
        lines.seek(trail.start.size)
        for line in lines:
            record = from_line(line, exchange, stream) if line.strip() else None
            own = record is not None and record.exchange == exchange
            trail.pass_line(line, sent=own)
            if record is not None and own:
                yield record
    trail.mark()


def _tell(published: Published, others: Counter[str]) -> None:
    for topic, count in sorted(published.acknowledged.items()):
        click.echo(f"已确认 / acknowledged: {count} -> {topic}")
        for (of, partition), (first, last) in sorted(published.offsets.items()):
            if of == topic:
                click.echo(f"  分区 / partition {partition}: offset {first} - {last}")
    if not published.acknowledged:
        click.echo("没有记录被确认 / no record was acknowledged")
    for other, count in sorted(others.items()):
        click.echo(f"未发送，属于其他交易所 / not sent, of another exchange: {count} ({other})", err=True)
    if published.failed:
        click.echo(f"失败 / failed: {published.failed}: " + "; ".join(published.failures), err=True)


if __name__ == "__main__":
    main()
