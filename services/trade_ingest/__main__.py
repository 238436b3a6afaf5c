"""Commands of the trade-ingest service."""

from __future__ import annotations

import click

from shared.program import owner_url, run_program


@click.group()
def main() -> None:
    """登记交易 / the register of trades."""


@main.command()
@click.option("--bind", default="0.0.0.0:8002", show_default=True, help="HOST:PORT")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1), help="应答进程数 / processes that answer"
)
def serve(bind: str, workers: int) -> None:
    """Answer over HTTP."""
    from services.trade_ingest.app import create_app
    from shared.web.serve import serve as run_server

    run_program("trade-ingest", lambda settings: run_server(lambda: create_app(settings), bind, workers))


@main.command()
def consume() -> None:
    """Take in trades and publish facts."""
    from services.trade_ingest.consumer import TRADES
    from shared.register.worker import run_worker

    run_program("trade-ingest", lambda settings: run_worker(TRADES, settings))


@main.command()
def migrate() -> None:
    """Bring the database to the newest form, as its owner."""
    from shared.migrate import migrate as run_migrations

    run_program(
        "trade-ingest",
        lambda settings: run_migrations(
            "services.trade_ingest", owner_url(settings), settings.database_url, settings.register
        ),
    )


@main.command(
    help="""从在册原始记录重算并比对全部派生数据；不加 --verify 则修复。可与服务同时运行。

    Work out anew, from the stored records, all that is derived, and compare; without --verify also mend what differs.
    May run beside the services; mending holds intake up meanwhile. Exit 1 if anything differs and is not mended.
    """
)
@click.option("--verify", is_flag=True, help="只比对，不修改 / compare, change nothing")
@click.option(
    "--from-kafka", is_flag=True, help="并从头重读主题，逐条核对 / also read the topics again, record by record"
)
def rebuild(*, verify: bool, from_kafka: bool) -> None:
    from services.trade_ingest.rebuild import TRADES_ANEW
    from shared.register.rebuild import run_rebuild

    run_program(
        "trade-ingest", lambda settings: run_rebuild(TRADES_ANEW, settings, verify=verify, from_kafka=from_kafka)
    )


if __name__ == "__main__":
    main()
