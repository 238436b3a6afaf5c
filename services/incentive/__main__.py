"""Commands of the incentive service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.incentive.cli.policy import policy_commands, read_file
from shared.operator_errors import OperatorError
from shared.process.program import run_program
from shared.worker.commands import service_commands

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

if TYPE_CHECKING:
    from flask import Flask

    from shared.settings import Settings


def _make_app(settings: Settings) -> Flask:
    from services.incentive.app import create_app

    return create_app(settings)


def _consume(settings: Settings) -> None:
    from services.incentive.consumer import run_consumer

    run_consumer(settings)


def _rebuild(settings: Settings, *, verify: bool, from_kafka: bool) -> None:
    from services.incentive.rebuild.command import run_rebuild

    run_rebuild(settings, verify=verify, from_kafka=from_kafka)


main = service_commands(
    "incentive",
    "奖补：政策、测算与台账 / incentive: policy, awards and the ledger",
    bind="0.0.0.0:8003",
    make_app=_make_app,
    consume=_consume,
    rebuild=_rebuild,
)


@main.command(hidden=True)
def make_extracts() -> None:
    """Make the extracts that wait, and end; the consumer starts it."""
    from services.incentive.extract.worker import run_worker

    run_program("incentive", run_worker)


@main.command()
@click.argument("extract", type=click.Path())
@click.option("--since", metavar="OLDER", help="旧摘录 / an older extract")
@click.option("--key", metavar="FILE", help="各日志的公钥，一行一个 / verifier keys of the logs, one a line")
@click.option("--html", metavar="FILE", help="另存网页报告 / write the report as a page, too")
def verify(extract: str, since: str | None, key: str | None, html: str | None) -> None:
    """核验摘录（zip 或文件夹），不需要网络与数据库；可靠为 0，不可靠为 1，命令有误为 2。

    Verify an extract (zip or folder), without network and database: exit 0 sound, 1 unsound, 2 a wrong call.
    """
    from services.incentive.verifier.main import main as run_verify

    options = {"--since": since, "--key": key, "--html": html}
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    raise SystemExit(run_verify([*given, "--", extract], need_key=False))


@main.command("what-if")
@click.option("--policy", metavar="FILE", required=True, type=_FILE, help="另一政策文件 / another policy file")
@click.option(
    "--from-ledger", is_flag=True, help="事实取自台账数据库（默认） / facts of the ledger's database, the default"
)
@click.option("--extract", metavar="ZIP", type=_FILE, help="事实取自摘录 / facts of an extract, without a database")
@click.option("--json", "as_json", is_flag=True, help="JSON")
def what_if(policy: Path, *, from_ledger: bool, extract: Path | None, as_json: bool) -> None:
    """同样的事实按另一政策文件测算，逐项与按年比较；不改动台账。

    The same facts under another policy file: award by award and by year, with the budget. Nothing is written.
    """
    from services.incentive.cli import what_if as what_if_cli

    if from_ledger and extract is not None:
        raise click.UsageError("--from-ledger 与 --extract 只能选一个 / only one of --from-ledger and --extract")
    after = read_file(policy)
    if extract is None:
        run_program(
            "incentive",
            lambda settings: what_if_cli.say(*what_if_cli.of_ledger(settings, after), after, as_json=as_json),
        )
        return
    try:
        what_if_cli.say(*what_if_cli.of_extract(extract, after), after, as_json=as_json)
    except (ValueError, OperatorError) as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from error


@main.command()
@click.argument("file", type=_FILE)
@click.option("--preview", is_flag=True, help="只预览，不写入 / only look, write nothing")
@click.option(
    "--url", default="http://127.0.0.1:8003", show_default=True, help="incentive 的地址 / where incentive answers"
)
@click.option("--key-file", metavar="FILE", required=True, type=_FILE, help="bureau 密钥 / a key of the role bureau")
def declare(file: Path, *, preview: bool, url: str, key_file: Path) -> None:
    """逐行预览并申报一份 CSV；有一行有误则全部不写入。

    Look at a table of declarations row by row, and declare it; nothing is written where a row is faulty.
    """
    from services.incentive.cli.declare import declare_file

    raise SystemExit(declare_file(file, url.rstrip("/"), key_file.read_text("utf-8").strip(), only_preview=preview))


main.add_command(policy_commands)


if __name__ == "__main__":
    main()
