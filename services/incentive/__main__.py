"""Commands of the incentive service."""

import click

from services.incentive.policy_cli import policy_commands
from shared.program import owner_url, run_program


@click.group()
def main() -> None:
    """奖补:政策、测算与台账 / incentive: policy, awards and the ledger."""


@main.command()
@click.option("--bind", default="0.0.0.0:8003", show_default=True, help="HOST:PORT")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1), help="应答进程数 / processes that answer"
)
def serve(bind: str, workers: int) -> None:
    """Answer over HTTP."""
    # Imported here: a consumer needs no web server, and each program's memory counts.
    from services.incentive.app import create_app
    from shared.web.serve import serve as run_server

    run_program("incentive", lambda settings: run_server(lambda: create_app(settings), bind, workers))


@main.command()
def consume() -> None:
    """Take in facts and post what follows from them."""
    from services.incentive.consumer import run_consumer

    run_program("incentive", run_consumer)


@main.command()
def migrate() -> None:
    """Bring the database to the newest form, as its owner."""
    from shared.migrate import migrate as run_migrations

    run_program(
        "incentive",
        lambda settings: run_migrations("services.incentive", owner_url(settings), settings.database_url),
    )


@main.command()
@click.option("--verify", is_flag=True, help="只比对，不更正 / compare only, mend nothing")
@click.option("--from-kafka", is_flag=True, help="事实主题也从头再读 / read the fact topics again from offset 0, too")
def rebuild(verify: bool, from_kafka: bool) -> None:
    """由已记录的事实重算全部奖补与台账，列出差异；有差异即以 1 结束。

    Work everything out again from the recorded facts, and print what differs; exit 1 if anything does. Without
    --verify what differs is mended, by new versions and new postings alone; exit 1 if anything is left.
    """
    from services.incentive.rebuild import run_rebuild

    run_program("incentive", lambda settings: run_rebuild(settings, verify=verify, from_kafka=from_kafka))


@main.command(hidden=True)
def make_extracts() -> None:
    """Make the extracts that wait, and end; the consumer starts it."""
    from services.incentive.extract.maker import run_maker

    run_program("incentive", run_maker)


@main.command()
@click.argument("extract", type=click.Path())
@click.option("--since", metavar="OLDER", help="旧摘录 / an older extract")
@click.option("--key", metavar="FILE", help="各日志的公钥，一行一个 / verifier keys of the logs, one a line")
@click.option("--html", metavar="FILE", help="另存网页报告 / write the report as a page, too")
def verify(extract: str, since: str | None, key: str | None, html: str | None) -> None:
    """核验摘录（zip 或文件夹），不需要网络与数据库；可靠为 0，不可靠为 1，命令有误为 2。

    Verify an extract (zip or folder), without network and database: exit 0 sound, 1 unsound, 2 a wrong call.
    """
    from services.incentive.extract.verify import main as run_verify

    options = {"--since": since, "--key": key, "--html": html}
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    raise SystemExit(run_verify([*given, "--", extract], need_key=False))


main.add_command(policy_commands)


if __name__ == "__main__":
    main()
