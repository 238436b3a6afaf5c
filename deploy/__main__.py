"""`jiangbu`: for those who operate the set."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import psycopg
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, SecurityDisabledError
from sqlalchemy.exc import SQLAlchemyError

from deploy.api_keys import make_api_keys
from deploy.broker.topics import TopicsRefusedError, apply_topics
from deploy.broker.users import (
    Access,
    AccessRefusedError,
    apply_access,
    change_password,
    make_passwords,
    wanted_users,
)
from deploy.databases import apply_databases
from deploy.doctor.deployment import examine_deployment
from deploy.doctor.service import examine_service
from deploy.recovery.accept_loss import accept, standings
from deploy.recovery.new_generation import new_generation as begin_new_generation
from deploy.recovery.stopped_service import stopped
from deploy.secrets import ADMIN, OUR_UID, SecretsError, make_secrets, wanted_secrets
from shared.kafka.positions import PartitionLostError
from shared.operator_errors import OperatorError
from shared.settings import (
    KafkaSettings,
    Service,
    SettingsError,
    load_database_admin_url,
    load_exchanges_file,
    load_kafka_settings,
    load_register_ids,
)
from shared.whitelist import Whitelist, WhitelistError, load_whitelist

BROKER_TIMEOUT_MS = 10_000
OPERATOR_ERRORS = (
    SettingsError,
    WhitelistError,
    SecretsError,
    TopicsRefusedError,
    AccessRefusedError,
    OperatorError,
    PartitionLostError,
)
SERVICE = click.option("--service", type=click.Choice(get_args(Service)), required=True)


@click.group(help="奖补运维命令 / Commands for operators of the set. 设置见 .env.example / settings: see .env.example.")
def main() -> None:
    pass


@main.group(help="Kafka 主题 / Kafka topics.")
def topics() -> None:
    pass


@topics.command(
    help="建立并配置全部主题；有 --secrets 时也建立各交易场所和各服务的用户与权限；可重复执行 / Create and configure"
    " all topics and, with --secrets, the user of each exchange and each service with its rights; safe to repeat."
)
@click.option("--dry-run", is_flag=True, help="只显示，不修改 / say what would be done, change nothing")
@click.option(
    "--secrets",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="密码文件所在目录，缺少的将建立 / folder of the files with passwords; those that are missing are made",
)
@click.option(
    "--rotate", "rotated", multiple=True, metavar="USER", help="更换该用户的密码 / another password for a user"
)
def apply(dry_run: bool, folder: Path | None, rotated: tuple[str, ...]) -> None:
    if rotated and folder is None:
        raise click.UsageError("--rotate 需要 / needs --secrets FOLDER")
    with _told_in_one_line():
        exchanges, kafka = load_whitelist(load_exchanges_file()), load_kafka_settings()
        if folder is not None and not kafka.security_protocol.startswith("SASL"):
            raise SettingsError("KAFKA_SECURITY_PROTOCOL: --secrets 需要 / needs SASL_PLAINTEXT or SASL_SSL")
        admin = _admin(kafka)
        try:
            for step in apply_topics(admin, exchanges, dry_run=dry_run):
                click.echo(step.text)
            if folder is not None:
                _apply_access(Access(admin, kafka), exchanges, folder, rotated, dry_run=dry_run)
        finally:
            admin.close()


def _apply_access(
    access: Access, exchanges: Whitelist, folder: Path, rotated: tuple[str, ...], *, dry_run: bool
) -> None:
    if not dry_run:
        for path in make_passwords(exchanges, folder):
            click.echo(f"{path}: 新建 / made")
    # The admin's own comes last: this connection was made with the old one.
    others = [user for user in rotated if user != ADMIN]
    for user in others:
        change_password(access, user, folder, click.echo, dry_run=dry_run)
    users = wanted_users(exchanges, load_register_ids(), folder)
    apply_access(access, users, click.echo, dry_run=dry_run)
    if ADMIN in rotated:
        change_password(access, ADMIN, folder, click.echo, dry_run=dry_run)


@main.command(
    "secrets",
    help="在 FOLDER 中建立缺少的密码与密钥文件，已有的不动 / Make the files with passwords and API keys that are"
    " missing in FOLDER; those that are there stay as they are.",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--owner",
    type=click.IntRange(min=0),
    default=OUR_UID,
    show_default=True,
    metavar="UID",
    help="由 root 执行时文件的所有者 / who owns the files if they are made by root",
)
def secrets(folder: Path, owner: int) -> None:
    with _told_in_one_line():
        exchanges = load_whitelist(load_exchanges_file())
        made = make_secrets(folder, wanted_secrets(exchanges), owner) + make_api_keys(folder, exchanges, owner)
        for path in made:
            click.echo(f"{path}: 新建 / made")
        click.echo(f"新建 / made: {len(made)}")


@main.group(help="PostgreSQL 数据库 / PostgreSQL databases.")
def databases() -> None:
    pass


@databases.command(
    "apply",
    help="建立各服务的数据库与角色，密码取自 FOLDER（可重复执行）/ Create the services' databases and roles, with the"
    " passwords of FOLDER; safe to repeat.",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def apply_all_databases(folder: Path) -> None:
    with _told_in_one_line():
        for line in apply_databases(load_database_admin_url(), folder):
            click.echo(line)


@main.command(
    help="检查整个部署，或一个服务的设置及其所需的一切；有异常则以 1 结束 / Check the whole deployment, or a service's"
    " settings and all that it needs; says of each fault what to do, and exits with 1 if there is any."
)
@click.option("--service", type=click.Choice(get_args(Service)), help="只看一个服务 / one service, by its own settings")
@click.option(
    "--secrets",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("secrets"),
    show_default=True,
    metavar="FOLDER",
    help="密码文件所在目录 / folder of the files with passwords",
)
def doctor(service: Service | None, folder: Path) -> None:
    well = True
    for finding in examine_deployment(folder) if service is None else examine_service(service):
        click.echo(f"{'正常 ok  ' if finding.well else '异常 FAIL'}  {finding.subject}: {finding.text}")
        well = well and finding.well
    sys.exit(0 if well else 1)


@main.command(
    "new-generation",
    help="恢复旧备份后由此继续：登记簿进入下一代，并重新发布全部事实 / Go on from an older backup that was put back:"
    " a register as its next generation, with all facts published anew; the ledger by reading on from there.",
)
@SERVICE
@click.confirmation_option(
    prompt="仅限恢复旧备份后，且服务已停止；继续? / Only after an older backup, with the service stopped. Go on?"
)
def new_generation(service: Service) -> None:
    with _told_in_one_line(), stopped(service) as found:
        for line in begin_new_generation(found):
            click.echo(line)


@main.command(
    "accept-loss",
    help="主题重建，或未读的记录已删除后，由现有记录继续 / Go on from what is there after a topic was made anew, or"
    " records were deleted unread: says what is missing, asks, and says what was accepted as lost.",
)
@SERVICE
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
def accept_loss(service: Service, yes: bool) -> None:
    with _told_in_one_line(), stopped(service) as found:
        standing = standings(found)
        for partition in standing:
            click.echo(partition.line)
        if not any(partition.missing for partition in standing):
            click.echo("没有缺失 / nothing is missing")
            return
        if not yes:
            click.confirm("接受以上缺失并继续? / Accept what is missing and go on?", abort=True)
        for line in accept(found, standing):
            click.echo(line)


@contextlib.contextmanager
def _told_in_one_line() -> Iterator[None]:
    """What an operator can mend, without a traceback; exit 1."""
    try:
        yield
    except OPERATOR_ERRORS as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, psycopg.Error) as error:
        raise click.ClickException(f"数据库 / database: {str(error).splitlines()[0]}") from error
    except SecurityDisabledError as error:
        raise click.ClickException("Kafka 未启用权限 / the broker has no users and rights: see deploy/kafka") from error
    except (KafkaError, OSError) as error:
        raise click.ClickException(f"Kafka 无法连接或拒绝 / Kafka is away or refuses: {error!r}") from error


def _admin(settings: KafkaSettings) -> KafkaAdminClient:
    return KafkaAdminClient(**settings.client_config(), bootstrap_timeout_ms=BROKER_TIMEOUT_MS)


if __name__ == "__main__":
    main()
