"""First listings: which listing can be an entity's first."""

from shared.events.documents import Listing
from shared.events.fact_topics import FIRST_LISTING
from shared.register.firsts import FirstsTable

FIRST_LISTINGS = FirstsTable(
    topic=FIRST_LISTING,
    first="first_listing",
    document="listing",
    party="provider",
    eligible="status <> 'annulled' AND NOT mirrored AND counted",
)


def can_be_first(listing: Listing, *, counted: bool) -> bool:
    """Return True if a listing may be a first, (四) 1.

    It is not annulled, not mirrored from another exchange, within its exchange's time on the whitelist, and by a USCC.
    Withdrawn listings (撤牌) stay firsts.
    """
    return (
        counted
        and listing.status != "annulled"
        and listing.origin_exchange is None
        and listing.provider.id_scheme == "uscc"
    )
