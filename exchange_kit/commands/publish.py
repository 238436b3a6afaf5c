"""`exchange-kit publish`."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exchange_kit.commands.options import EXCHANGE, FILE, command, echo
from exchange_kit.progress_file import Trail, store_position
from shared.events.decode import Kind
from shared.events.records import SampleRecord, from_line
from shared.kafka.publish.publish_records import GIVE_UP_S, PublishError, PublishResult, cluster_of, publish
from shared.language import localized, say
from shared.settings import SettingsError, load_kafka_settings

_INTERRUPTED: Final = 130  # exit code of a program interrupted by Ctrl-C
_REPORT_AFTER_S: Final = 5.0
_KINDS: Final[dict[str, Kind]] = {"listings": "listing", "trades": "trade"}


@command(
    "publish",
    """把 NDJSON 文件的事件发布到 Kafka；中断后再次运行即可续发。

    进度记在 FILE.progress；Kafka 由环境变量 KAFKA_BOOTSTRAP_SERVERS 等指定。""",
    """Publish the events of an NDJSON file to Kafka; run it again to continue after an interruption.

    FILE.progress keeps the progress; KAFKA_BOOTSTRAP_SERVERS and the like name the broker.""",
)
@click.argument("file", type=FILE)
@EXCHANGE
@click.option(
    "--raw-to",
    type=click.Choice(list(_KINDS)),
    help=say("无法识别的行原样发往此主题", "publish lines of an unknown event type to this topic unchanged"),
)
@click.option("--again", is_flag=True, help=say("从头发送", "publish everything again"))
def publish_command(file: Path, exchange: str, raw_to: str | None, *, again: bool) -> None:
    otherwise = None if raw_to is None else _KINDS[raw_to]
    try:
        total, others = _survey(file, exchange, otherwise)
        kafka = load_kafka_settings().client_config()
        trail = Trail(file, cluster_of(kafka), exchange, again=again)
        store_position(file, trail.start)
        _report_start(trail)
        with _Reporter(file, trail, total) as reporter:
            published = publish(_records(file, exchange, otherwise, trail), kafka, reporter.progress)
    except (PublishError, SettingsError) as error:
        raise click.ClickException(localized(str(error))) from error
    except KeyboardInterrupt:
        echo("已中断，再次运行同一命令即可续发", "interrupted; run the same command to continue", err=True)
        sys.exit(_INTERRUPTED)
    except OSError as error:
        raise click.ClickException(say(f"无法读写文件：{error}", f"cannot read or write: {error}")) from error
    _report(published, others)
    if published.failed:
        sys.exit(1)


class _Reporter:
    """Shows a progress bar, reports when Kafka does not respond, and stores the progress file."""

    def __init__(self, file: Path, trail: Trail, total: int) -> None:
        self._file, self._trail = file, trail
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task(say("已确认", "acknowledged"), total=total)
        self._waits = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, published: PublishResult) -> None:
        self._bar.update(self._task, completed=self._trail.start.records + published.acknowledged.total())
        position = self._trail.reached(published.in_order)
        if position is not None:
            store_position(self._file, position)
        if self._waits != (published.waiting_s > _REPORT_AFTER_S):
            self._waits = not self._waits
            waiting = say(
                f"Kafka 无应答，至多等待 {GIVE_UP_S:.0f} 秒",
                f"Kafka does not respond, waiting up to {GIVE_UP_S:.0f} s",
            )
            self._bar.console.print(waiting if self._waits else say("Kafka 已恢复", "Kafka responds again"))


def _report_start(trail: Trail) -> None:
    if trail.outdated:
        echo(
            "进度文件属于其他集群、交易场所或内容，从头发送",
            "the progress file belongs to another cluster, exchange or content: publishing everything",
            err=True,
        )
    if trail.start.records:
        echo(
            f"此前已确认 {trail.start.records} 条，不再发送（--again 可重发）",
            f"{trail.start.records} records were acknowledged before and are skipped (--again publishes all)",
        )


def _survey(file: Path, exchange: str, otherwise: Kind | None) -> tuple[int, Counter[str]]:
    """Count the exchange's lines, and those of others by exchange. PublishError if the topic of a line is unknown."""
    others = Counter[str]()
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            record = from_line(line, exchange, otherwise)
            if record is None:
                raise PublishError(
                    f"{file}: 第 {number} 行不是已知类型的事件（--raw-to listings|trades 可原样发送）",
                    f"{file}: unknown event type in line {number} (--raw-to listings|trades publishes it as is)",
                )
            others[record.exchange] += 1
    return others.pop(exchange, 0), others


def _records(file: Path, exchange: str, otherwise: Kind | None, trail: Trail) -> Iterator[SampleRecord]:
    """Yield the exchange's records from the start of the trail."""
    with file.open("rb") as lines:
        lines.seek(trail.start.size)
        for line in lines:
            record = from_line(line, exchange, otherwise) if line.strip() else None
            own = record is not None and record.exchange == exchange
            trail.pass_line(line, sent=own)
            if record is not None and own:
                yield record
    trail.mark()


def _report(published: PublishResult, others: Counter[str]) -> None:
    for topic, count in sorted(published.acknowledged.items()):
        echo(f"已确认：{count} -> {topic}", f"acknowledged: {count} -> {topic}")
        for (of, partition), (first, last) in sorted(published.offsets.items()):
            if of == topic:
                echo(
                    f"  分区 {partition}：offset {first} - {last}", f"  partition {partition}: offset {first} - {last}"
                )
    if not published.acknowledged:
        echo("没有记录被确认", "no record was acknowledged")
    for other, count in sorted(others.items()):
        echo(
            f"未发送，属于其他交易场所：{count}（{other}）",
            f"skipped, of another exchange: {count} ({other})",
            err=True,
        )
    if published.failed:
        failures = "; ".join(published.failures)
        echo(f"失败 {published.failed}：{failures}", f"failed {published.failed}: {failures}", err=True)
