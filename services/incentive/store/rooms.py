"""The rooms of subjects and years, as of an instant (None: now): what stands beyond their payables."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.clawbacks import RecordedEligibility
from services.incentive.domain.holds import Period, Verification
from services.incentive.domain.rooms import (
    NOT_ELIGIBLE,
    OFFSET,
    OVER_APPROVED,
    Excess,
    RoomUse,
    Standing,
    excesses,
    was_failed,
)
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.policy.terms import Policy
from services.incentive.store.as_of import AS_OF
from shared.postgres.query import fetch

# A function of the database, as an exchange does not see all awards of a subject. It has those rooms alone in which
# something may exceed.
_USES: Final = """
    SELECT award_id, rule, subject, year, payable_fen, standing_fen, approved_seq, approved_at
    FROM room_uses(CAST(%(subjects)s AS text[]), CAST(%(years)s AS smallint[]), %(is_of_life)s,
                   CAST(%(as_of)s AS timestamptz))
"""
# The records of subjects that were failed at some time: others cannot have been when something was approved.
_RECORDS: Final = f"""
    SELECT a.recorded_at, e.subject, e.status, e.from_at, e.until_at FROM eligibility e JOIN act a ON a.id = e.id
    WHERE a.recorded_at <= {AS_OF} AND e.subject IN (SELECT subject FROM eligibility WHERE status = 'failed')
      AND (CAST(%(subjects)s AS text[]) IS NULL OR e.subject = ANY(%(subjects)s))
    ORDER BY a.seq
"""


class _UseRow(NamedTuple):
    award_id: str
    rule: str
    subject: str
    year: int
    payable_fen: int
    standing_fen: int
    approved_seq: int
    approved_at: datetime | None


Excesses = Mapping[Standing, Excess]


def load_excesses(
    connection: Connection,
    policy: Policy,
    as_of: datetime | None,
    subjects: Collection[str] | None = None,
    years: Collection[int] | None = None,
) -> Excesses:
    """The excess of each award that has one, for these subjects and years (None: all)."""
    is_of_life = policy.highest_only_scope == "whole_life"
    asked = {
        "subjects": None if subjects is None else sorted(subjects),
        "years": None if years is None or is_of_life else sorted(years),
        "is_of_life": is_of_life,
        "as_of": as_of,
    }
    records: dict[str, list[Verification]] = {}
    for one in recorded_eligibility(connection, subjects, as_of):
        records.setdefault(one.subject, []).append(one.verification)
    uses = []
    for row in fetch(connection, _USES, _UseRow, **asked):
        is_failed = row.approved_at is not None and was_failed(records.get(row.subject, ()), row.approved_at)
        approved_for = ApprovedFor(row.subject, row.year)
        amounts = row.payable_fen, row.standing_fen, row.approved_seq
        uses.append(RoomUse(row.award_id, row.rule, approved_for, *amounts, is_failed))
    return excesses(uses, policy)


def recorded_eligibility(
    connection: Connection, subjects: Collection[str] | None, as_of: datetime | None
) -> list[RecordedEligibility]:
    """The records of eligibility of those of the subjects (None: all) that were failed at some time, in order."""
    listed = None if subjects is None else list(subjects)
    rows = fetch(
        connection,
        _RECORDS,
        tuple[datetime, str, str, datetime | None, datetime | None],
        subjects=listed,
        as_of=as_of,
    )
    return [
        RecordedEligibility(at, subject, Verification(status, Period(start, end)))
        for at, subject, status, start, end in rows
    ]


def flagged_awards(found: Excesses) -> dict[str, frozenset[str]]:
    """The awards with each of the flags of an excess."""
    over = frozenset(award_id for (award_id, _), one in found.items() if one.over_fen)
    offset = frozenset(award_id for (award_id, _), one in found.items() if one.offset_fen)
    not_eligible = frozenset(award_id for (award_id, _), one in found.items() if one.not_eligible_fen)
    return {OVER_APPROVED: over, OFFSET: offset, NOT_ELIGIBLE: not_eligible}
