"""Page of the cases that wait for the reader: the next step of each award, until when, and whose it is."""

from collections import Counter
from datetime import datetime
from typing import Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields
from sqlalchemy import Connection

from services.incentive.domain.steps import ACTIONS
from services.incentive.domain.worklist.waiting import (
    SCOPES,
    SORTS,
    WaitingAward,
    WaitingFilter,
    next_in,
    select_waiting,
)
from services.incentive.http.context import current_actor, incentive_context, ledger_view
from services.incentive.http.schemas import YearParameter
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import load
from services.incentive.pages.queue_param import Queue, read_queue, write_queue
from services.incentive.pages.refreshing import browser_has
from services.incentive.queries.view import LedgerView
from services.incentive.store.readings import ledger_state
from shared.events.fields import Choice, Text
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import SHANGHAI, shanghai_date
from shared.web.keys import current_key, require
from shared.web.query import DayParameter, QuerySchema, WholeNumber

_PAGE_SIZE: Final = 50
_MOST_PAGE: Final = 10_000


class _WaitingQuery(QuerySchema):
    """The filters of the list."""

    scope = Choice(SCOPES)
    action = Choice(tuple(ACTIONS))
    rule = Text(max_length=100)
    name = Text(max_length=200)
    notice = DayParameter()
    sort = Choice(tuple(SORTS))
    year = YearParameter()
    page = WholeNumber(least=1, most=_MOST_PAGE)
    as_of = fields.String()


@blueprint.get("/worklist/waiting", endpoint="waiting")
@require("bureau", "auditor")
def show_waiting() -> ResponseReturnValue:
    """Show the next step of the awards of all years or of one, the reader's own ones unless others are asked for."""
    given = {name: text for name in _WaitingQuery().fields if (text := request.args.get(name, "").strip())}
    query, faults = load(_WaitingQuery(), given)
    year, number = query.get("year"), query.get("page", 1)
    if "notice" in query:
        query["notice"] = query["notice"].isoformat()
    wanted = WaitingFilter(**{name: query[name] for name in WaitingFilter._fields if name in query})
    if "scope" not in query and current_key().kind == "auditor":
        wanted = wanted._replace(scope="all")
    with ledger_view() as (connection, view):
        if browser_has(ledger_state(connection), view.now):
            return Response(status=304)
        waiting = [] if faults else _waiting(connection, view, year)
    listed, start = select_waiting(waiting, wanted), (number - 1) * _PAGE_SIZE
    shown = enumerate(listed[start : start + _PAGE_SIZE], start)
    return show(
        "views/waiting",
        422 if faults else 200,
        year=year,
        wanted=wanted,
        given={name: text for name, text in given.items() if name != "page"},
        faults=faults,
        count=len(listed),
        items=[_item(one, Queue(year, wanted, at), view.instant) for at, one in shown],
        counts=_counts(waiting),
        paging=_paging(given, number, len(listed)),
        policy=view.rulebook.policy,
        actions=tuple(ACTIONS),
    )


def _waiting(connection: Connection, view: LedgerView, year: int | None) -> list[WaitingAward]:
    """The reader's list, of a year or of all (None)."""
    waiting = incentive_context().waiting.load(connection, view, current_actor())
    return waiting if year is None else [one for one in waiting if one.year == year]


def _counts(waiting: list[WaitingAward]) -> Json:
    """Count the awards by scope, and those of the reader by step."""
    own = [one for one in waiting if one.is_mine]
    of_steps = Counter(one.step.action for one in own)
    return {
        "mine": len(own),
        "others": len(waiting) - len(own),
        "all": len(waiting),
        "steps": [(action, of_steps[action]) for action in ACTIONS if of_steps[action]],
    }


def _item(one: WaitingAward, queue: Queue, now: datetime) -> Json:
    until = one.step.until
    return {
        **one._asdict(),
        "payable": format_yuan(one.payable_fen),
        "since": one.since.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "days": (shanghai_date(now) - shanghai_date(one.since)).days,
        "until": None if until is None else until.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        "address": url_for("pages.award", award_id=one.award_id, queue=write_queue(queue)),
    }


def _paging(given: Json, number: int, count: int) -> dict[str, str | None]:
    query = {name: text for name, text in given.items() if name != "page"}
    more = url_for("pages.waiting", **query, page=number + 1) if number * _PAGE_SIZE < count else None
    return {"start": url_for("pages.waiting", **query) if number > 1 else None, "more": more}


def queue_of(connection: Connection, view: LedgerView, award_id: str) -> Json | None:
    """Return where an award stands on the list that the reader came from, and the next one; None without a list."""
    queue = read_queue()
    if queue is None:
        return None
    listed = select_waiting(_waiting(connection, view, queue.year), queue.wanted)
    following, at = next_in(listed, award_id, queue.place)
    query = {name: value for name, value in queue.wanted._asdict().items() if value is not None}
    address = None
    if following is not None:
        address = url_for("pages.award", award_id=following.award_id, queue=write_queue(queue._replace(place=at)))
    return {
        "count": len(listed),
        "list": url_for("pages.waiting", year=queue.year, **query),
        "next": following,
        "address": address,
    }
