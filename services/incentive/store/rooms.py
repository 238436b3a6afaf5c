"""The amounts standing beyond payables, by subject and year, as of an instant (None: now)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.rooms import OFFSET, OVER_APPROVED, Excess, RoomUse, excesses
from services.incentive.domain.workflow import ApprovedFor
from services.incentive.policy.terms import Policy
from shared.postgres.query import fetch

# A function of the database, as an exchange does not see all awards of a subject.
_USES: Final = """
    SELECT award_id, rule, subject, year, payable_fen, standing_fen, approved_seq
    FROM room_uses(CAST(%(subjects)s AS text[]), CAST(%(years)s AS smallint[]), CAST(%(as_of)s AS timestamptz))
"""

Excesses = Mapping[tuple[str, ApprovedFor], Excess]


def load_excesses(
    connection: Connection,
    policy: Policy,
    as_of: datetime | None,
    subjects: Collection[str] | None = None,
    years: Collection[int] | None = None,
) -> Excesses:
    """The excess of each award that stands over its payable, for these subjects and years (None: all)."""
    asked = {
        "subjects": None if subjects is None else sorted(subjects),
        "years": None if years is None else sorted(years),
        "as_of": as_of,
    }
    rows = fetch(connection, _USES, tuple[str, str, str, int, int, int, int], **asked)
    uses = (RoomUse(row[0], row[1], ApprovedFor(row[2], row[3]), *row[4:]) for row in rows)
    return excesses(uses, policy)


def flagged_awards(found: Excesses) -> dict[str, frozenset[str]]:
    """The awards with each of the two flags of an excess."""
    over = frozenset(award_id for (award_id, _), one in found.items() if one.over_fen)
    offset = frozenset(award_id for (award_id, _), one in found.items() if one.offset_fen)
    return {OVER_APPROVED: over, OFFSET: offset}
