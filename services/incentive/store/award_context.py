"""What was recorded that awards stand by, of many awards at once, as of an instant.

It is asked by one statement, as each is one more way to the database and back, and comes as JSON.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from services.incentive.domain.budget import Posted
from services.incentive.domain.holds import Period, Verification
from services.incentive.domain.workflow import Decision
from services.incentive.store.act_queries import AS_OF, DECISIONS_SQL, POSTED_SQL
from shared.postgres.database import plan_kept, rows_of, written

# As `Decision` calls what rows of `decision` and of its act have.
_STEPS: Final = f"""
    SELECT s.*, s.id AS decision_id, s.person AS by, s.recorded_at AS at, s.seq AS transaction FROM ({DECISIONS_SQL}) s
"""
_HOLDS: Final = f"""
    SELECT h.award_id, h.kind, coalesce(r.recorded_at, a.recorded_at) AS changed_at, r.recorded_at IS NULL AS stands
    FROM hold h JOIN act a ON a.id = h.id
    LEFT JOIN (hold_release l JOIN act r ON r.id = l.id) ON l.hold_id = h.id AND r.recorded_at <= {AS_OF}
    WHERE h.award_id = ANY(:award_ids) AND a.recorded_at <= {AS_OF}
"""
_VERIFICATIONS: Final = f"""
    SELECT e.subject, e.status, e.from_at, e.until_at FROM eligibility e JOIN act a ON a.id = e.id
    WHERE e.subject = ANY(:subjects) AND a.recorded_at <= {AS_OF} ORDER BY a.seq
"""
_SUSPENSIONS: Final = f"""
    SELECT s.rule, s.from_at, s.until_at FROM suspension s JOIN act a ON a.id = s.id
    WHERE a.recorded_at <= {AS_OF} AND NOT EXISTS (
        SELECT FROM hold_release l JOIN act r ON r.id = l.id WHERE l.hold_id = s.id AND r.recorded_at <= {AS_OF})
    ORDER BY a.seq
"""
_PARTS: Final = {
    "steps": _STEPS,
    "holds": _HOLDS,
    "verifications": _VERIFICATIONS,
    "posted": POSTED_SQL,
    "suspensions": _SUSPENSIONS,
}
_ASKED: Final = written(
    text(
        "SELECT CAST(json_build_object({}) AS text)".format(
            ", ".join(
                f"'{name}', (SELECT coalesce(json_agg(one), '[]') FROM ({part}) one)" for name, part in _PARTS.items()
            )
        )
    )
)


class PlacedHold(msgspec.Struct):
    """A hold that a person put on an award: when it last changed, and whether it stands."""

    award_id: str
    kind: str
    changed_at: datetime
    stands: bool


class _Verified(msgspec.Struct):
    subject: str
    status: str
    from_at: datetime | None
    until_at: datetime | None


class _PostedIn(msgspec.Struct):
    year: int
    rule: str
    approved_fen: int
    paid_fen: int
    returned_fen: int


class _Suspended(msgspec.Struct):
    rule: str
    from_at: datetime | None
    until_at: datetime | None


class _Rows(msgspec.Struct):
    steps: list[Decision]
    holds: list[PlacedHold]
    verifications: list[_Verified]
    posted: list[_PostedIn]
    suspensions: list[_Suspended]


class RecordedContext(NamedTuple):
    """What was recorded that awards stand by.

    By award the steps that were taken with it, in order, and the holds that persons put on it; by subject what was
    recorded of its eligibility, in order; by year what was approved, paid and returned in its budget, by rule in code
    point order; by rule the periods for which it is suspended, without those that were lifted.
    """

    steps: dict[str, list[Decision]]
    holds: dict[str, list[PlacedHold]]
    verifications: dict[str, list[Verification]]
    posted: dict[int, list[Posted]]
    suspensions: dict[str, list[Period]]


_decode: Final = msgspec.json.Decoder(_Rows).decode


def load_recorded_context(
    connection: Connection,
    award_ids: Collection[str],
    subjects: Collection[str],
    years: Collection[int],
    as_of: datetime | None,
) -> RecordedContext:
    """What these awards, of these subjects and years, stand by."""
    asked = {"award_ids": list(award_ids), "subjects": list(subjects), "years": list(years), "as_of": as_of}
    with plan_kept(connection):
        ((told,),) = rows_of(connection, _ASKED, **asked)
    found, rows = RecordedContext({}, {}, {}, {}, {}), _decode(told)
    for step in rows.steps:
        found.steps.setdefault(step.award_id, []).append(step)
    for held in rows.holds:
        found.holds.setdefault(held.award_id, []).append(held)
    for one in rows.verifications:
        verification = Verification(one.status, Period(one.from_at, one.until_at))
        found.verifications.setdefault(one.subject, []).append(verification)
    for sums in rows.posted:
        posted = Posted(sums.rule, sums.approved_fen, sums.paid_fen, sums.returned_fen)
        found.posted.setdefault(sums.year, []).append(posted)
    for suspended in rows.suspensions:
        period = Period(suspended.from_at, suspended.until_at)
        found.suspensions.setdefault(suspended.rule, []).append(period)
    return found
