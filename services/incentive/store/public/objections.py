"""Objections that were received publicly, in the ledger's database, and the holds that register them."""

from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from sqlalchemy import Connection

from services.incentive.store.as_of import AS_OF
from services.incentive.store.rows import columns
from shared.postgres.query import execute, fetch_one, fetch_value, where
from shared.postgres.sorted_rows import Sorts, SqlRows, column
from shared.values.json_types import Json
from shared.values.times import format_time

ObjectionState = Literal["received", "held", "answered"]
OBJECTION_STATES: Final[tuple[str, ...]] = get_args(ObjectionState)

_RECEIVED: Final = """
    INSERT INTO public_objection (id, received_at, award_id, name, contact, reason)
    VALUES (%(id)s, %(received_at)s, %(award_id)s, %(name)s, %(contact)s, %(reason)s)
"""
_WITH_ANSWER: Final = f"""
    SELECT o.id, o.received_at, o.award_id, o.name, o.contact, o.reason, h.id AS hold_id, r.id AS release_id,
           r.outcome, r.reason AS answer
    FROM public_objection o
    LEFT JOIN (hold h JOIN act ha ON ha.id = h.id AND ha.recorded_at <= {AS_OF}) ON h.objection_id = o.id
    LEFT JOIN (hold_release r JOIN act ra ON ra.id = r.id AND ra.recorded_at <= {AS_OF}) ON r.hold_id = h.id
    WHERE o.received_at <= {AS_OF}
"""
_IN_STATE: Final = {
    "received": "hold_id IS NULL",
    "held": "hold_id IS NOT NULL AND release_id IS NULL",
    "answered": "release_id IS NOT NULL",
}


class PublicObjection(NamedTuple):
    """An objection to an award under public notice: who objects, how to reach that person, and why."""

    id: str
    received_at: datetime
    award_id: str
    name: str
    contact: str
    reason: str


class ListedObjection(NamedTuple):
    """An objection with the hold that registers it and the release that answers it, None as long as there is none."""

    id: str
    received_at: datetime
    award_id: str
    name: str
    contact: str
    reason: str
    hold_id: str | None
    release_id: str | None
    outcome: str | None
    answer: str | None

    @property
    def state(self) -> ObjectionState:
        if self.hold_id is None:
            return "received"
        return "held" if self.release_id is None else "answered"


_ID: Final = column("id", str, 'id COLLATE "C"')
OBJECTION_SORTS: Final[Sorts] = {
    "objection_id": (_ID,),
    "received_at": (column("received_at", datetime), _ID),
    "award_id": (column("award_id", str, 'award_id COLLATE "C"'), _ID),
}


def insert_objection(connection: Connection, objection: PublicObjection) -> None:
    execute(connection, _RECEIVED, **objection._asdict())


def count_objections(connection: Connection, award_id: str | None, since: datetime) -> int:
    """The number of objections that were received since an instant, to an award (None: to all)."""
    of_award = None if award_id is None else "award_id = %(award_id)s"
    statement = f"SELECT count(*) FROM public_objection {where('received_at > %(since)s', of_award)}"
    return int(fetch_value(connection, statement, int, award_id=award_id, since=since))


def find_objection(connection: Connection, objection_id: str) -> PublicObjection | None:
    statement = f"SELECT {columns(PublicObjection)} FROM public_objection WHERE id = %(id)s"
    return fetch_one(connection, statement, PublicObjection, id=objection_id)


def is_registered(connection: Connection, objection_id: str) -> bool:
    """Return True if a hold registers the objection."""
    statement = "SELECT EXISTS (SELECT FROM hold WHERE objection_id = %(id)s)"
    return bool(fetch_value(connection, statement, bool, id=objection_id))


def find_objections(
    connection: Connection, state: str | None, award_id: str | None, as_of: datetime | None
) -> SqlRows[ListedObjection]:
    """Open the objections of a state, of an award (None: of all)."""
    conditions = where(
        None if state is None else _IN_STATE[state], None if award_id is None else "award_id = %(award_id)s"
    )
    select = f"SELECT * FROM ({_WITH_ANSWER}) o {conditions}"
    parameters = {"award_id": award_id, "as_of": as_of}
    return SqlRows(connection, select, ListedObjection, parameters, lambda rows: map(objection_json, rows))


def objection_json(one: ListedObjection) -> Json:
    found = one._asdict() | {"state": one.state, "received_at": format_time(one.received_at)}
    return {"objection_id": found.pop("id"), **found}
