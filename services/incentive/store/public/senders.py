"""Who objected to which award lately, so that one sender uses up nobody else's share."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from shared.postgres.query import execute, fetch_one

_COUNTS: Final = """
    SELECT count(*) FILTER (WHERE award_id = %(award_id)s), count(*) FROM objection_sender
    WHERE sender = %(sender)s AND received_at > %(since)s
"""
_NOTE: Final = """
    INSERT INTO objection_sender (sender, award_id, received_at) VALUES (%(sender)s, %(award_id)s, %(now)s)
"""


def count_sent(connection: Connection, sender: str, award_id: str, since: datetime) -> tuple[int, int]:
    """The number of objections that a sender sent since an instant: to an award, and to all."""
    counts = {"sender": sender, "award_id": award_id, "since": since}
    return fetch_one(connection, _COUNTS, tuple[int, int], **counts) or (0, 0)


def note_sender(connection: Connection, sender: str, award_id: str, now: datetime, since: datetime) -> None:
    """Record that a sender objected now, and delete what was recorded up to `since`."""
    execute(connection, "DELETE FROM objection_sender WHERE received_at <= %(since)s", since=since)
    execute(connection, _NOTE, sender=sender, award_id=award_id, now=now)
