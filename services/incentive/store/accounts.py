"""Confirmed bank accounts of subjects, with whole numbers, as of an instant (None: now)."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.subjects.accounts import SubjectAccount
from services.incentive.store.as_of import AS_OF
from shared.postgres.query import fetch

_CONFIRMED: Final = f"""
    SELECT DISTINCT ON (p.subject) p.id, p.subject, p.bank, p.number, p.name, a.recorded_at
    FROM account p JOIN account_confirmation c ON c.account_id = p.id JOIN act a ON a.id = c.id
    WHERE p.subject = ANY(%(subjects)s) AND a.recorded_at <= {AS_OF} ORDER BY p.subject, a.seq DESC
"""


def accounts_of(
    connection: Connection, subjects: Collection[str], as_of: datetime | None = None
) -> dict[str, SubjectAccount]:
    """The account of each subject that has one: the last that was confirmed."""
    found = fetch(connection, _CONFIRMED, SubjectAccount, subjects=list(subjects), as_of=as_of)
    return {one.subject: one for one in found}


def account_of(connection: Connection, subject: str, as_of: datetime | None = None) -> SubjectAccount | None:
    """The account of a subject; None if none is confirmed."""
    return accounts_of(connection, [subject], as_of).get(subject)
