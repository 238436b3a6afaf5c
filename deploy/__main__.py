"""`jiangbu`: commands for operators of the set."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click

from deploy.api_keys import make_api_keys
from deploy.backup.cli import backup, restore
from deploy.broker.admin import connect_admin
from deploy.broker.quotas import apply_quotas, broker_quotas, wanted_quotas
from deploy.broker.topics import apply_topics
from deploy.broker.users import Access, apply_access, change_password, make_passwords, wanted_users
from deploy.databases import apply_databases
from deploy.doctor.examine import examine
from deploy.environment import settings_in
from deploy.first_setup.cli import init
from deploy.ha.cli import ha
from deploy.host.cli import install, rollback, upgrade
from deploy.operator_output import errors_in_one_line, print_lines
from deploy.options import FOLDER
from deploy.recovery.accept_loss import accept, check_partitions
from deploy.recovery.new_generation import new_generation as begin_new_generation
from deploy.recovery.set_aside import order_set_aside
from deploy.recovery.stopped_service import stopped
from deploy.secrets import ADMIN, OUR_UID, make_secrets, wanted_secrets
from shared.kafka.reading_notes import SetAsideOrder
from shared.language import localized, say
from shared.operator_errors import OperatorError
from shared.settings import (
    Service,
    SettingsError,
    load_database_admin_url,
    load_exchange_quota,
    load_exchanges_file,
    load_kafka_settings,
    load_register_ids,
    use_settings,
)
from shared.whitelist import Whitelist, load_whitelist

SERVICE = click.option("--service", type=click.Choice(get_args(Service)), required=True)


@click.group(
    help=say(
        "奖补运维命令。设置见 .env.example。", "Commands for operators of the set. Settings are listed in .env.example."
    )
)
def main() -> None:
    pass


@main.group(help=say("Kafka 主题。", "Kafka topics."))
def topics() -> None:
    pass


@topics.command(
    help=say(
        "建立并配置全部主题；有 --secrets 时也建立各交易场所和各服务的用户、权限与配额。可重复执行。",
        "Create and configure all topics and, with --secrets, the users, ACLs and quotas of exchanges and services.",
    )
)
@click.option("--dry-run", is_flag=True, help=say("只显示，不修改", "show the changes without making them"))
@click.option(
    "--secrets",
    "folder",
    type=FOLDER,
    metavar="FOLDER",
    help=say("密码文件所在目录，缺少的将建立", "folder of the password files; missing ones are created"),
)
@click.option(
    "--rotate", "rotated", multiple=True, metavar="USER", help=say("更换该用户的密码", "change the user's password")
)
@click.option(
    "--replication-factor",
    type=click.IntRange(min=1),
    metavar="N",
    help=say(
        "副本数，缺省按节点数，至多 3；已有主题也补足副本（复制全部数据）",
        "replicas of each topic, by default as many as brokers, at most 3; existing topics are copied to get as many",
    ),
)
def apply(dry_run: bool, folder: Path | None, rotated: tuple[str, ...], replication_factor: int | None) -> None:
    if rotated and folder is None:
        raise click.UsageError(say("--rotate 需要 --secrets FOLDER", "--rotate needs --secrets FOLDER"))
    with errors_in_one_line():
        exchanges, kafka = load_whitelist(load_exchanges_file()), load_kafka_settings()
        if folder is not None and not kafka.security_protocol.startswith("SASL"):
            raise SettingsError("KAFKA_SECURITY_PROTOCOL: --secrets 需要 / needs SASL_PLAINTEXT or SASL_SSL")
        with connect_admin(kafka) as admin:
            changes = apply_topics(admin, exchanges, dry_run=dry_run, replication_factor=replication_factor)
            print_lines(change.text for change in changes)
            if folder is not None:
                # Quotas first: the admin's password may change with the users.
                with broker_quotas(kafka) as broker:
                    print_lines(apply_quotas(broker, wanted_quotas(exchanges, load_exchange_quota()), dry_run=dry_run))
                print_lines(_apply_access(Access(admin, kafka), exchanges, folder, rotated, dry_run=dry_run))


def _apply_access(
    access: Access, exchanges: Whitelist, folder: Path, rotated: tuple[str, ...], *, dry_run: bool
) -> Iterator[str]:
    if not dry_run:
        for path in make_passwords(exchanges, folder):
            yield say(f"{path}: 新建", f"{path}: created")
    # The admin's password comes last, because this connection was opened with the old one.
    for user in rotated:
        if user != ADMIN:
            yield from change_password(access, user, folder, dry_run=dry_run)
    yield from apply_access(access, wanted_users(exchanges, load_register_ids(), folder), dry_run=dry_run)
    if ADMIN in rotated:
        yield from change_password(access, ADMIN, folder, dry_run=dry_run)


@main.command(
    "secrets",
    help=say(
        "在 FOLDER 中建立缺少的密码与密钥文件，已有的不动。",
        "Create the missing files of passwords and API keys in FOLDER; existing ones stay.",
    ),
)
@click.argument("folder", type=FOLDER)
@click.option(
    "--owner",
    type=click.IntRange(min=0),
    default=OUR_UID,
    show_default=True,
    metavar="UID",
    help=say("由 root 执行时文件的所有者", "owner of the files if root creates them"),
)
def secrets(folder: Path, owner: int) -> None:
    with errors_in_one_line():
        exchanges = load_whitelist(load_exchanges_file())
        made = make_secrets(folder, wanted_secrets(exchanges), owner) + make_api_keys(folder, exchanges, owner)
        print_lines(say(f"{path}: 新建", f"{path}: created") for path in made)
        click.echo(say(f"新建 {len(made)} 个", f"{len(made)} created"))


@main.group(help=say("PostgreSQL 数据库。", "PostgreSQL databases."))
def databases() -> None:
    pass


@databases.command(
    "apply",
    help=say(
        "建立各服务的数据库与角色，密码取自 FOLDER。可重复执行。",
        "Create the services' databases and roles with the passwords in FOLDER. Idempotent.",
    ),
)
@click.argument("folder", type=FOLDER)
def apply_all_databases(folder: Path) -> None:
    with errors_in_one_line():
        print_lines(apply_databases(load_database_admin_url(), folder))


@main.command(
    help=say(
        "检查整个部署，或一个服务的设置及其所需的一切；逐项说明如何处理，有异常则以 1 结束。",
        "Check the whole deployment, or the settings of a service and all that it needs. Says how to fix each problem,"
        " and exits with 1 if there is any.",
    )
)
@click.option(
    "--service",
    type=click.Choice(get_args(Service)),
    help=say("只检查一个服务", "check one service by its own settings"),
)
@click.option(
    "--consumer",
    "is_consumer",
    is_flag=True,
    help=say(
        "与 --service 合用：检查消费程序的容器，其中没有接口密钥，而有心跳",
        "with --service, in a container of its consumer, which has no API keys but a heartbeat",
    ),
)
@click.option(
    "--secrets",
    "folder",
    type=FOLDER,
    metavar="FOLDER",
    help=say("密码文件所在目录，缺省为 secrets", "folder of the password files  [default: secrets]"),
)
@click.option(
    "--no-secrets",
    is_flag=True,
    help=say("不检查密码、密钥、用户与权限", "leave out passwords, API keys, users and rights, as for `make up`"),
)
@click.option(
    "--config",
    type=FOLDER,
    metavar="DIR",
    help=say(
        "从该目录的 admin.env（有 --service 时为该服务的文件）与 own.env 读取设置",
        "read the settings from admin.env of this folder, or from the service's file, and from own.env",
    ),
)
def doctor(
    service: Service | None, is_consumer: bool, folder: Path | None, no_secrets: bool, config: Path | None
) -> None:
    if is_consumer and service is None:
        raise click.UsageError(say("--consumer 需要 --service", "--consumer needs --service"))
    if config is not None:
        with errors_in_one_line():
            use_settings(settings_in(config, service or "admin"))
    secrets = folder or (config or Path()) / "secrets"
    well = True
    for finding in examine(service, None if no_secrets else secrets, is_consumer=is_consumer):
        status = "异常 FAIL" if not finding.well else "注意 warn" if finding.is_warning else "正常 ok  "
        click.echo(f"{status}  {finding.subject}: {localized(finding.text)}")
        well = well and finding.well
    sys.exit(0 if well else 1)


@main.command(
    "new-generation",
    help=say(
        "恢复旧备份后由此继续：登记簿进入下一代，并重新发布全部事实；台账由备份处继续读取。",
        "Continue from a restored older backup: a register starts its next generation and publishes all facts again;"
        " the ledger continues reading from the backup.",
    ),
)
@SERVICE
@click.confirmation_option(
    prompt=say(
        "仅限恢复旧备份后，且服务已停止。继续？",
        "Only after restoring an older backup and stopping the service. Continue?",
    ),
    help=say("不再询问", "do not ask"),
)
def new_generation(service: Service) -> None:
    with errors_in_one_line(), stopped(service) as found:
        print_lines(begin_new_generation(found))


@main.command(
    "accept-loss",
    help=say(
        "主题重建或未读的记录已删除后，由现有记录继续：先列出缺失，经确认后执行。",
        "Continue from the remaining records after a topic was recreated or unread records were deleted: lists what is"
        " missing, and asks before it continues.",
    ),
)
@SERVICE
@click.option("--yes", is_flag=True, help=say("不再询问", "do not ask"))
def accept_loss(service: Service, yes: bool) -> None:
    with errors_in_one_line(), stopped(service) as found:
        checked = check_partitions(found)
        print_lines(partition.line for partition in checked)
        if not any(partition.missing for partition in checked):
            click.echo(say("没有缺失", "nothing is missing"))
            return
        if not yes:
            click.confirm(say("接受以上缺失并继续？", "Accept the loss and continue?"), abort=True)
        print_lines(accept(found, checked))


@main.command(
    "set-aside",
    help=say(
        "由登记簿搁置无法读取的记录：列入被拒收事件（unreadable），其余继续。服务不必停止。",
        "Let a register set aside records that it cannot read: they are quarantined (unreadable), and the stream goes"
        " on. The service may run.",
    ),
)
@click.option("--service", type=click.Choice(["listing", "trade-ingest"]), required=True)
@click.option("--topic", required=True, metavar="TOPIC")
@click.option("--partition", type=click.IntRange(min=0), required=True, metavar="N")
@click.option(
    "--offset", type=click.IntRange(min=0), required=True, metavar="N", help=say("起始位点", "the first offset")
)
@click.option(
    "--last-offset",
    type=click.IntRange(min=0),
    metavar="N",
    help=say("最后位点，缺省为起始位点所在批次的末尾", "the last offset; by default that of the batch, if it is known"),
)
@click.option("--yes", is_flag=True, help=say("不再询问", "do not ask"))
def set_aside(service: Service, topic: str, partition: int, offset: int, last_offset: int | None, yes: bool) -> None:
    order = SetAsideOrder(topic, partition, offset, offset if last_offset is None else last_offset)
    if not yes:
        place = f"{topic}[{partition}] {order.first_offset} .. {order.last_offset}"
        click.confirm(
            say(f"搁置 {place}？交易场所须重新发送。", f"Set {place} aside? Its exchange must send it again."),
            abort=True,
        )
    with errors_in_one_line():
        click.echo(localized(order_set_aside(service, order)))


@main.command(
    help=say(
        "把各交易场所主题和台账存档为 Parquet，供其他引擎读取；重复执行只补新增部分。",
        "Archive the topics of exchanges and the ledger as Parquet for other engines. Run again, it adds what is new.",
    )
)
@click.option(
    "--to", "place", required=True, metavar="DIR", help=say("目录或 s3:// 地址", "a folder or an s3:// address")
)
@click.option("--records-only", is_flag=True, help=say("不读台账", "do not read the ledger"))
def archive(place: str, records_only: bool) -> None:
    with errors_in_one_line():
        try:
            from deploy.archive.command import archive_all
        except ModuleNotFoundError as error:
            raise OperatorError(
                "缺少 pyarrow：请安装 jiangbu[archive] / pyarrow is missing: install jiangbu[archive]"
            ) from error
        print_lines(archive_all(place, records_only=records_only))


main.add_command(ha)
for command in (init, install, upgrade, rollback, backup, restore):
    main.add_command(command)


if __name__ == "__main__":
    main()
