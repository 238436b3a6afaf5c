"""Commands of the trade-ingest service."""

from __future__ import annotations

import click

from shared.migrate import migrate as run_migrations
from shared.program import owner_url, run_program


@click.group()
def main() -> None:
    """登记交易 / the register of trades."""


@main.command()
@click.option("--bind", default="0.0.0.0:8002", show_default=True, help="HOST:PORT")
def serve(bind: str) -> None:
    """Answer over HTTP."""
    from services.trade_ingest.app import create_app
    from shared.web.serve import serve as run_server

    run_program("trade-ingest", lambda settings: run_server(lambda: create_app(settings), bind))


@main.command()
def consume() -> None:
    """Take in trades and publish facts."""
    from services.trade_ingest.consumer import TRADES
    from shared.register.worker import run_worker

    run_program("trade-ingest", lambda settings: run_worker(TRADES, settings))


@main.command()
def migrate() -> None:
    """Bring the database to the newest form, as its owner."""
    run_program(
        "trade-ingest",
        lambda settings: run_migrations(
            "services.trade_ingest", owner_url(settings), settings.database_url, settings.register
        ),
    )


if __name__ == "__main__":
    main()
