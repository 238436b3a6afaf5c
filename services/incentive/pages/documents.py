"""The documents of acts on pages: which of their files are kept."""

from collections.abc import Iterable

from services.incentive.store.kept_files import kept_among
from shared.values.json_types import Json
from shared.web.keys import current_key
from shared.web.service import viewer_snapshot


def kept(documents: Iterable[Json]) -> frozenset[str]:
    """Return the SHA-256 of the documents whose files are kept; none for readers who may not download them."""
    digests = {one["sha256"] for one in documents}
    if not digests or current_key().kind not in ("auditor", "bureau"):
        return frozenset()
    with viewer_snapshot() as connection:
        return kept_among(connection, digests)
