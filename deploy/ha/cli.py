"""`jiangbu ha`: commands for a highly available set, which a YAML file describes."""

import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from deploy.ha.nodes_file import load_nodes
from deploy.ha.render import render as rendered_files
from deploy.ha.secrets import make_ha_secrets
from deploy.ha.status import DEGRADED, UNREACHABLE, WHOLE, SetPart, examine_set, verdict
from deploy.ha.switchover import plan_switchover, switch_over
from deploy.operator_output import errors_in_one_line, print_lines
from deploy.options import FILE, FOLDER
from deploy.recovery.recover_set import assessed_set, recover_set
from deploy.rendered_files import plan_files, write_files
from shared.language import localized, say
from shared.settings import (
    load_database_admin_url,
    load_exchanges_file,
    load_kafka_settings,
    load_patroni_password,
)
from shared.whitelist import load_whitelist

NODES = click.option(
    "--nodes",
    "file",
    type=FILE,
    default=Path("nodes.yaml"),
    show_default=True,
    metavar="FILE",
    help=say("描述各机器的文件", "the file that describes the machines"),
)

VERDICTS = {
    WHOLE: ("正常", "whole"),
    DEGRADED: ("降级：可用，但有异常", "degraded"),
    UNREACHABLE: ("无法使用", "unreachable"),
}


@click.group(help=say("高可用部署。", "A highly available set."))
def ha() -> None:
    pass


@ha.command(
    help=say(
        "由描述文件生成各机器的配置与 systemd 单元，其中没有密码；内容不同的已有文件不覆盖。",
        "Render the configuration and systemd units of every machine, without passwords; existing files with other"
        " content are not replaced.",
    )
)
@NODES
@click.option("--out", "folder", type=FOLDER, required=True, metavar="DIR", help=say("输出目录", "the output folder"))
@click.option("--force", is_flag=True, help=say("覆盖内容不同的文件", "replace files with other content"))
def render(file: Path, folder: Path, force: bool) -> None:
    with errors_in_one_line():
        cluster = load_nodes(file)
        print_lines(write_files(plan_files(rendered_files(cluster), folder, force=force)))
    if engines := ", ".join(cluster.in_plain_text):
        click.echo(
            say(f"注意：各机器之间未加密：{engines}", f"warning: in plain text between machines: {engines}"), err=True
        )


@ha.command(
    "secrets",
    help=say(
        "在 `jiangbu secrets` 建立的目录中增加 Patroni 和 Kafka 节点的密码，已有的不动。",
        "Add the passwords of Patroni and of Kafka's nodes to the folder of `jiangbu secrets`; existing ones stay.",
    ),
)
@click.argument("folder", type=FOLDER)
def secrets(folder: Path) -> None:
    with errors_in_one_line():
        print_lines(f"{path}: 新建 / created" for path in make_ha_secrets(folder))


@ha.command(
    help=say(
        "显示各部分的状态；正常以 0 结束，有异常以 1，无法使用以 2。",
        "Show the state of each part; exits with 0 if the set is whole, 1 if degraded, 2 if it cannot be used.",
    )
)
@NODES
@click.option("--json", "as_json", is_flag=True, help=say("输出一行 JSON", "print one line of JSON"))
def status(file: Path, as_json: bool) -> None:
    try:
        with errors_in_one_line():
            parts = examine_set(load_nodes(file), load_database_admin_url(), load_kafka_settings())
    except click.ClickException as error:
        error.show()
        sys.exit(UNREACHABLE)  # click's own code would mean DEGRADED
    code = verdict(parts)
    if as_json:
        click.echo(msgspec.json.encode({"verdict": VERDICTS[code][1], "parts": parts}))
    else:
        for line in table(parts):
            click.echo(line)
        click.echo(say(*VERDICTS[code]))
    sys.exit(code)


@ha.command(
    help=say(
        "将主库切换到同步备库，直到新主库经 DATABASE_ADMIN_URL 应答；没有同步备库则拒绝。",
        "Switch the primary over to a synchronous standby and wait until it answers through the front door; refused"
        " without an attached synchronous standby.",
    )
)
@NODES
@click.option(
    "--to", metavar="MEMBER", help=say("新主库，缺省由 Patroni 选出", "the new primary; by default Patroni elects it")
)
@click.option("--yes", is_flag=True, help=say("不再询问", "do not ask"))
def switchover(file: Path, to: str | None, yes: bool) -> None:
    with errors_in_one_line():
        cluster, admin_url, password = load_nodes(file), load_database_admin_url(), load_patroni_password()
        planned = plan_switchover(cluster, to)
        if not yes:
            names = f"{planned.leader.name} -> {planned.new_primary}"
            click.confirm(
                say(f"主库切换 {names}，写入将停数秒。继续？", f"Switch over {names}? Writes stop for seconds."),
                abort=True,
            )
        new, took_s = switch_over(cluster, planned, admin_url, password)
        click.echo(say(f"主库为 {new}，用时 {took_s:.1f} 秒", f"the primary is {new}, after {took_s:.1f} s"))


@ha.command(
    help=say(
        "主备切换丢失提交或恢复旧备份之后：逐个服务说明丢失了什么，经一次确认后全部继续。消费程序可由守护程序反复启动，"
        "其间会等待；经 DATABASE_ADMIN_URL 和 Kafka 管理员执行。",
        "After a failover that lost commits, or a restored backup: says what each service lost, asks once, and"
        " continues with all of them. A supervisor may go on starting the consumers, which wait meanwhile. Connects by"
        " DATABASE_ADMIN_URL and as the admin of Kafka.",
    )
)
@click.option("--yes", is_flag=True, help=say("不再询问", "do not ask"))
def recover(yes: bool) -> None:
    with errors_in_one_line():
        exchanges = load_whitelist(load_exchanges_file()).ids
        with assessed_set(load_database_admin_url(), load_kafka_settings(), exchanges) as assessed:
            for service, losses in assessed:
                print_lines(f"{service.service}: {line}" for line in losses or ["没有丢失 / nothing is lost"])
            if not any(losses for _, losses in assessed):
                return
            if not yes:
                click.confirm(say("接受以上丢失并继续？", "Accept the losses and continue?"), abort=True)
            print_lines(recover_set(assessed))


def table(parts: Sequence[SetPart]) -> list[str]:
    """Return the lines of a table, one for each part, with its fault in the caller's language."""
    heading = say(
        "部分 名称 地址 状态 角色 同步 时间线 落后 余量 异常",
        "part name address state role sync timeline behind free fault",
    ).split()
    rows = [heading, *map(_cells, parts)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(part: SetPart) -> list[str]:
    behind = f"{part.lag_bytes} B" if part.lag_bytes is not None else _text(part.behind)
    return [
        part.kind,
        part.name,
        part.address,
        part.state,
        part.role,
        part.sync,
        _text(part.timeline),
        behind,
        "" if part.free_bytes is None else f"{part.free_bytes / 1e9:.1f} GB",
        localized(part.fault),
    ]


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
