"""First listings: which listing can be an entity's first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.register.firsts import FirstsTable

if TYPE_CHECKING:
    from shared.events.documents import Listing

FIRST_LISTINGS = FirstsTable(
    first="first_listing",
    documents="listing",
    party="provider",
    at="listed_at",
    eligible="status <> 'annulled' AND NOT mirrored AND counted",
)


def can_be_first(listing: Listing, *, counted: bool) -> bool:
    """(四) 1: not annulled, not mirrored from another exchange, within the exchange's time on the whitelist, by a USCC.

    Withdrawn listings (撤牌) stay firsts.
    """
    return (
        counted
        and listing.status != "annulled"
        and listing.origin_exchange is None
        and listing.provider.id_scheme == "uscc"
    )
