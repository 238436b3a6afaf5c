"""`exchange-kit publish`."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exchange_kit.commands.options import AS_JSON, EXCHANGE, FILE, ServiceUnavailable, command, echo
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

    进度记在 FILE.progress；Kafka 由环境变量 KAFKA_BOOTSTRAP_SERVERS 等指定。

    退出码：0 全部确认，1 有的未确认，2 没有本交易场所的事件或调用有误。""",
    """Publish the events of an NDJSON file to Kafka; run it again to continue after an interruption.

    FILE.progress keeps the progress; KAFKA_BOOTSTRAP_SERVERS and the like name the broker.

    Exit code: 0 all acknowledged, 1 some were not, 2 no event of the exchange, or wrong usage.""",
)
@click.argument("file", type=FILE)
@EXCHANGE
@click.option(
    "--raw-to",
    type=click.Choice(list(_KINDS)),
    help=say("无法识别的行原样发往此主题", "publish lines of an unknown event type to this topic unchanged"),
)
@click.option("--again", is_flag=True, help=say("从头发送", "publish everything again"))
@click.option("--dry-run", is_flag=True, help=say("只说明将发送什么", "only say what would be published"))
@AS_JSON
def publish_command(
    file: Path, exchange: str, raw_to: str | None, *, again: bool, dry_run: bool, as_json: bool
) -> None:
    otherwise = None if raw_to is None else _KINDS[raw_to]
    try:
        total, others = _survey(file, exchange, otherwise)
        if not total:
            raise _NothingToPublish(file, exchange, others)
        kafka = load_kafka_settings().client_config()
        trail = Trail(file, cluster_of(kafka), exchange, again=again)
        _report_start(trail)
        if dry_run:
            _report_dry_run(total - trail.start.records, others, as_json=as_json)
            return
        store_position(file, trail.start)
        with _Reporter(file, trail, total) as reporter:
            published = publish(_records(file, exchange, otherwise, trail), kafka, reporter.progress)
    except (PublishError, SettingsError) as error:
        raise click.ClickException(localized(str(error))) from error
    except KeyboardInterrupt:
        echo("已中断，再次运行同一命令即可续发", "interrupted; run the same command to continue", err=True)
        sys.exit(_INTERRUPTED)
    except OSError as error:
        raise click.ClickException(say(f"无法读写文件：{error}", f"cannot read or write: {error}")) from error
    (_report_json if as_json else _report)(published, others)
    if published.failed:
        sys.exit(1)


class _NothingToPublish(ServiceUnavailable):
    """No line of the file is of the exchange: it is empty, or of another exchange."""

    def __init__(self, file: Path, exchange: str, others: Counter[str]) -> None:
        names = ", ".join(sorted(others))
        zh = f"{file}: 没有交易场所 {exchange} 的事件" + (f"，只有 {names} 的" if names else "")
        en = f"{file}: no event of the exchange {exchange}" + (f", only of {names}" if names else "")
        super().__init__(say(zh, en))


def _report_dry_run(records: int, others: Counter[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"summary": {"dry_run": True, "records": records, "others": dict(others)}}))
    else:
        echo(f"将发送 {records} 条，未发送", f"{records} records would be published, none was")


def _report_json(published: PublishResult, others: Counter[str]) -> None:
    offsets = [
        {"topic": topic, "partition": partition, "first": first, "last": last}
        for (topic, partition), (first, last) in sorted(published.offsets.items())
    ]
    acknowledged = dict(sorted(published.acknowledged.items()))
    summary = {"acknowledged": acknowledged, "offsets": offsets, "failed": published.failed, "others": dict(others)}
    click.echo(json.dumps({"summary": summary}))


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
            "进度文件所记的内容与本文件不同，从头发送",
            "the progress file belongs to other content: publishing everything",
            err=True,
        )
    if trail.start.records:
        echo(
            f"此前已确认 {trail.start.records} 条，不再发送（--again 可重发）",
            f"{trail.start.records} records were acknowledged before and are skipped (--again publishes all)",
            err=True,
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
