"""Commands of the trade-ingest service."""

from shared.commands import service_commands
from shared.language import say

main = service_commands(
    "trade-ingest",
    say("登记簿：交易。", "The register of trades."),
    bind="0.0.0.0:8002",
    make_app="services.trade_ingest.app:create_app",
    consume="services.trade_ingest.register:consume",
    rebuild="services.trade_ingest.rebuild:rebuild",
)


if __name__ == "__main__":
    main()
