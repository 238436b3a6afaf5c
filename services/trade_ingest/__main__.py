"""Commands of the trade-ingest service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.commands import service_commands
from shared.language import say

if TYPE_CHECKING:
    from flask import Flask

    from shared.settings import Settings


def _make_app(settings: Settings) -> Flask:
    from services.trade_ingest.app import create_app

    return create_app(settings)


def _consume(settings: Settings) -> None:
    from services.trade_ingest.register import TRADES
    from shared.register.consumer import run_consumer

    run_consumer(TRADES, settings)


def _rebuild(settings: Settings, *, verify: bool, from_kafka: bool) -> None:
    from services.trade_ingest.rebuild import TRADES_REBUILD
    from shared.register.rebuild.command import run_rebuild

    run_rebuild(TRADES_REBUILD, settings, verify=verify, from_kafka=from_kafka)


main = service_commands(
    "trade-ingest",
    say("登记簿：交易。", "The register of trades."),
    bind="0.0.0.0:8002",
    make_app=_make_app,
    consume=_consume,
    rebuild=_rebuild,
)


if __name__ == "__main__":
    main()
