"""Commands of the listing service."""

from shared.commands import service_commands
from shared.language import say

main = service_commands(
    "listing",
    say("登记簿：挂牌。", "The register of listings."),
    bind="0.0.0.0:8001",
    make_app="services.listing.app:create_app",
    consume="services.listing.register:consume",
    rebuild="services.listing.rebuild:rebuild",
)


if __name__ == "__main__":
    main()
