"""Commands of the incentive service."""

from pathlib import Path

import click

from services.incentive.cli.policy import FILE, policy_commands, read_file
from shared.commands import service_commands
from shared.language import localized, say
from shared.operator_errors import OperatorError
from shared.process.program import run_program

main = service_commands(
    "incentive",
    say("奖补：政策、测算与台账。", "Policy, awards and the ledger."),
    bind="0.0.0.0:8003",
    make_app="services.incentive.app:create_app",
    consume="services.incentive.consumer:run_consumer",
    rebuild="services.incentive.rebuild.command:run_rebuild",
)


@main.command(hidden=True)
def make_extracts() -> None:
    """Write the queued extracts and exit; started by the consumer."""
    from services.incentive.extract.worker import run_worker

    run_program("incentive", run_worker)


@main.command(hidden=True)
def price_readings() -> None:
    """Compute what the alternative of each reading would change and exit; started by the consumer."""
    from services.incentive.commands.price_readings import run_pricing

    run_program("incentive", run_pricing)


@main.command(
    help=say(
        "核验台账核验包（zip 或文件夹），不需要网络与数据库；可靠为 0，不可靠为 1，命令有误为 2。",
        "Verify an extract (zip or folder) without network or database: exit code 0 sound, 1 unsound, 2 bad call.",
    )
)
@click.argument("extract", type=click.Path())
@click.option("--since", metavar="OLDER", help=say("较早的核验包", "An older extract to compare with."))
@click.option("--key", metavar="FILE", help=say("各日志的公钥，一行一个", "The logs' verifier keys, one a line."))
@click.option("--html", metavar="FILE", help=say("另存网页报告", "Also write the report as an HTML page."))
def verify(extract: str, since: str | None, key: str | None, html: str | None) -> None:
    """Run the verifier that an extract contains."""
    from services.incentive.verifier.main import main as run_verify

    options = {"--since": since, "--key": key, "--html": html}
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    raise SystemExit(run_verify([*given, "--", extract], need_key=False))


@main.command(
    "what-if",
    help=say(
        "同样的事实按另一政策文件测算，逐项并按年比较；不改动台账。",
        "Compute the same facts by another policy file, and compare award by award and by year. Nothing is written.",
    ),
)
@click.option("--policy", metavar="FILE", required=True, type=FILE, help=say("另一政策文件", "The other policy file."))
@click.option(
    "--from-ledger", is_flag=True, help=say("事实取自台账数据库（默认）", "Take the facts from the database (default).")
)
@click.option(
    "--extract",
    metavar="ZIP",
    type=FILE,
    help=say("事实取自核验包，不需要数据库", "Take the facts from an extract, without a database."),
)
@click.option("--json", "as_json", is_flag=True, help=say("输出 JSON", "Print JSON."))
def what_if(policy: Path, *, from_ledger: bool, extract: Path | None, as_json: bool) -> None:
    """Compare the policy in force with another policy file."""
    from services.incentive.cli.what_if import compare_extract, compare_ledger, show

    if from_ledger and extract is not None:
        raise click.UsageError(
            say("--from-ledger 与 --extract 只能选一个", "--from-ledger and --extract exclude each other")
        )
    after = read_file(policy)
    if extract is None:
        run_program("incentive", lambda settings: show(*compare_ledger(settings, after), after, as_json=as_json))
        return
    try:
        show(*compare_extract(extract, after), after, as_json=as_json)
    except (ValueError, OperatorError) as error:
        click.echo(localized(str(error)), err=True)
        raise SystemExit(1) from error


@main.command(
    help=say(
        "逐行预览并申报一份表格（CSV 或 XLSX）；有一行有误则全部不写入。",
        "Preview a table of declarations (CSV or XLSX) and declare it; nothing is written if any row is faulty.",
    )
)
@click.argument("file", type=FILE)
@click.option("--preview", is_flag=True, help=say("只预览，不写入", "Only preview, write nothing."))
@click.option(
    "--url",
    default="http://127.0.0.1:8003",
    show_default=True,
    help=say("incentive 的地址", "The address of the incentive service."),
)
@click.option(
    "--key-file",
    metavar="FILE",
    required=True,
    type=FILE,
    help=say("主管部门（bureau）的密钥文件", "A file with a key of the role bureau."),
)
def declare(file: Path, *, preview: bool, url: str, key_file: Path) -> None:
    """Declare a table through the API."""
    from services.incentive.cli.declare import declare_file

    raise SystemExit(declare_file(file, url.rstrip("/"), key_file.read_text("utf-8").strip(), only_preview=preview))


main.add_command(policy_commands)


if __name__ == "__main__":
    main()
