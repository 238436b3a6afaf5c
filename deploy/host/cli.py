"""`jiangbu install`, `jiangbu upgrade` and `jiangbu rollback`: one host with systemd."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from deploy.host.install import install as install_host
from deploy.host.layout import PORTS, Host, HostError, running_version
from deploy.host.upgrade import rollback as roll_back
from deploy.host.upgrade import upgrade as upgrade_host
from deploy.operator_output import errors_in_one_line, print_lines
from deploy.options import FOLDER
from shared.language import say
from shared.settings import Service, load_exchanges_file

DEFAULTS = Host()
CONFIG = click.option(
    "--config",
    type=FOLDER,
    default=DEFAULTS.config,
    show_default=True,
    metavar="DIR",
    help=say("配置与密码目录", "the folder of settings and secrets"),
)


@click.command(
    help=say(
        "在本机安装：用户、密码与密钥、各服务的配置、systemd 单元。名录取自 EXCHANGES_FILE。可重复执行；"
        "内容不同的已有文件不覆盖。",
        "Install on this host: accounts, secrets, settings of each service, systemd units. EXCHANGES_FILE names the"
        " whitelist. Idempotent; existing files with other content are not replaced.",
    )
)
@click.option("--systemd", is_flag=True, required=True, help=say("由 systemd 运行", "run by systemd"))
@CONFIG
@click.option(
    "--units", type=FOLDER, default=DEFAULTS.units, show_default=True, help=say("单元目录", "folder of units")
)
@click.option("--user", default=DEFAULTS.user, show_default=True, help=say("程序的用户", "account of the programs"))
@click.option("--bind", default=DEFAULTS.bind, show_default=True, help=say("接口地址", "address of the APIs"))
@click.option("--port", "ports", multiple=True, metavar="SERVICE=PORT", help=say("接口端口", "port of an API"))
@click.option("--database", default=DEFAULTS.database, show_default=True, metavar="HOST:PORT", help="PostgreSQL")
@click.option(
    "--broker",
    metavar="HOST:PORT",
    help=say("已有的 Kafka；不设则由本机运行", "a Kafka that exists; by default the host runs its own"),
)
@click.option(
    "--outside",
    metavar="HOST:PORT",
    help=say("交易场所连接本机 Kafka 的地址", "the address under which exchanges reach the host's own Kafka"),
)
@click.option("--force", is_flag=True, help=say("覆盖内容不同的文件", "replace files with other content"))
def install(  # noqa: PLR0913, PLR0917 - an option each
    systemd: bool,
    config: Path,
    units: Path,
    user: str,
    bind: str,
    ports: Sequence[str],
    database: str,
    broker: str | None,
    outside: str | None,
    force: bool,
) -> None:
    del systemd
    with errors_in_one_line():
        prefix = running_version().prefix
        host = Host(prefix, config, units, user, bind, dict(PORTS) | _ports(ports), database, broker, outside)
        print_lines(install_host(host, load_exchanges_file(), force=force))


def _ports(given: Sequence[str]) -> dict[Service, int]:
    known = {service: service for service in get_args(Service)}
    try:
        return {known[name]: int(port) for name, _, port in (one.partition("=") for one in given)}
    except (KeyError, ValueError) as error:
        raise HostError(f"--port: 须为 / must be SERVICE=PORT: {error}") from error


@click.command(
    help=say(
        "改用本命令所属的版本：角色、主题与权限、表结构升级、切换、重启，直到接口就绪。",
        "Make the version of this command the current one: roles, topics and rights, migrations, the switch, a restart,"
        " until the APIs are ready.",
    )
)
@CONFIG
def upgrade(config: Path) -> None:
    with errors_in_one_line():
        print_lines(upgrade_host(running_version(), config))


@click.command(
    help=say(
        "改回上一版本；其间有表结构升级的拒绝执行，须先恢复转储。",
        "Go back to the previous version; refused if a migration lies between, until the dumps are restored.",
    )
)
@CONFIG
@click.option("--to", "name", metavar="VERSION", help=say("缺省为上一版本", "by default the previous version"))
def rollback(config: Path, name: str | None) -> None:
    with errors_in_one_line():
        print_lines(roll_back(running_version(), name, config))
