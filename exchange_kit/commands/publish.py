"""`exchange-kit publish`."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exchange_kit.commands.options import EXCHANGE, FILE
from exchange_kit.progress_file import Trail, store_position
from exchange_kit.publish import GIVE_UP_S, Published, PublishError, cluster_of, publish
from exchange_kit.records import SampleRecord, from_line
from shared.events.decode import Kind
from shared.settings import SettingsError, load_kafka_settings

_INTERRUPTED: Final = 130  # as a shell says of a program that Ctrl-C ended
_TELL_AFTER_S: Final = 5.0
_KINDS: Final[dict[str, Kind]] = {"listings": "listing", "trades": "trade"}


@click.command("publish")
@click.argument("file", type=FILE)
@EXCHANGE
@click.option(
    "--raw-to",
    type=click.Choice(list(_KINDS)),
    help="无法识别的行原样发往此主题 / send lines that are no known event to this topic, as they are",
)
@click.option("--again", is_flag=True, help="从头发送 / send all again, whatever was acknowledged before")
def publish_command(file: Path, exchange: str, raw_to: str | None, *, again: bool) -> None:
    """把 NDJSON 文件的事件发到 Kafka，中断后续发 / Send the events of an NDJSON file to Kafka; go on where it stopped.

    已确认到哪里记在 FILE.progress；Kafka 由环境变量 KAFKA_BOOTSTRAP_SERVERS 等指定。
    FILE.progress keeps how far it was acknowledged; the broker is the one that KAFKA_BOOTSTRAP_SERVERS etc. name.
    """
    otherwise = None if raw_to is None else _KINDS[raw_to]
    try:
        total, others = _survey(file, exchange, otherwise)
        kafka = load_kafka_settings().client_config()
        trail = Trail(file, cluster_of(kafka), exchange, again=again)
        store_position(file, trail.start)
        _tell_start(trail)
        with _Told(file, trail, total) as told:
            published = publish(_records(file, exchange, otherwise, trail), kafka, told.progress)
    except (PublishError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("已中断，再次运行同一命令即可续发 / interrupted, the same command goes on", err=True)
        sys.exit(_INTERRUPTED)
    except OSError as error:
        raise click.ClickException(f"无法读写文件 / cannot read or write: {error}") from error
    _tell(published, others)
    if published.failed:
        sys.exit(1)


class _Told:
    """A bar of what is acknowledged, a line when Kafka is waited for, and the position beside the file."""

    def __init__(self, file: Path, trail: Trail, total: int) -> None:
        self._file, self._trail = file, trail
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task("已确认 / acknowledged", total=total)
        self._waits = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, published: Published) -> None:
        self._bar.update(self._task, completed=self._trail.start.records + published.acknowledged.total())
        position = self._trail.reached(published.in_order)
        if position is not None:
            store_position(self._file, position)
        if self._waits != (published.waiting_s > _TELL_AFTER_S):
            self._waits = not self._waits
            away = f"Kafka 无应答，至多等待 {GIVE_UP_S:.0f} 秒 / Kafka does not answer: waiting, for so long at most"
            self._bar.console.print(away if self._waits else "Kafka 已恢复 / Kafka answers again")


def _tell_start(trail: Trail) -> None:
    if trail.outdated:
        said = "进度文件属于其他集群、交易所或内容，从头发送"
        click.echo(f"{said} / the progress file is of another cluster, exchange or content: sending all", err=True)
    if trail.start.records:
        said = "此前已确认，不再发送（--again 可重发） / acknowledged before, not sent again (--again sends all)"
        click.echo(f"{said}: {trail.start.records}")


def _survey(file: Path, exchange: str, otherwise: Kind | None) -> tuple[int, Counter[str]]:
    """How many lines are the exchange's, and how many of which others. Nothing is sent if a line's topic is unknown."""
    total, others = 0, Counter[str]()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            record = from_line(line, exchange, otherwise)
            if record is None:
                said = f"{file}: 第 {number} 行不是已知类型的事件 / line {number} is no event of a known type"
                raise PublishError(f"{said} (--raw-to listings|trades 可原样发送 / sends such lines as they are)")
            if record.exchange == exchange:
                total += 1
            else:
                others[record.exchange] += 1
    return total, others


def _records(file: Path, exchange: str, otherwise: Kind | None, trail: Trail) -> Iterator[SampleRecord]:
    """The exchange's records from where the trail begins."""
    with file.open("rb") as lines:
        lines.seek(trail.start.size)
        for line in lines:
            record = from_line(line, exchange, otherwise) if line.strip() else None
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
