"""Page of rejected events: how to correct each, whether it was corrected since, and the file to correct and send."""

import base64
from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple

from flask import request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.context import current_rulebook
from services.incentive.http.register_reads import (
    KINDS,
    RegisterList,
    events_to_correct,
    quarantine_counts,
    register_ids,
)
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.lists import PageList
from services.incentive.store.register_client import NotInRegister, RegisterUnavailable
from shared.events.decode import REASONS
from shared.values.json_types import Json
from shared.web.keys import current_key
from shared.web.problems import Problem
from shared.web.register.quarantine import QUARANTINE, STATUSES, QuarantineQuery

_NEWEST_FIRST: Final = {"sort": "id", "order": "desc"}
_SHOWN_BYTES: Final = 2000
_FILTERS: Final = ("exchange", "reason", "date", "status")


@blueprint.get("/quarantine")
def quarantine() -> ResponseReturnValue:
    """Show the rejected events of one register, the newest first; an exchange sees its own."""
    chosen = _chosen()
    source = RegisterList(chosen["kind"], chosen["register"], "/v1/quarantine", QUARANTINE.query(QuarantineQuery))
    path = {name: chosen[name] for name in ("kind", "register")}
    asked = PageList(source, "pages.quarantine", _FILTERS, _NEWEST_FIRST, path)
    listed = counts = None
    try:
        file = asked.file()
        if file is not None:
            return file
        listed = asked.shown()
        counts = quarantine_counts(chosen["kind"], chosen["register"], _kept(chosen, "exchange", "date"))
    except NotInRegister as error:
        raise Problem(404) from error
    except RegisterUnavailable:
        pass
    return show(
        "views/quarantine",
        **chosen,
        listed=listed,
        registers=register_ids(),
        reasons=REASONS,
        statuses=STATUSES,
        exchanges=list(current_rulebook().exchanges.ids) if current_key().exchange is None else [],
        counts=None if counts is None else _linked_counts(counts, chosen),
        items=None if listed is None else [_readable(item) for item in listed.items],
    )


@blueprint.get("/quarantine/events")
def quarantine_events() -> ResponseReturnValue:
    """Send the file of events to correct and send again."""
    chosen = _chosen()
    try:
        return events_to_correct(chosen["kind"], chosen["register"], _kept(chosen, "exchange", "reason", "date"))
    except NotInRegister as error:
        raise Problem(404) from error
    except RegisterUnavailable as error:
        said = "登记簿暂不可用 / the register is unavailable"
        raise Problem(503, said, headers={"Retry-After": "5"}) from error


class _Figure(NamedTuple):
    """A count, and the address of exactly what it counts; None where there is nothing."""

    number: int
    address: str | None


class _CountedReason(NamedTuple):
    """The counts of a reason (None: of all) by status, and of the documents in the file to correct."""

    reason: str | None
    by_status: list[_Figure]
    documents: _Figure


def _linked_counts(counts: Json, chosen: Json) -> list[_CountedReason]:
    """Add to the counts of the chosen exchange and day the addresses of what they count; the sums come last."""
    kept = _kept(chosen, "kind", "register", "exchange", "date")

    def figure(endpoint: str, count: int, **filters: str | None) -> _Figure:
        return _Figure(count, url_for(endpoint, **{**kept, **filters}) if count else None)

    return [
        _CountedReason(
            row.get("reason"),
            [
                figure("pages.quarantine", row[status], reason=row.get("reason"), status=status, _anchor="listed")
                for status in STATUSES
            ],
            figure("pages.quarantine_events", row["documents"], reason=row.get("reason")),
        )
        for row in (*counts["items"], counts)
    ]


def _chosen() -> Json:
    """Return the filters in the address. Problem 404 if there is nothing of that name to choose."""
    registers, exchanges = register_ids(), list(current_rulebook().exchanges.ids)
    own = current_key().exchange
    return {
        "kind": _one_of("kind", KINDS) or KINDS[0],
        "register": _one_of("register", registers) or next(iter(registers), ""),
        "exchange": _one_of("exchange", exchanges if own is None else [own]) or own,
        "reason": _one_of("reason", REASONS),
        "status": _one_of("status", STATUSES),
        "date": _day(request.args.get("date", "")),
    }


def _one_of(name: str, known: Collection[str]) -> str | None:
    given = request.args.get(name, "")
    if given and given not in known:
        raise Problem(404)
    return given or None


def _day(given: str) -> str | None:
    try:
        return date.fromisoformat(given).isoformat() if given else None
    except ValueError as error:
        raise Problem(404) from error


def _kept(chosen: Json, *names: str) -> Json:
    return {name: chosen[name] for name in names if chosen[name]}


def _readable(item: Json) -> Json:
    """Add the beginning of the record as text."""
    value = item["value_base64"]
    content = None if value is None else base64.b64decode(value)
    shown = None if content is None else content[:_SHOWN_BYTES].decode("utf-8", "replace")
    return {**item, "shown": shown, "is_cut": content is not None and len(content) > _SHOWN_BYTES}
