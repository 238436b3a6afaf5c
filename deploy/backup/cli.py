"""`jiangbu backup` and `jiangbu restore`."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Final, NamedTuple

import click

from deploy.backup.check import check_backup, remove_old
from deploy.backup.drill import DrillPlace, drill
from deploy.backup.manifest import BackupManifest, Vault
from deploy.backup.restore import (
    RestoredSet,
    compare_logs,
    continue_services,
    restore_broker,
    verify_services,
)
from deploy.backup.run import Sources, back_up
from deploy.backup.run_metrics import reported_run
from deploy.backup.sealed import create_backup_key, load_backup_key
from deploy.backup.server_copy import CopyOptions, slot_of
from deploy.backup.server_restore import await_recovered, restore_files
from deploy.backup.stores import open_store
from deploy.operator_output import errors_in_one_line, print_lines
from deploy.options import FILE
from shared.language import say
from shared.settings import (
    BackupSettings,
    KafkaSettings,
    load_database_admin_url,
    load_exchanges_file,
    load_kafka_settings,
    load_policy_file,
)
from shared.whitelist import load_whitelist

_FOLDER: Final = click.Path(file_okay=False, exists=True, path_type=Path)
_MEGABYTE: Final = 1e6
_WAIT_S: Final = 3600
_LOGS_AGREE: Final = "日志与备份中的检查点一致 / the logs agree with the checkpoints of the backup"
_PLACE_HELP: Final = say("目录，或 s3://桶/前缀", "a folder, or s3://BUCKET/PREFIX")
_KEY_HELP: Final = say("备份密钥文件", "the key file")


class _OpenBackup(NamedTuple):
    """A backup that is read: its vault, and the manifest that was asked for."""

    vault: Vault
    manifest: BackupManifest


def _reads_backup(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a backup, and the backup as its first argument."""

    @click.option("--from", "place", metavar="PLACE", help=_PLACE_HELP)
    @click.option("--key", type=FILE, metavar="FILE", help=_KEY_HELP)
    @click.option(
        "--manifest",
        "name",
        metavar="NAME",
        help=say("清单名，缺省为最新", "the manifest, such as manifests/00000012; by default the newest"),
    )
    @wraps(command)
    def run(place: str | None, key: Path | None, name: str | None, **options: object) -> None:
        with errors_in_one_line():
            _, vault = _open_vault(place, key)
            command(_OpenBackup(vault, vault.manifest(name)), **options)

    return run


class _Instant(click.ParamType[datetime]):
    """An instant in ISO 8601 with its offset from UTC."""

    name = "instant"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            self.fail(say("须为带时区的时刻", "must be an instant such as 2026-03-01T10:00:00+08:00"), param, ctx)
        return instant


_UNTIL: Final = click.option(
    "--until",
    type=_Instant(),
    metavar="INSTANT",
    help=say("数据库恢复到的时刻，缺省为备份的末尾", "the instant of the databases; by default the end of the backup"),
)


@click.group(
    invoke_without_command=True,
    help=say(
        "备份交易场所主题、数据库与设置文件；只复制上次之后新增的部分，加密保存。",
        "Back up the exchanges' topics, the databases and settings files, encrypted: what is new since the last run.",
    ),
)
@click.option("--to", "place", metavar="PLACE", help=_PLACE_HELP)
@click.option("--key", type=FILE, metavar="FILE", help=_KEY_HELP)
@click.option("--full", is_flag=True, help=say("另做数据库全量备份", "also make a base backup of the databases"))
@click.option(
    "--full-after",
    "full_after_hours",
    type=click.IntRange(min=1),
    metavar="HOURS",
    help=say("最近的全量备份早于此则另做一次", "also make a base backup if the newest is older than that"),
)
@click.option(
    "--keep-bases",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help=say("保留的全量备份数", "base backups that are kept, with the log since the oldest"),
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help=say("完成后只保留最近 N 份清单及其对象", "then delete what the newest N manifests do not need"),
)
@click.option(
    "--metrics",
    type=FILE,
    metavar="FILE",
    help=say("将结果写入供 Prometheus 读取的文件", "write how the run ended for Prometheus's textfile collector"),
)
@click.option(
    "--include",
    "included",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    multiple=True,
    metavar="FILE",
    help=say("一并备份的其他文件", "another file to back up"),
)
@click.pass_context
def backup(  # noqa: PLR0913, PLR0917 - an option each
    context: click.Context,
    place: str | None,
    key: Path | None,
    full: bool,
    full_after_hours: int | None,
    keep_bases: int,
    keep: int | None,
    metrics: Path | None,
    included: tuple[Path, ...],
) -> None:
    if context.invoked_subcommand is not None:
        return
    with errors_in_one_line(), nullcontext() if metrics is None else reported_run(metrics):
        files = [load_exchanges_file(), load_policy_file(), *included]
        sources = Sources(load_kafka_settings(), load_database_admin_url(), files)
        where, vault = _open_vault(place, key)
        full_after = None if full_after_hours is None else timedelta(hours=full_after_hours)
        print_lines(_summary(back_up(sources, vault, CopyOptions(slot_of(where), full, keep_bases, full_after))))
        if keep is not None:
            remove_old(vault, keep)


def _open_vault(place: str | None, key: Path | None) -> tuple[str, Vault]:
    """Return the place and the vault there, by default those of the settings. OperatorError, SettingsError."""
    settings = BackupSettings()
    place, key = place or settings.place, key or settings.key_file
    if place is None or key is None:
        raise click.UsageError(
            say(
                "需要备份处与密钥：选项，或 BACKUP_PLACE 与 BACKUP_KEY_FILE",
                "a place and a key are needed, as options or by BACKUP_PLACE and BACKUP_KEY_FILE",
            )
        )
    return place, Vault(open_store(place), load_backup_key(key))


def _summary(manifest: BackupManifest) -> Iterator[str]:
    run = f"runs/{manifest.number:08}/"
    new = sum(part.size for part in manifest.parts() if part.name.startswith(run)) / _MEGABYTE
    whole = sum(part.size for part in manifest.parts()) / _MEGABYTE
    yield (
        f"备份 {manifest.number} 完成，本次 {new:.1f} MB，共 {whole:.1f} MB"
        f" / backup {manifest.number} is complete: {new:.1f} MB in this run, {whole:.1f} MB in all"
    )
    server = manifest.server
    span = f"{server.bases[0].finished} .. {server.until}"
    yield f"可恢复的时刻 / instants that can be restored: {span}"
    for topic in manifest.topics:
        for one in topic.partitions:
            for part in one.parts:
                for first, last in part.unreadable:
                    yield (
                        f"{topic.name}[{one.number}] {first} .. {last}: 批次已损坏，未备份"
                        " / the batch is damaged and is not in the backup"
                    )


@backup.command("key", help=say("建立备份密钥文件，另行妥善保存。", "Create a key file. Keep a copy of it elsewhere."))
@click.argument("file", type=FILE)
def make_key(file: Path) -> None:
    with errors_in_one_line():
        if not create_backup_key(file):
            raise click.ClickException(say(f"{file}: 已存在", f"{file}: exists"))
        click.echo(load_backup_key(file).id.hex())


@backup.command(
    help=say(
        "读取并核对备份的每个对象；逐一列出缺失或损坏的，有则以 1 结束。",
        "Read and check each object of a backup. Names each that is missing or damaged, and then exits with 1.",
    )
)
@_reads_backup
def verify(found: _OpenBackup) -> None:
    faults = list(check_backup(*found))
    print_lines(faults)
    count = len(found.manifest.parts())
    click.echo(say(f"{count} 个对象，{len(faults)} 处异常", f"{count} objects, {len(faults)} faults"))
    if faults:
        sys.exit(1)


@backup.command(
    help=say(
        "删除较早的清单，以及保留的清单都不再需要的对象。",
        "Delete older manifests, and the objects that no kept manifest needs.",
    )
)
@_reads_backup
@click.option("--keep", type=click.IntRange(min=1), required=True, metavar="N", help=say("保留数", "manifests to keep"))
def prune(found: _OpenBackup, keep: int) -> None:
    gone = remove_old(found.vault, keep)
    click.echo(say(f"已删除 {len(gone)} 个对象", f"{len(gone)} objects deleted"))


@backup.command(
    "drill",
    help=say(
        "恢复演练：在运行中的系统之外，恢复到空的 Kafka 与临时的 PostgreSQL，并全部核对。",
        "Rehearse a restore beside the running set, into an empty Kafka and a temporary PostgreSQL. Compares all.",
    ),
)
@_reads_backup
@_UNTIL
@click.option(
    "--broker",
    required=True,
    metavar="HOST:PORT",
    help=say("空的 Kafka，无加密与口令", "an empty Kafka, without encryption and passwords"),
)
@click.option(
    "--postgres-programs",
    "programs",
    type=_FOLDER,
    required=True,
    metavar="FOLDER",
    help=say("PostgreSQL 程序目录（同一大版本）", "the folder of PostgreSQL's programs, of the same major version"),
)
@click.option(
    "--folder",
    type=_FOLDER,
    default=Path(tempfile.gettempdir()),
    show_default=True,
    metavar="FOLDER",
    help=say("临时目录", "for files"),
)
@click.option(
    "--account",
    default="postgres",
    show_default=True,
    metavar="NAME",
    help=say("由 root 执行时运行 PostgreSQL 的账号", "the account that runs PostgreSQL if root calls this"),
)
def rehearse(
    found: _OpenBackup, until: datetime | None, broker: str, programs: Path, folder: Path, account: str
) -> None:
    where = DrillPlace(KafkaSettings((broker,)), folder, programs, account)
    print_lines(drill(where, *found, load_whitelist(load_exchanges_file()), until))
    click.echo(say("演练通过", "the drill succeeded"))


@click.command(
    help=say(
        "由备份恢复：数据库到某一时刻，交易场所主题到空的 Kafka；各服务由此继续，并全部核对。",
        "Restore a backup: databases to an instant, the exchanges' topics into an empty Kafka. The services continue"
        " from there, and everything is compared.",
    )
)
@_reads_backup
@_UNTIL
@click.option(
    "--data",
    type=_FOLDER,
    metavar="FOLDER",
    help=say(
        "PostgreSQL 的空数据目录；不给则不恢复数据库", "PostgreSQL's empty data folder; without it the databases stay"
    ),
)
@click.option("--no-topics", is_flag=True, help=say("Kafka 完好，不恢复主题", "Kafka is sound: leave its topics alone"))
@click.option(
    "--wait",
    "wait_s",
    type=click.IntRange(min=1),
    default=_WAIT_S,
    show_default=True,
    metavar="SECONDS",
    help=say("等待 PostgreSQL 启动并恢复", "how long to wait until PostgreSQL was started and has recovered"),
)
@click.option(
    "--settings",
    "folder",
    type=_FOLDER,
    metavar="FOLDER",
    help=say("取出设置文件到此目录", "write files of settings here"),
)
@click.confirmation_option(
    prompt=say("各服务已停止，确认恢复？", "All services are stopped. Restore?"), help=say("不再询问", "do not ask")
)
def restore(
    found: _OpenBackup, until: datetime | None, data: Path | None, no_topics: bool, wait_s: int, folder: Path | None
) -> None:
    vault, manifest = found
    for one in manifest.settings if folder is not None else ():
        Path(folder or "", one.name).write_bytes(vault.get(one.part))
    restored = RestoredSet(load_kafka_settings(), load_database_admin_url(), load_whitelist(load_exchanges_file()))
    if data is not None:
        restore_files(vault, manifest.server, data, until)
        click.echo(say("数据库文件已就绪，请启动 PostgreSQL", "database files are in place: start PostgreSQL now"))
        await_recovered(restored.admin_url, data, wait_s)
        differing = list(compare_logs(restored, manifest, until))
        print_lines(differing or [_LOGS_AGREE])
    if not no_topics:
        print_lines(restore_broker(restored, vault, manifest))
    print_lines(continue_services(restored, manifest, adopts_topics=not no_topics))
    if list(verify_services(restored, from_kafka=("listing",))):
        sys.exit(1)
    click.echo(say("恢复完成，请启动各服务", "restored: start the services"))
