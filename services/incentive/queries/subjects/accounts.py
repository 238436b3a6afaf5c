"""The bank account on record, as the subject itself sees it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from services.incentive.queries.view import LedgerView
from shared.postgres.query import fetch_one


class OwnAccount(NamedTuple):
    """The account that payments go to, with its number masked."""

    bank: str
    number: str
    name: str
    confirmed_at: datetime


def own_account(connection: Connection, view: LedgerView) -> OwnAccount | None:
    """The account of the subject that reads; None if none is confirmed. A function of the database masks the number."""
    statement = "SELECT bank, number, name, confirmed_at FROM own_account(CAST(%(as_of)s AS timestamptz))"
    return fetch_one(connection, statement, OwnAccount, as_of=view.as_of)
