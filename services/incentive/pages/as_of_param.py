"""The `as_of` parameter of pages: now, or an instant that the page's address names and all its links keep.

A page that shows only the present keeps the instant in its navigation; its other links lead to the present.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Final

from flask import g, request
from marshmallow import ValidationError
from sqlalchemy import Connection

from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfQuery
from services.incentive.queries.view import LedgerView
from services.incentive.store.ledger import last_instant
from shared.postgres.clock import ahead_s, is_wrong
from shared.values.json_types import Json
from shared.values.times import SHANGHAI, day_start
from shared.web.problems import FieldFault, Problem
from shared.web.service import current_service

PARAMETER: Final = "as_of"
_TIMELESS: Final = {"pages.static", "pages.sign_in", "pages.sign_out"}
_DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_LOCAL: Final = re.compile(rf"{_DAY.pattern}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?")  # as a browser's field sends it
_SECOND: Final = timedelta(seconds=1)
_TICK: Final = timedelta(microseconds=1)


def read_instant() -> None:
    """Read the instant from the address of a page; a form that is sent is about now. Problem 422."""
    given = request.args.get(PARAMETER, "").strip()
    if request.method in ("GET", "HEAD") and given:
        g.as_of = _last_instant(given, current_service().clock())
        g.as_of_given = given


def page_as_of() -> datetime | None:
    """Return the instant that the page shows; None is now."""
    g.shows_as_of = True
    return requested_as_of()


@contextmanager
def page_view() -> Iterator[tuple[Connection, LedgerView]]:
    """Open the ledger at the instant that the page shows, as its reader may see it."""
    with ledger_view(page_as_of()) as (connection, view):
        # A key of an exchange or a subject sees its own entries alone.
        if view.as_of is not None and view.viewer is None:
            g.is_ledger_ahead = is_wrong(ahead_s(connection, last_instant(connection)))
        yield connection, view


def requested_as_of() -> datetime | None:
    """Return the instant in the page's address, even if the page does not show it."""
    instant: datetime | None = g.get("as_of")
    return instant


def keep_instant(endpoint: str, values: dict[str, object]) -> None:
    """Add the instant to the links of a page that shows it."""
    if "shows_as_of" in g and "as_of_given" in g and endpoint not in _TIMELESS:
        values.setdefault(PARAMETER, g.as_of_given)


def vocabulary() -> Json:
    """Return what templates need: the instant as a field shows it, and whether the page shows it."""
    instant = requested_as_of()
    local = None if instant is None else instant.astimezone(SHANGHAI).replace(tzinfo=None)
    return {
        "as_of": None if local is None else local.isoformat(timespec="seconds"),
        "as_of_given": g.get("as_of_given"),
        "is_ledger_ahead": g.get("is_ledger_ahead", False),
        "shows_as_of": g.get("shows_as_of", False),
    }


def _last_instant(given: str, now: datetime) -> datetime:
    """Return the last instant of the day or second that is given in Beijing time, or an exact instant."""
    start, length = _parse(given)
    if start > now:
        raise Problem(422, errors=[FieldFault(PARAMETER, "不得晚于现在 / must not be in the future")])
    return min(start + length, now)


def _parse(given: str) -> tuple[datetime, timedelta]:
    """Return the start of the day, second or instant, and how much later its last instant is."""
    try:
        if _DAY.fullmatch(given):
            return day_start(date.fromisoformat(given)), timedelta(days=1) - _TICK
        if _LOCAL.fullmatch(given):
            return datetime.fromisoformat(given).replace(tzinfo=SHANGHAI), _SECOND - _TICK
        return AsOfQuery().load({PARAMETER: given})[PARAMETER], timedelta()
    except (ValueError, ValidationError) as error:
        said = "须为日期或时间，如 2026-03-01T10:00 / must be a day or a time, such as 2026-03-01T10:00"
        raise Problem(422, errors=[FieldFault(PARAMETER, said)]) from error
