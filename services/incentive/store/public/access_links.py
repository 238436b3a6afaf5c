"""One-time links of subjects in the ledger's database: their use, and the list that the bureau sees."""

from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from sqlalchemy import Connection

from services.incentive.store.acts import list_acts
from services.incentive.store.as_of import AS_OF
from shared.postgres.query import execute, fetch, fetch_one
from shared.values.json_types import Json
from shared.values.times import format_time

LinkState = Literal["open", "used", "expired", "revoked"]
LINK_STATES: Final[tuple[str, ...]] = get_args(LinkState)

_FIND: Final = """
    SELECT l.id, l.subject, l.expires_at,
           EXISTS (SELECT FROM access_link_revocation r WHERE r.access_link_id = l.id) AS is_revoked
    FROM access_link l WHERE l.code_sha256 = %(code_sha256)s
"""
_USE: Final = """
    INSERT INTO access_link_use (access_link_id, used_at) VALUES (%(id)s, %(now)s) ON CONFLICT DO NOTHING
"""
_USED: Final = f"""
    SELECT access_link_id, used_at FROM access_link_use WHERE access_link_id = ANY(%(ids)s) AND used_at <= {AS_OF}
"""


class AccessLink(NamedTuple):
    """A link as it was made, and whether the bureau revoked it."""

    id: str
    subject: str
    expires_at: datetime
    is_revoked: bool


def use_link(connection: Connection, code_sha256: str, now: datetime) -> tuple[AccessLink, LinkState] | None:
    """Use the link with this hash, and return it with its state before; None if there is none.

    Only the request that finds it `open` used it: of several at the same time, one.
    """
    link = fetch_one(connection, _FIND, AccessLink, code_sha256=code_sha256)
    if link is None:
        return None
    if link.is_revoked:
        return link, "revoked"
    if link.expires_at <= now:
        return link, "expired"
    return link, "open" if execute(connection, _USE, id=link.id, now=now) else "used"


def list_links(connection: Connection, subject: str, as_of: datetime | None, now: datetime) -> list[Json]:
    """The links of a subject, in order, with `used_at`, `revoked_at` and the state at `as_of` or now."""
    found = list_acts(connection, "access_link", ("subject", subject), as_of)
    ids = [one["access_link_id"] for one in found]
    used = dict(fetch(connection, _USED, tuple[str, datetime], ids=ids, as_of=as_of))
    for one in found:
        used_at = used.get(one["access_link_id"])
        one["used_at"] = None if used_at is None else format_time(used_at)
        one["state"] = _state(one, format_time(as_of or now))
    return found


def _state(one: Json, instant: str) -> LinkState:
    if one["revoked_at"] is not None:
        return "revoked"
    if one["used_at"] is not None:
        return "used"
    return "expired" if one["expires_at"] <= instant else "open"
