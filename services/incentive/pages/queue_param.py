"""The `queue` parameter of an award's page: the list on which the reader came to it, and its place there.

Forms and redirects of the award keep it, so that the next case is one link away after each act.
"""

from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from flask import has_request_context, request

from services.incentive.domain.worklist.waiting import SCOPES, SORTS, WaitingFilter

PARAMETER: Final = "queue"
_PLACE: Final = "place"
_MOST_PLACE: Final = 10**6
YEARS: Final = range(2000, 2100)


class Queue(NamedTuple):
    """A list of the worklist, of one year or of all (None), and a place in it."""

    year: int | None
    wanted: WaitingFilter
    place: int = 0


def keep_queue(endpoint: str, values: dict[str, object]) -> None:
    """Add the queue of this request to the addresses that belong to its award."""
    if not has_request_context() or PARAMETER not in request.args or endpoint == request.endpoint:
        return
    own = (request.view_args or {}).get("award_id")
    if own is not None and values.get("award_id") == own:
        values.setdefault(PARAMETER, request.args[PARAMETER])


def write_queue(queue: Queue) -> str:
    """Return the parameter of a queue."""
    fields = {**queue.wanted._asdict(), "year": queue.year, _PLACE: queue.place}
    return urlencode({name: value for name, value in fields.items() if value is not None})


def read_queue() -> Queue | None:
    """Return the queue in the address of the request; None if there is none, or one that no page of ours made."""
    given = dict(parse_qsl(request.args.get(PARAMETER, "")))
    year, place = given.pop("year", ""), given.pop(_PLACE, "0")
    scope, sort = given.get("scope"), given.get("sort")
    is_ours = scope in SCOPES and sort in SORTS and set(given) <= set(WaitingFilter._fields)
    if not is_ours or "\0" in "".join(given.values()) or year not in ("", *map(str, YEARS)):
        return None
    if not place.isdecimal() or int(place) > _MOST_PLACE:
        return None
    of_year = int(year) if year else None
    return Queue(of_year, WaitingFilter(**given), int(place))  # type: ignore[arg-type]  # its scope was checked
