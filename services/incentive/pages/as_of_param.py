"""As of when a page tells: of now, or of an instant that its address names and all its links keep.

Of a page that tells of the present alone the navigation keeps it, and what it shows leads to the present.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask import g, request
from marshmallow import ValidationError

from services.incentive.http.schemas import AsOfQuery
from shared.values.times import SHANGHAI, day_start
from shared.web.problems import FieldFault, Problem
from shared.web.service import current_service

PARAMETER: Final = "as_of"
_OF_NO_TIME: Final = {"pages.static", "pages.sign_in", "pages.sign_out"}
_DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_LOCAL: Final = re.compile(rf"{_DAY.pattern}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?")  # as a browser's field sends it
_SECOND: Final = timedelta(seconds=1)
_TICK: Final = timedelta(microseconds=1)


def read_instant() -> None:
    """Take the instant from the address of a page; a form that is sent is about now. Problem 422."""
    given = request.args.get(PARAMETER, "").strip()
    if request.method not in ("GET", "HEAD") or not given:
        return
    g.as_of = _up_to(given, current_service().clock())
    g.as_of_given = given


def told_as_of() -> datetime | None:
    """The instant that the page is asked for, which it tells of; None is now."""
    g.tells_as_of = True
    return asked_as_of()


def asked_as_of() -> datetime | None:
    """The instant in the page's address, whether the page tells of it or not."""
    found: datetime | None = g.get("as_of")
    return found


def keep_instant(endpoint: str, values: dict[str, Any]) -> None:
    """The instant, in the address of every page that one of the past leads to."""
    if "tells_as_of" in g and "as_of_given" in g and endpoint not in _OF_NO_TIME:
        values.setdefault(PARAMETER, g.as_of_given)


def vocabulary() -> dict[str, Any]:
    """What templates know of it: the instant as a field takes it, and whether the page tells of it."""
    instant = asked_as_of()
    local = None if instant is None else instant.astimezone(SHANGHAI).replace(tzinfo=None)
    return {
        "as_of": None if local is None else local.isoformat(timespec="seconds"),
        "as_of_given": g.get("as_of_given"),
        "tells_as_of": g.get("tells_as_of", False),
    }


def _up_to(given: str, now: datetime) -> datetime:
    """What people write is of Beijing time and means all of the day or second; the API's form is exact."""
    begins, lasts = _written(given)
    if begins > now:
        raise Problem(422, errors=[FieldFault(PARAMETER, "不得晚于现在 / may not be in the future")])
    return min(begins + lasts, now)


def _written(given: str) -> tuple[datetime, timedelta]:
    """When what is written begins, and how much later its last instant is."""
    try:
        if _DAY.fullmatch(given):
            return day_start(date.fromisoformat(given)), timedelta(days=1) - _TICK
        if _LOCAL.fullmatch(given):
            return datetime.fromisoformat(given).replace(tzinfo=SHANGHAI), _SECOND - _TICK
        return AsOfQuery().load({PARAMETER: given})[PARAMETER], timedelta()
    except (ValueError, ValidationError) as error:
        said = "须为日期或时间，如 2026-03-01T10:00 / must be a day or a time, such as 2026-03-01T10:00"
        raise Problem(422, errors=[FieldFault(PARAMETER, said)]) from error
